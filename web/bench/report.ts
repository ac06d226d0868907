/** Lines of bench/RESULTS.md; see build/bench.go. */
import type { BrowserName } from "../test/harness";

/** One line: ours beside another's, one value a turn. */
export interface Measurement {
  name: string;
  browser: string;
  unit: string;
  /** What ours is compared with. */
  beside: string;
  ours: number[];
  theirs: number[];
  note: string;
}

/** How many turns to take. */
export const rounds = Number(process.env["FANSEED_ROUNDS"] ?? 5);

const asked = new RegExp(process.env["FANSEED_RUN"] ?? "", "i");

const titles: Record<BrowserName, string> = { chromium: "Chromium", firefox: "Firefox" };

export const stockVersion = "webtorrent 3.0.21";

/** A line that is filled turn by turn. */
export function line(name: string, browser: BrowserName | "", unit: string, beside: string, note = ""): Measurement {
  return { name, browser: browser && titles[browser], unit, beside, ours: [], theirs: [], note };
}

/** Whether the person asked for a line (`-run`): its name, its browser or what it stands beside matches. */
export function wanted({ name, browser, beside }: Measurement): boolean {
  return asked.test(`${name}, ${browser}, ${beside}`);
}

/** Hands those lines to the build that were asked for. */
export function report(lines: Measurement[]): void {
  for (const one of lines.filter(wanted)) console.log(JSON.stringify(one));
}

/** Tells the person at the terminal how far it is. */
export function say(text: string): void {
  console.error(`  ${text}`);
}
