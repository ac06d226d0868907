/** All tabs of an origin have one engine: the same works and the same say in every one, and when the tab that runs it is gone another goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import type { ShareMode } from "../types/engine";
import { arrived, browsers, crash, launch, makeFile, openSeeder, openTab, sha256, startServer, until, type Scope, type Server } from "./harness";

const size = 8 << 20;
const receiptEvery = 1 << 20; // verified bytes for which a tab that ends without a word may not have signed
const slow = 2 << 20; // bytes a second that a giver sends, where something is to happen in the middle

/** Publishes `makeFile(size, seed)` and gives the infohash. */
function publish(page: Page, seed: number): Promise<string> {
  return page.evaluate(async (size, seed) => (await seeder.publish([new File([makeFile(size, seed)], "file.mp3")], { pieceLength: 131072 })).infohash, size, seed);
}

/** A stranger's browser that gives a work; its page and the infohash. */
async function giver(t: Scope, server: Server, uploadRate = 2 ** 40): Promise<[Page, string]> {
  const page = await openSeeder(await launch(t, "chromium"), server, { limits: { uploadRate } });
  return [page, await publish(page, 1)];
}

const add = (page: Page, infohash: string): Promise<string> => page.evaluate(async (infohash) => (await seeder.add(infohash)).infohash, infohash);

/** What a tab sees of its first work. */
const sees = (page: Page): Promise<{ share: ShareMode; state: string; missing: number; downloaded: number; uploaded: number; works: number }> =>
  page.evaluate(() => {
    const [work] = seeder.works();
    const { state = "", missing = NaN, downloaded = 0, uploaded = 0 } = work ?? {};
    return { share: seeder.share, state, missing, downloaded, uploaded, works: seeder.works().length };
  });

/** Waits until every tab sees this. */
async function allSee(pages: Page[], what: Partial<Awaited<ReturnType<typeof sees>>>, seconds = 30): Promise<void> {
  for (const [i, page] of pages.entries()) {
    let last = {};
    await until(`tab ${i + 1} seeing ${JSON.stringify(what)}`, async () => {
      const now = (last = await sees(page));
      return Object.entries(what).every(([key, value]) => now[key as keyof typeof now] === value);
    }, seconds).catch((error: Error) => {
      throw new Error(`${error.message}, but ${JSON.stringify(last)}`);
    });
  }
}

const workers = (pages: Page[]): Promise<number[]> => Promise.all(pages.map((page) => page.evaluate(() => made.workers)));
const connections = (pages: Page[]): Promise<number[]> => Promise.all(pages.map((page) => page.evaluate(() => made.connections.length)));

/** Waits until a part of the work is there, and not all; what was missing then, which is a little more than what is missing now. */
const middle = (page: Page): Promise<number> => until("the middle of the work", async () => {
  const { missing } = await sees(page);
  return missing < 0.75 * size && missing > 0 && missing;
});

