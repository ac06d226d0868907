/**
 * A boost moves attention: two equal works of two equal publishers, one of them boosted, beside browsers that have nothing else to do and
 * have agreed to help. In one run, so that only the difference counts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import type { Limits } from "../types/engine";
import { addSeeder, browsers, launch, makeFile, openStock, sha256, startServer, unlimited, until, type Scope, type Server, type Window } from "./harness";

const size = 4 << 20;
const limits: Limits = { ...unlimited, uploadRate: 160 << 10 }; // what one gives to all together: a publisher alone needs 26 s for a copy
const helpers = 4;
const downloaders = 2; // of each work

interface Reach {
  seeders: number;
  attention: { helpers: number; introductions: number };
}

async function reach(server: Server, infohash: string): Promise<Reach> {
  return (await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as Reach;
}

/** Somebody with a profile of their own. */
async function open(window: Window, server: Server, limits: Limits, share: "on" | "playing" = "on"): Promise<Page> {
  const page = await window.page(true);
  await page.goto(server.url);
  await addSeeder(page, { share, limits });
  return page;
}

async function publish(page: Page, seed: number): Promise<string> {
  return page.evaluate(async (size, seed) => (await seeder.publish([new File([makeFile(size, seed)], `${seed}.bin`)])).infohash, size, seed);
}

/** Begins to download a work with an unmodified client, and gives the milliseconds that it takes. */
async function download(t: Scope, window: Window, server: Server): Promise<(infohash: string, seed: number) => Promise<number>> {
  const page = await openStock(t, window, server);
  return async (infohash, seed) => {
    const got = await page.evaluate(async (infohash) => {
      const begun = performance.now();
      const torrent = stock.add(`magnet:?xt=urn:btih:${infohash}`, stockOptions);
      await new Promise<void>((done) => torrent.on("done", done));
      const took = performance.now() - begun;
      return { took, sum: await sha256InPage(await torrent.files[0]!.blob()) };
    }, infohash);
    assert.equal(got.sum, sha256(makeFile(size, seed)));
    return got.took;
  };
}

const total = (times: number[]): number => Math.round(times.reduce((sum, time) => sum + time, 0));

for (const name of browsers) {
  test(`a boost brings a work seeders, introductions and faster downloads of stock clients in ${name}`, { timeout: 400_000 }, async (t) => {
    const server = await startServer(t);
    const ours = await launch(t, name);
    const publishers = [await open(ours, server, limits), await open(ours, server, limits)] as const;
    const [boosted, free] = [await publish(publishers[0], 1), await publish(publishers[1], 2)];
    const idle: Page[] = [];
    for (let i = 0; i < helpers; i++) idle.push(await open(ours, server, { ...limits, help: true }));
    const unasked = [await open(ours, server, limits), await open(ours, server, { ...limits, help: true }, "playing")];

    const account = await until("the account", () => publishers[0].evaluate(async () => (await seeder.account().catch(() => undefined))?.id));
    await server.credit(account, 1_000_000);
    await publishers[0].evaluate(async (infohash) => void (await seeder.boost(infohash, { price: 1_000_000, epochs: 2 })), boosted);
    await until("everybody who is idle to help", async () => (await reach(server, boosted)).seeders === 1 + helpers, 120);
    const before = [await reach(server, boosted), await reach(server, free)] as const;
    for (const page of idle) {
      assert.deepEqual(await page.evaluate(() => seeder.works().map(({ infohash, helping, state }) => ({ infohash, helping, state }))), [{ infohash: boosted, helping: true, state: "seeding" }]);
    }
    for (const page of unasked) assert.deepEqual(await page.evaluate(() => seeder.works()), [], "nobody helps who has not agreed, or only shares while something plays");

    const theirs = await launch(t, "chromium");
    const begin: ((infohash: string, seed: number) => Promise<number>)[] = [];
    for (let i = 0; i < 2 * downloaders; i++) begin.push(await download(t, theirs, server));
    const times = await Promise.all(begin.map((run, i) => (i % 2 ? run(free, 2) : run(boosted, 1))));
    const [fast, slow] = [total(times.filter((_, i) => i % 2 === 0)), total(times.filter((_, i) => i % 2 === 1))];
    const after = [await reach(server, boosted), await reach(server, free)] as const;

    t.diagnostic(`boosted: ${before[0].seeders} seeders, ${before[0].attention.introductions} introductions, then ${after[0].attention.introductions}; downloads took ${fast} ms together`);
    t.diagnostic(`free: ${before[1].seeders} seeders, ${before[1].attention.introductions} introductions, then ${after[1].attention.introductions}; downloads took ${slow} ms together`);
    await idle[0]!.reload();
    await addSeeder(idle[0]!, { share: "on", limits: { ...limits, help: false } });
    await until("what is helped to be here after a reload, and after a no", () =>
      idle[0]!.evaluate((infohash) => seeder.works().some((work) => work.infohash === infohash && work.helping && work.state === "seeding"), boosted),
    );
    assert.equal(before[0].attention.helpers, helpers);
    assert.equal(before[1].attention.helpers, 0);
    assert.ok(before[0].seeders >= 2 * before[1].seeders, "seeders");
    assert.ok(after[0].attention.introductions >= 2 * after[1].attention.introductions, "introductions");
    const met = after.map((one, i) => one.attention.introductions - before[i]!.attention.introductions) as [number, number];
    assert.ok(met[1] > 0, "the free work is not starved");
    assert.ok(fast < slow, "those of the boosted work have finished first");
  });
}
