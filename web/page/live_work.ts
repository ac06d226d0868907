/** A work of the engine as the plain values that the elements show. */
import type { Work, WorkFile } from "../types/engine.js";
import type { LiveWork } from "./facts.js";
import { pieceMap } from "./seedhead_pieces.js";
import { fault } from "./words_fault.js";

/** None where the page has no service worker. */
function address(file: WorkFile): string | undefined {
  try {
    return file.url();
  } catch {
    return undefined;
  }
}

const ones = (byte: number): number => byte.toString(2).replaceAll("0", "").length;

/** `own`: it was published in this browser. */
export function live(work: Work, own: boolean): LiveWork {
  const { infohash, magnet, name, length, pieces, state, progress, missing, peers, downRate, upRate, downloaded, uploaded, credits, kept, caps, helping } = work;
  const bitfield = work.bitfield();
  const partial = work.files.some((file) => !file.selected);
  return {
    ...{ infohash, magnet, name, length, pieces, state, progress, missing, peers, downRate, upRate, downloaded, uploaded, credits, kept, caps, own, helping },
    have: missing || partial ? bitfield.reduce((sum, byte) => sum + ones(byte), 0) : pieces,
    levels: (missing || partial) && pieces ? pieceMap(bitfield, pieces) : undefined,
    peerList: work.peerList(),
    servers: work.webseeds.filter((one) => one.active || one.downloaded).map(({ url, active, downloaded }) => ({ host: new URL(url).host, active, downloaded })),
    files: work.files.map((file) => ({ path: file.path, length: file.length, progress: file.progress, selected: file.selected, url: address(file) })),
    error: work.error && fault(work.error),
  };
}
