/** One seeder and four browsers that want the file at the same time: how long until all have it, and how much the seeder had to send. */
import { inScope, launch, startServer } from "../test/harness";
import { cpuSeconds } from "./processes";
import { line, report, rounds, say, stockVersion, wanted } from "./report";
import { check, ours, settle, theirs, whole, type Side } from "./sides";

const size = 64 << 20;
const takers = 4;

interface Turn {
  /** Seconds. */
  took: number;
  /** The seeder's part of all bytes that were sent, in percent. */
  share: number;
  /** CPU seconds per gigabyte that arrived, of all processes of all browsers. */
  cpu: number;
}

function turn(side: Side, seed: number): Promise<Turn> {
  return inScope(async (scope) => {
    const server = await startServer(scope, ["-open"]);
    const windows = await Promise.all(Array.from({ length: 1 + takers }, () => launch(scope, "chromium")));
    const [giver, ...others] = await Promise.all(windows.map((window) => side.open(scope, window, server)));
    const magnet = await side.give(giver!, size, seed);
    await settle();
    const start = Date.now();
    const before = cpuSeconds(windows);
    await Promise.all(others.map((page) => side.fetch(page, magnet)));
    const ends = await Promise.all(others.map(whole));
    const cpu = cpuSeconds(windows) - before;
    await settle(); // for the counters
    const sent = await Promise.all([giver!, ...others].map((page) => side.sent(page)));
    for (const page of others) await check(await side.digest(page), size, seed);
    return {
      took: (Math.max(...ends.map(({ ended }) => ended)) - start) / 1000,
      share: (100 * sent[0]!) / sent.reduce((sum, n) => sum + n, 0),
      cpu: cpu / ((takers * size) / 1e9),
    };
  });
}

const lines = {
  took: line("swarm 1 → 4, until all are whole", "chromium", "s", stockVersion, `${size >> 20} MiB, five browsers`),
  cpu: line("swarm 1 → 4, CPU of all browsers", "chromium", "s/GB", stockVersion, "of a gigabyte that has arrived: with that and the number of processors, the shortest time there can be"),
  share: line("swarm 1 → 4, the seeder's part of all bytes", "chromium", "%", stockVersion, "by the clients' own counters"),
};
for (let round = 0; round < rounds && Object.values(lines).some(wanted); round++) {
  for (const [side, of] of [[ours, "ours"], [theirs, "theirs"]] as const) {
    const got = await turn(side, round);
    for (const key of ["took", "share", "cpu"] as const) lines[key][of].push(got[key]);
    say(`1 → 4, ${round + 1} of ${rounds}, ${of}: ${got.took.toFixed(1)} s, ${got.share.toFixed(0)} %, ${got.cpu.toFixed(0)} s/GB`);
  }
}
report(Object.values(lines));
