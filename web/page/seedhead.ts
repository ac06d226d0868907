/**
 * The seed head: seeds set by the golden angle, as a sunflower does it. It is a work's emblem, woven from its infohash, and, once pieces
 * come, the map of its pieces from the centre outwards: seedhead_pieces.ts.
 */
import { html, svg, type TemplateResult } from "lit";

/** 0 small, 1 middle, 2 full. */
export type Level = 0 | 1 | 2;

const golden = Math.PI * (3 - Math.sqrt(5));
const diameters = [0.3, 0.58, 0.88]; // of the distance between two seeds
const reach = 0.94; // of the unit circle, so that no seed is cut
export const emblemSeeds = 377;
const spirals = [13, 21, 34]; // arms that the eye sees in seeds so set: Fibonacci numbers

/** One path of dots per level: a dot is a line of no length with round ends. */
function paths(levels: Level[]): string[] {
  const dots = ["", "", ""];
  levels.forEach((level, i) => {
    const r = reach * Math.sqrt((i + 0.5) / levels.length);
    const angle = i * golden;
    dots[level] += `M${(r * Math.cos(angle)).toFixed(3)} ${(r * Math.sin(angle)).toFixed(3)}h.001`;
  });
  return dots;
}

/** `label` empty: decoration that is not read aloud. */
export function seedhead(levels: Level[], label = ""): TemplateResult {
  const distance = reach * Math.sqrt(Math.PI / levels.length);
  const dots = paths(levels).map((d, level) => svg`<path class="l${level}" d=${d} stroke-width=${(distance * (diameters[level] ?? 1)).toFixed(4)}></path>`);
  return label
    ? html`<svg class="seedhead" viewBox="-1 -1 2 2" role="img" aria-label=${label}>${dots}</svg>`
    : html`<svg class="seedhead" viewBox="-1 -1 2 2" aria-hidden="true">${dots}</svg>`;
}

/** The infohash says how many arms the spiral has, and gives each of them its size. */
export function emblem(infohash: string): Level[] {
  const bits = BigInt(`0x${infohash}`);
  const bit = (i: number): number => Number((bits >> BigInt(i)) & 1n);
  const arms = spirals[Number(bits % 3n)] ?? 21;
  return Array.from({ length: emblemSeeds }, (_, i) => (bit(i % arms) + bit(40 + (i % arms))) as Level);
}

/** Hue of a work, in degrees. */
export const hue = (infohash: string): number => parseInt(infohash.slice(0, 4), 16) % 360;

/** One work in three has its cover the other way round: light seeds on a deep ground. */
export const deep = (infohash: string): boolean => parseInt(infohash.slice(4, 6), 16) % 3 === 0;
