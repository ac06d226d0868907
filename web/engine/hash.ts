/** Hashes files into pieces by WebCrypto in one pass, a few pieces at a time, so that reading and hashing overlap and memory stays bounded. */
import { FanseedError } from "../types/engine.js";

/** Bytes under one leaf of version 2 (BEP 52). */
const LEAF = 16 << 10;
/** Most pieces in flight, and most of their bytes, though always one. */
const IN_FLIGHT = 4;
const IN_FLIGHT_BYTES = 32 << 20;

/** What is to be hashed. */
export interface Layout {
  /** Every file in the torrent's order, with the bytes of padding that follow it. */
  files: { blob: Blob; padding: number }[];
  pieceLength: number;
  v1: boolean;
  /** Also then where v1 is: every file begins with a piece. */
  v2: boolean;
}

export interface Hashing {
  progress: (hashed: number) => void;
  aborted: () => boolean;
  /** The node above the leaves of a piece, which are so many in a whole piece; 0 for the only piece of its file. */
  root: (leaves: Uint8Array, width: number) => Promise<Uint8Array>;
}

/** The SHA-1 of every piece (BEP 3 "pieces") and the root of every piece's leaves (BEP 52), in order; empty for a version that is not asked for. */
export async function hashPieces(layout: Layout, { progress, aborted, root }: Hashing): Promise<{ pieces: Uint8Array; roots: Uint8Array }> {
  const all = piecesOf(layout);
  const pieces = new Uint8Array(layout.v1 ? 20 * all.count : 0);
  const roots = new Uint8Array(layout.v2 ? 32 * all.count : 0);
  let hashed = 0;
  const work = async (): Promise<void> => {
    for (const { index, blob, padding, width } of all.each) {
      if (aborted()) throw new FanseedError("aborted", "publishing was ended");
      const data = await read(blob);
      const [sha1, leaves] = await Promise.all([layout.v1 && crypto.subtle.digest("SHA-1", padded(data, padding)), layout.v2 && leavesOf(data)]);
      if (sha1) pieces.set(new Uint8Array(sha1), 20 * index);
      if (leaves) roots.set(leaves.byteLength > 32 || width > 1 ? await root(leaves, width) : leaves, 32 * index);
      hashed += data.byteLength;
      progress(hashed);
    }
  };
  const inFlight = Math.max(1, Math.min(IN_FLIGHT, Math.floor(IN_FLIGHT_BYTES / layout.pieceLength)));
  await Promise.all(Array.from({ length: inFlight }, work));
  return { pieces, roots };
}

interface Piece {
  index: number;
  blob: Blob;
  padding: number;
  width: number;
}

function piecesOf(layout: Layout): { count: number; each: Iterable<Piece> } {
  const { files, pieceLength, v2 } = layout;
  if (v2) return { count: files.reduce((n, { blob }) => n + Math.ceil(blob.size / pieceLength), 0), each: alignedPieces(layout) };
  const whole = new Blob(files.map(({ blob }) => blob));
  return { count: Math.ceil(whole.size / pieceLength), each: cut(whole, pieceLength, 0, 0) };
}

function* alignedPieces({ files, pieceLength }: Layout): Generator<Piece> {
  let index = 0;
  for (const { blob, padding } of files) {
    yield* cut(blob, pieceLength, padding, index);
    index += Math.ceil(blob.size / pieceLength);
  }
}

/** The pieces of a blob; the last one is followed by padding. */
function* cut(blob: Blob, pieceLength: number, padding: number, index: number): Generator<Piece> {
  const width = blob.size > pieceLength ? pieceLength / LEAF : 0;
  for (let begin = 0; begin < blob.size; begin += pieceLength) {
    const end = Math.min(blob.size, begin + pieceLength);
    yield { index: index++, blob: blob.slice(begin, end), padding: end === blob.size ? padding : 0, width };
  }
}

function padded(data: ArrayBuffer, padding: number): ArrayBuffer {
  if (!padding) return data;
  const whole = new Uint8Array(data.byteLength + padding);
  whole.set(new Uint8Array(data));
  return whole.buffer;
}

/** The SHA-256 of every 16 KiB. */
async function leavesOf(data: ArrayBuffer): Promise<Uint8Array> {
  const digests: Promise<ArrayBuffer>[] = [];
  for (let begin = 0; begin < data.byteLength; begin += LEAF) {
    digests.push(crypto.subtle.digest("SHA-256", new Uint8Array(data, begin, Math.min(LEAF, data.byteLength - begin))));
  }
  const leaves = new Uint8Array(32 * digests.length);
  (await Promise.all(digests)).forEach((digest, n) => leaves.set(new Uint8Array(digest), 32 * n));
  return leaves;
}

async function read(part: Blob): Promise<ArrayBuffer> {
  try {
    return await part.arrayBuffer();
  } catch {
    throw new FanseedError("unreadable_file", "a file cannot be read, or was changed since it was chosen");
  }
}
