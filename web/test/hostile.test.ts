/** A page of attackers goes at a page that seeds and at one that fetches, while both do their work. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import type { Tally, besiege as Besiege } from "./hostile.page";
import { arrived, browsers, launch, makeFile, openSeeder, pageScript, servePages, sha256, short, startServer, until } from "./harness";

declare global {
  /** In the page of attackers. */
  var siege: ReturnType<typeof Besiege>;
}

const rate = 1 << 20;
const size = (short ? 6 : 12) * rate;

/** Attacks that an engine sees through at once. The others have their time, or do nobody harm. */
const seenThrough = [
  "garbage", "text", "a message of 4 GiB", "channel messages of 256 KiB", "metadata of 2 GiB", "10,000 extension messages", "request flood", "two hundred channels",
];

const publish = (page: Page, seed: number, size: number): Promise<{ infohash: string; magnet: string }> =>
  page.evaluate(async (seed, size) => {
    const { infohash, magnet } = await seeder.publish([new File([makeFile(size, seed)], `${seed}.bin`)]);
    return { infohash, magnet };
  }, seed, size);

/** Fetches a work and gives the bytes a second from its first bytes on. */
async function fetched(page: Page, work: { infohash: string; magnet: string }, seed: number): Promise<number> {
  await page.evaluate((magnet) => seeder.add(magnet).then(() => undefined), work.magnet);
  const missing = (): Promise<number> => page.evaluate((infohash) => {
    const work = seeder.works().find((work) => work.infohash === infohash)!;
    return work.length > 0 ? work.missing : Infinity;
  }, work.infohash);
  const [before, begun] = [await until("the first bytes", async () => { const left = await missing(); return left < size && left; }, 120), performance.now()];
  assert.equal(await arrived(page, work.infohash, 180), sha256(makeFile(size, seed)));
  return before / ((performance.now() - begun) / 1000);
}

/** The engine is as it should be: nothing has failed, few are connected, and it still does what it is told. */
async function sound(page: Page): Promise<void> {
  const works = await page.evaluate(() => seeder.works().map(({ state, error, peers }) => ({ state, error: error?.message, peers })));
  for (const { state, error, peers } of works) {
    assert.equal(error, undefined);
    assert.equal(state, "seeding");
    assert.ok(peers <= 24, `${peers} peers`);
  }
}

for (const name of browsers) {
  test(`a gang of attackers and an honest peer at a page in ${name}`, async (t) => {
    const server = await startServer(t);
    const giver = await openSeeder(await launch(t, name), server, { limits: { uploadRate: rate, uploadPerDay: 2 ** 50, storage: 2 ** 40 } });
    const taker = await openSeeder(await launch(t, "chromium"), server);
    const alone = await fetched(taker, await publish(giver, 1, size), 1);

    const work = await publish(giver, 2, size);
    const attackers = await (await launch(t, "chromium")).open(await servePages(t, { "hostile.js": pageScript("hostile") }));
    await attackers.evaluate(async (announce, infohash) => {
      const bundle = "/hostile.js";
      const { besiege } = (await import(bundle)) as { besiege: typeof Besiege };
      globalThis.siege = besiege(announce, infohash);
    }, server.announce, work.infohash);
    const tallies = (): Promise<Record<string, Tally>> => attackers.evaluate(() => siege.tallies());
    await until("attackers are connected", async () => Object.values(await tallies()).filter(({ opened }) => opened > 0).length >= 8, 60);

    const among = await fetched(taker, work, 2);
    t.diagnostic(`${name}: ${Math.round(alone / 1024)} KiB/s alone, ${Math.round(among / 1024)} KiB/s among attackers: ${Math.round((100 * among) / alone)} %`);
    for (const page of [giver, taker]) await sound(page);
    const tally = await until("each attack was seen through", async () => {
      const now = await tallies();
      return seenThrough.every((attack) => now[attack]!.closed > 0) && now;
    }, 60);
    t.diagnostic(Object.entries(tally).map(([attack, { opened, closed }]) => `${attack}: ${opened} opened, ${closed} closed`).join("; "));

    const small = await publish(giver, 3, 100_000);
    assert.equal(await taker.evaluate((magnet) => seeder.add(magnet).then(({ infohash }) => infohash), small.magnet).then((infohash) => arrived(taker, infohash)), sha256(makeFile(100_000, 3)));
    await attackers.evaluate(() => siege.end());
    await until("only the honest are left", () => giver.evaluate(() => seeder.works().every(({ peers }) => peers <= 1)));
  });
}
