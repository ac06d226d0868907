/** Hashes files into pieces by WebCrypto, a few at a time, so that reading and hashing overlap. */
import { FanseedError } from "../types/engine.js";

const IN_FLIGHT = 4;

/** The SHA-1 of every piece, 20 bytes each, in order (BEP 3 "pieces"). */
export async function hashPieces(whole: Blob, pieceLength: number, progress: (hashed: number) => void, aborted: () => boolean): Promise<Uint8Array<ArrayBuffer>> {
  const count = Math.ceil(whole.size / pieceLength);
  const hashes = new Uint8Array(20 * count);
  let next = 0;
  let hashed = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      if (aborted()) throw new FanseedError("aborted", "publishing was ended");
      const index = next++;
      const piece = await read(whole.slice(index * pieceLength, Math.min(whole.size, (index + 1) * pieceLength)));
      hashes.set(new Uint8Array(await crypto.subtle.digest("SHA-1", piece)), 20 * index);
      hashed += piece.byteLength;
      progress(hashed);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return hashes;
}

async function read(part: Blob): Promise<ArrayBuffer> {
  try {
    return await part.arrayBuffer();
  } catch {
    throw new FanseedError("unreadable_file", "a file cannot be read, or was changed since it was chosen");
  }
}
