/**
 * The Go engine's memory as JavaScript sees it. Go gives the addresses of bytes that it keeps where they are until the call returns:
 * what goes this way is neither copied twice nor known to Go's collector, and costs a tenth of a call with objects.
 */
let memory: WebAssembly.Memory;

export function useMemory(m: WebAssembly.Memory): void {
  memory = m;
}

/** Bytes of the engine. The memory moves when it grows: a view is good for one task. */
export function bytesAt(address: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(memory.buffer as ArrayBuffer, address, length);
}
