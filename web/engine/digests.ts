/** Hashes pieces for the Go engine, by WebCrypto, from and to its memory: one call for a piece and one answer, without objects. */
import { bytesAt } from "./memory.js";

const LEAF = 16384;
const SIZE = 32;

/**
 * Hashes the bytes at an address and puts the hash to another: their SHA-1, or the SHA-256 of every 16 KiB and of what is left, one after
 * the other (BEP 52). The bytes are read before this returns; `done` is called later, with the number of the call and whether it went well.
 */
export function hash(leaves: boolean, address: number, length: number, into: number, call: number, done: (call: number, good: boolean) => void): void {
  const bytes = bytesAt(address, length);
  digests(leaves, bytes).then(
    (found) => {
      for (const [n, digest] of found.entries()) bytesAt(into + SIZE * n, digest.byteLength).set(new Uint8Array(digest));
      done(call, true);
    },
    () => done(call, false),
  );
}

/** WebCrypto takes a copy of the bytes at once. */
function digests(leaves: boolean, bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer[]> {
  if (!leaves) return Promise.all([crypto.subtle.digest("SHA-1", bytes)]);
  const all: Promise<ArrayBuffer>[] = [];
  for (let begin = 0; begin < bytes.length; begin += LEAF) all.push(crypto.subtle.digest("SHA-256", bytes.subarray(begin, begin + LEAF)));
  return Promise.all(all);
}
