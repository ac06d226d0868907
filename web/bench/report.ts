/** One line of bench/RESULTS.md; see build/bench.go. */
export interface Measurement {
  name: string;
  unit: string;
  /** What ours is compared with. */
  beside: string;
  /** One value a turn. */
  ours: number[];
  theirs: number[];
  note: string;
}

/** How many turns to take. */
export const rounds = Number(process.env["FANSEED_ROUNDS"] ?? 5);

/** Hands a measurement to the build. */
export function report(measurement: Measurement): void {
  console.log(JSON.stringify(measurement));
}
