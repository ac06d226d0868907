/** How smooth a page stays while it takes a file at full speed: the gaps between its animation frames. */
import { browsers, inScope, launch, startServer, type BrowserName } from "../test/harness";
import { line, report, rounds, say, stockVersion, wanted } from "./report";
import { check, ours, theirs, whole, type Side } from "./sides";

const size = 64 << 20;

declare global {
  var gaps: number[];
}

/** The 95th percentile of the gaps, in milliseconds. */
function turn(side: Side, browser: BrowserName, seed: number): Promise<number> {
  return inScope(async (scope) => {
    const server = await startServer(scope, ["-open"]);
    const giver = await side.open(scope, await launch(scope, browser), server);
    const taker = await side.open(scope, await launch(scope, browser), server);
    const magnet = await side.give(giver, size, seed);
    await taker.evaluate(watchFrames);
    await side.fetch(taker, magnet);
    await whole(taker);
    const gaps = (await taker.evaluate(() => globalThis.gaps)).sort((a, b) => a - b);
    await check(await side.digest(taker), size, seed);
    return gaps[Math.floor(gaps.length * 0.95)]!;
  });
}

/** Runs in a page: notes every gap between two frames until the file is whole. */
function watchFrames(): void {
  globalThis.gaps = [];
  let last = performance.now();
  const frame = (): void => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    if (!globalThis.fetched?.took) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

for (const browser of browsers) {
  const turns = browser === "chromium" ? rounds : Math.min(rounds, 3);
  const gap = line("gap between animation frames, 95th percentile", browser, "ms", stockVersion, `main thread, while ${size >> 20} MiB come at full speed`);
  for (let round = 0; round < turns && wanted(gap); round++) {
    gap.ours.push(await turn(ours, browser, round));
    gap.theirs.push(await turn(theirs, browser, round));
    say(`frames, ${browser}, ${round + 1} of ${turns}: ${gap.ours.at(-1)} ${gap.theirs.at(-1)}`);
  }
  report([gap]);
}
