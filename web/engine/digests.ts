/** Hashes pieces for the Go engine, by WebCrypto, from and to its memory: one call for a piece and one answer, without objects. */
import { hashLeaves } from "./leaves.js";
import { bytesAt } from "./memory.js";

/**
 * Hashes the bytes at an address and puts the hash to another: their SHA-1, or the SHA-256 of every 16 KiB and of what is left, one after
 * the other (BEP 52). The bytes are read before this returns; `done` is called later, with the number of the call and whether it went well.
 */
export function hash(leaves: boolean, address: number, length: number, into: number, call: number, done: (call: number, good: boolean) => void): void {
  const bytes = bytesAt(address, length);
  const hashed: Promise<ArrayBuffer | Uint8Array> = leaves ? hashLeaves(bytes, length) : crypto.subtle.digest("SHA-1", bytes);
  hashed.then(
    (found) => {
      bytesAt(into, found.byteLength).set(new Uint8Array(found));
      done(call, true);
    },
    () => done(call, false),
  );
}
