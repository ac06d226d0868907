/** A work of the engine as the plain values that the elements show. */
import type { Work } from "../types/engine.js";
import type { LiveWork } from "./facts.js";
import { pieceMap } from "./seedhead_pieces.js";
import { fault } from "./words_fault.js";

const ones = (byte: number): number => byte.toString(2).replaceAll("0", "").length;

export function live(work: Work): LiveWork {
  const { infohash, magnet, name, length, pieces, state, progress, missing, peers, downRate, upRate, downloaded, uploaded, credits } = work;
  const bitfield = work.bitfield();
  return {
    ...{ infohash, magnet, name, length, pieces, state, progress, missing, peers, downRate, upRate, downloaded, uploaded, credits },
    have: missing ? bitfield.reduce((sum, byte) => sum + ones(byte), 0) : pieces,
    levels: missing && pieces ? pieceMap(bitfield, pieces) : undefined,
    peerList: work.peerList(),
    files: work.files.map((file) => ({ path: file.path, length: file.length, progress: file.progress })),
    error: work.error && fault(work.error),
  };
}
