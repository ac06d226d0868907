/** Hashes the leaves of BitTorrent v2 by WebCrypto: of what is published, and of the pieces of the Go engine. */

/** Bytes under one leaf (BEP 52). */
export const LEAF = 16 << 10;
const SIZE = 32;

/** The SHA-256 of every 16 KiB of the first length bytes, and of what is left, one after the other (BEP 52). The bytes are copied at once. */
export async function hashLeaves(bytes: Uint8Array<ArrayBuffer>, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const digests: Promise<ArrayBuffer>[] = [];
  for (let begin = 0; begin < length; begin += LEAF) {
    digests.push(crypto.subtle.digest("SHA-256", bytes.subarray(begin, Math.min(begin + LEAF, length))));
  }
  const hashes = new Uint8Array(SIZE * digests.length);
  for (const [n, digest] of (await Promise.all(digests)).entries()) hashes.set(new Uint8Array(digest), SIZE * n);
  return hashes;
}
