/**
 * One browser gives, one takes. Every turn has two new browsers with new profiles, and the same server for both clients. Ours stands
 * between the others of its round, so that what it is compared with was measured soon before or after it.
 */
import { browsers, inScope, launch, startServer, type BrowserName, type Scope, type Window } from "../test/harness";
import { digest, openChannel, pour } from "./channel";
import { cpuSeconds, watchMemory, type Memory } from "./processes";
import { line, report, rounds, say, stockVersion, wanted } from "./report";
import { check, ours, settle, theirs, whole, type Side } from "./sides";

/** What one turn gave. */
interface Turn {
  /** Megabytes a second. */
  rate: number;
  /** CPU seconds per gigabyte, of all processes of both browsers. */
  cpu: number;
  /** MiB, of the process of the page that takes: the most that was resident, and its own part of it. */
  peak: number;
  own: number;
  /** Milliseconds from adding the magnet to the first verified piece. */
  first: number;
}

function pair(scope: Scope, browser: BrowserName): Promise<[Window, Window]> {
  return Promise.all([launch(scope, browser), launch(scope, browser)]);
}

function client(side: Side, browser: BrowserName, size: number, seed: number): Promise<Turn> {
  return inScope(async (scope) => {
    const server = await startServer(scope, ["-open"]);
    const windows = await pair(scope, browser);
    const giver = await side.open(scope, windows[0], server);
    const taker = await side.open(scope, windows[1], server);
    const magnet = await side.give(giver, size, seed);
    await settle();
    const before = cpuSeconds(windows);
    const memory = watchMemory(windows[1]);
    await side.fetch(taker, magnet);
    const { first, took } = await whole(taker);
    const turn = measured(size, took, cpuSeconds(windows) - before, memory.stop(), first);
    await check(await side.digest(taker), size, seed);
    return turn;
  });
}

function bare(browser: BrowserName, size: number, seed: number, hashing: boolean): Promise<Turn> {
  return inScope(async (scope) => {
    const windows = await pair(scope, browser);
    const [giver, taker] = await openChannel(scope, windows);
    await settle();
    const before = cpuSeconds(windows);
    const memory = watchMemory(windows[1]);
    const took = await pour(giver, taker, size, seed, hashing);
    const turn = measured(size, took, cpuSeconds(windows) - before, memory.stop(), 0);
    await check(await digest(taker), size, seed);
    return turn;
  });
}

function measured(size: number, took: number, cpu: number, { resident, own }: Memory, first: number): Turn {
  return { rate: size / 1e3 / took, cpu: cpu / (size / 1e9), peak: resident / (1 << 20), own: own / (1 << 20), first };
}

async function compare(browser: BrowserName, size: number, turns: number): Promise<void> {
  const note = `${size >> 20} MiB`;
  const lines = {
    rate: line("goodput 1 → 1", browser, "MB/s", stockVersion, `${note}, from adding the magnet to the last verified piece`),
    cpu: line("CPU of both browsers", browser, "s/GB", stockVersion, `${note}, all processes, user and system`),
    peak: line("memory of the page that takes, peak", browser, "MiB", stockVersion, `${note}, its process with its workers, resident (VmHWM): the browser's program, which all pages share, included`),
    own: line("memory of its own of the page that takes, peak", browser, "MiB", stockVersion, `${note}, the same without what is mapped from files, looked at 20 times a second`),
    first: line("add to first verified piece", browser, "ms", stockVersion, "both pages ready, the seeder waiting"),
  };
  const beside = {
    rate: line("goodput 1 → 1", browser, "MB/s", "bare data channel", `${note}; messages of 64 KiB − 1, from the first that is sent to the last that arrives`),
    cpu: line("CPU of both browsers", browser, "s/GB", "bare data channel", `${note}; it neither hashes nor stores`),
  };
  const hashing = {
    rate: line("goodput 1 → 1", browser, "MB/s", "bare data channel that hashes", `${note}; likewise, and what arrives is hashed by SHA-1 and by SHA-256 in leaves of 16 KiB, as of a hybrid torrent`),
    cpu: line("CPU of both browsers", browser, "s/GB", "bare data channel that hashes", `${note}; it hashes, and does not store`),
  };
  const withStock = Object.values(lines).some(wanted);
  const withBare = Object.values(beside).some(wanted);
  const withHashing = Object.values(hashing).some(wanted);
  for (let round = 0; round < turns && (withStock || withBare || withHashing); round++) {
    const got: { stock?: Turn; own?: Turn; bare?: Turn; hashing?: Turn } = {};
    const parts = [
      async () => withStock && (got.stock = await client(theirs, browser, size, round)),
      async () => (got.own = await client(ours, browser, size, round)),
      async () => withBare && (got.bare = await bare(browser, size, round, false)),
      async () => withHashing && (got.hashing = await bare(browser, size, round, true)),
    ];
    for (const part of round % 2 ? parts.reverse() : parts) await part();
    for (const [all, other] of [[lines, got.stock], [beside, got.bare], [hashing, got.hashing]] as const) {
      for (const [key, one] of Object.entries(all)) {
        if (!other) continue;
        one.ours.push(got.own![key as keyof Turn]);
        one.theirs.push(other[key as keyof Turn]);
      }
    }
    say(`1 → 1, ${browser}, ${round + 1} of ${turns}: ${JSON.stringify(got, (_, v: unknown) => (typeof v === "number" ? Math.round(v * 10) / 10 : v))}`);
  }
  report([...Object.values(lines), ...Object.values(beside), ...Object.values(hashing)]);
}

for (const browser of browsers) {
  if (browser === "chromium") await compare(browser, 256 << 20, rounds);
  else await compare(browser, 64 << 20, Math.min(rounds, 3));
}