for (const name of browsers) {
  test(`three tabs have one engine, one list of works and one say in ${name}`, async (t) => {
    const server = await startServer(t);
    const [, infohash] = await giver(t, server);
    const window = await launch(t, name);
    const pages = [await openTab(window, server, { share: "on" }), await openTab(window, server), await openTab(window, server)];
    const [first, second, third] = pages as [Page, Page, Page];
    await allSee(pages, { share: "on", works: 0 });

    await add(second, infohash);
    for (const page of [third, second, first]) assert.equal(await arrived(page, infohash), sha256(makeFile(size, 1)));
    assert.deepEqual(await workers(pages), [1, 0, 0]);
    const [leading, ...others] = await connections(pages);
    assert.ok(leading! > 0);
    assert.deepEqual(others, [0, 0]);
    assert.equal((await third.evaluate(() => seeder.account())).id, (await first.evaluate(() => seeder.account())).id);

    await second.evaluate(() => seeder.works()[0]!.stop());
    await allSee(pages, { state: "stopped" });
    await third.evaluate(() => seeder.works()[0]!.start());
    await allSee(pages, { state: "seeding" });
    await third.evaluate(() => void (seeder.limits = { uploadRate: 12345 }));
    for (const page of pages) await until("the third tab's limits", () => page.evaluate(() => seeder.limits.uploadRate === 12345));

    await third.evaluate(() => void (seeder.share = "off"));
    await new Promise((wake) => setTimeout(wake, 1000));
    assert.deepEqual([...new Set(await first.evaluate(() => made.connections.map(({ connectionState }) => connectionState)))], ["closed"]);
    await allSee(pages, { share: "off", state: "stopped" });

    await second.evaluate(() => seeder.works()[0]!.remove({ deleteData: true }));
    await allSee(pages, { works: 0 });
    await third.evaluate(() => seeder.close());
    await allSee([first, second], { share: "off" });
  });

  test(`a tab that has not been asked shares nothing by itself, and goes on with what others agreed to in ${name}`, async (t) => {
    const server = await startServer(t);
    const [, infohash] = await giver(t, server);
    const window = await launch(t, name);
    const pages = [await openTab(window, server), await openTab(window, server)];
    const [first, second] = pages as [Page, Page];
    await add(first, infohash);
    await allSee(pages, { share: "ask", state: "stopped" });
    assert.deepEqual(await connections(pages), [0, 0]);
    await second.evaluate(() => void (seeder.share = "on"));
    await allSee(pages, { share: "on", state: "seeding" });
    await second.close();
    assert.equal((await sees(first)).share, "on");
  });

  test(`what another tab published is shared, and goes on when the tab that ran the engine is closed in ${name}`, async (t) => {
    const server = await startServer(t);
    const window = await launch(t, name);
    const [first, second] = [await openTab(window, server, { share: "on" }), await openTab(window, server)];
    const infohash = await publish(second, 1);
    await allSee([first, second], { state: "seeding", missing: 0 });
    const taker = await openSeeder(await launch(t, "chromium"), server);
    await add(taker, infohash);
    assert.equal(await arrived(taker, infohash), sha256(makeFile(size, 1)));

    await first.close();
    await allSee([second], { state: "seeding", missing: 0, works: 1 });
    const late = await openSeeder(await launch(t, "chromium"), server);
    await taker.evaluate(() => seeder.close());
    await add(late, infohash);
    assert.equal(await arrived(late, infohash), sha256(makeFile(size, 1)));
  });

  const ends: [how: string, end: typeof crash, unpaid: number][] = [
    ["closes its seeder", (_, page) => page.evaluate(() => seeder.close()), 0],
    ["is closed", (_, page) => page.close(), receiptEvery],
    ["crashes", crash, receiptEvery],
  ];
  for (const [how, end, unpaid] of ends) {
    test(`when the tab that downloads ${how} another tab completes the work in ${name}`, async (t) => {
      const server = await startServer(t);
      const [stranger, infohash] = await giver(t, server, slow);
      const window = await launch(t, name);
      window.allow(/crash/i);
      const first = await openTab(window, server, { share: "on" });
      const second = await openTab(window, server);
      await add(first, infohash);
      const missing = await middle(second);
      await second.evaluate(() => {
        const [work] = seeder.works();
        work!.addEventListener("progress", () => (globalThis as { resumed?: number }).resumed ??= made.workers && work!.downloaded ? Date.now() : undefined);
      });
      const ended = Date.now();
      await end(window, first);
      const resumed = await until("the other tab going on", () => second.evaluate(() => (globalThis as { resumed?: number }).resumed), 20);
      t.diagnostic(`went on after ${resumed - ended} ms`);
      assert.equal(await arrived(second, infohash), sha256(makeFile(size, 1)));
      const twice = (await sees(second)).downloaded - missing;
      t.diagnostic(`${(((await sees(stranger)).uploaded - size) / 131072).toFixed(2)} pieces more than the work has were sent, with what was on its way to nobody`);
      assert.ok(twice <= 2 * 131072, `${twice} bytes were fetched twice`);
      const paid = async (): Promise<number> => (await stranger.evaluate(() => seeder.account())).bytesConfirmed;
      await until("the receipts", async () => (await paid()) >= size - unpaid);
      assert.ok((await paid()) <= size, "nothing is paid twice");
    });
  }

  test(`a body that streams goes on when the tab that feeds it is closed in ${name}`, async (t) => {
    const server = await startServer(t);
    const [, infohash] = await giver(t, server, slow);
    const window = await launch(t, name);
    const first = await openTab(window, server, { share: "on" });
    const second = await openTab(window, server);
    await add(first, infohash);
    await until("the names of the files", () => second.evaluate(() => (seeder.works()[0]?.files.length ?? 0) > 0));
    const body = second.evaluate(async () => sha256InPage(await (await fetch(seeder.works()[0]!.files[0]!.url())).blob()));
    await middle(second);
    await first.close();
    assert.equal(await body, sha256(makeFile(size, 1)));
  });

  test(`a tab that nobody sees goes on as fast in ${name}`, async (t) => {
    const server = await startServer(t);
    const from = await openSeeder(await launch(t, "chromium"), server, { limits: { uploadRate: 2 * slow } });
    const window = await launch(t, name, { throttled: true });
    const page = await openTab(window, server, { share: "on" });
    const took = (infohash: string): Promise<number> =>
      page.evaluate(async (infohash) => {
        const work = await seeder.add(infohash);
        const begin = performance.now();
        await work.done;
        return performance.now() - begin;
      }, infohash);
    const infohashes = [await publish(from, 1), await publish(from, 2)] as const;
    const seen = await took(infohashes[0]);
    await (await window.page()).bringToFront();
    await until("the tab being hidden", () => page.evaluate(() => document.hidden));
    const hidden = await took(infohashes[1]);
    assert.equal(await page.evaluate(() => document.hidden), true);
    t.diagnostic(`${Math.round(seen)} ms seen, ${Math.round(hidden)} ms hidden`);
    assert.ok(hidden < 2.5 * seen, `${hidden} ms where nobody looks, ${seen} ms where somebody does`);
  });
}
