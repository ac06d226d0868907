/** Seed heads that say how much there is: the map of a work's pieces, and a share of a whole. */
import { emblemSeeds, type Level } from "./seedhead.js";

const most = 610; // seeds; more are not told apart

/** Pieces in order, several to a seed where there are many: full only where all of them are here. */
export function pieceMap(bitfield: Uint8Array, pieces: number): Level[] {
  const seeds = Math.min(pieces, most);
  const has = (i: number): boolean => (((bitfield[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1;
  return Array.from({ length: seeds }, (_, seed) => {
    const from = Math.floor((seed * pieces) / seeds);
    const to = Math.floor(((seed + 1) * pieces) / seeds);
    let here = 0;
    for (let i = from; i < to; i++) if (has(i)) here++;
    return here === 0 ? 0 : here === to - from ? 2 : 1;
  });
}

/** A share of a whole as a seed head that fills from the centre. */
export function filled(share: number): Level[] {
  return Array.from({ length: emblemSeeds }, (_, i) => (i < share * emblemSeeds ? 2 : 0));
}
