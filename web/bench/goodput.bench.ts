/**
 * Goodput from one Chromium to another: bytes of a file that the receiver has verified, over the time from adding the magnet to the last
 * piece, connecting included. Ours and the stock client's take turns, each time in two new browsers, over the same server.
 */
import { inScope, launch, makeFile, openSeeder, openStock, sha256, startServer, type Scope, type Window } from "../test/harness";
import type { Page } from "puppeteer-core";
import { report, rounds } from "./report";

const size = 64 * 1024 * 1024;

async function two(scope: Scope, open: (window: Window) => Promise<Page>): Promise<[Page, Page]> {
  return [await open(await launch(scope, "chromium")), await open(await launch(scope, "chromium"))];
}

/** Megabytes a second, and a check that the bytes are right. */
async function ours(scope: Scope, seed: number): Promise<number> {
  const server = await startServer(scope, ["-open"]);
  const [giver, taker] = await two(scope, (window) => openSeeder(window, server));
  const magnet = await giver.evaluate(
    async (size, seed) => (await seeder.publish([new File([makeFile(size, seed)], "bench.bin")])).magnet, size, seed);
  return rate(seed, await taker.evaluate(async (magnet) => {
    const start = performance.now();
    const work = await seeder.add(magnet);
    await work.done;
    const took = performance.now() - start;
    return { took, sha256: await sha256InPage(await work.files[0]!.blob()) };
  }, magnet));
}

async function theirs(scope: Scope, seed: number): Promise<number> {
  const server = await startServer(scope, ["-open"]);
  const [giver, taker] = await two(scope, (window) => openStock(scope, window, server));
  const magnet = await giver.evaluate(
    (size, seed) => new Promise<string>((seeding) => stock.seed(new File([makeFile(size, seed)], "bench.bin"), stockOptions, (torrent) => seeding(torrent.magnetURI))),
    size, seed);
  return rate(seed, await taker.evaluate(async (magnet) => {
    const start = performance.now();
    const torrent = stock.add(magnet, stockOptions);
    await new Promise<void>((done) => torrent.on("done", done));
    const took = performance.now() - start;
    return { took, sha256: await sha256InPage(await torrent.files[0]!.blob()) };
  }, magnet));
}

function rate(seed: number, got: { took: number; sha256: string }): number {
  if (got.sha256 !== sha256(makeFile(size, seed))) throw new Error("the received file differs");
  return size / 1e6 / (got.took / 1000);
}

const measured = { ours: [] as number[], theirs: [] as number[] };
for (let round = 0; round < rounds; round++) {
  measured.ours.push(await inScope((scope) => ours(scope, round)));
  measured.theirs.push(await inScope((scope) => theirs(scope, round)));
}
report({ name: "goodput 1 → 1, Chromium", unit: "MB/s", beside: "webtorrent 3.0.21", ...measured, note: "64 MiB, to the last verified piece" });
