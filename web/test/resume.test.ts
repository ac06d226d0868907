/** What a browser has of its works survives a reload, a crash and a kill: nothing is chosen, added or fetched again. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Page } from "puppeteer-core";
import { addSeeder, arrived, browsers, launch, makeFile, openSeeder, openTab, sha256, startServer, temporary, unlimited, until, watch, type Scope, type Server } from "./harness";

const size = 8 << 20;
const pieceLength = 128 << 10;
const slow = 2 << 20; // bytes a second that a giver sends, so that there is a middle

/** A stranger's browser that gives a work; its page and the work's magnet and infohash. */
async function giver(t: Scope, server: Server): Promise<{ page: Page; magnet: string; infohash: string }> {
  const page = await openSeeder(await launch(t, "chromium"), server, { limits: { uploadRate: slow } });
  const made = await page.evaluate(
    async (size, pieceLength) => {
      const { magnet, infohash } = await seeder.publish([new File([makeFile(size, 1)], "file.bin")], { pieceLength });
      return { magnet, infohash };
    },
    size, pieceLength,
  );
  return { page, ...made };
}

const add = (page: Page, source: string): Promise<string> => page.evaluate(async (source) => (await seeder.add(source)).infohash, source);

/** What there is of each work. */
const works = (page: Page): Promise<{ infohash: string; state: string; missing: number; length: number; kept: boolean }[]> =>
  page.evaluate(() => seeder.works().map(({ infohash, state, missing, length, kept }) => ({ infohash, state, missing, length, kept })));

/** The page again, with a new seeder. */
async function reload(page: Page, share: "on" | "ask" = "on"): Promise<void> {
  await page.reload();
  await addSeeder(page, { share, limits: unlimited });
}

interface Before {
  missing: number;
}

/** Waits for the middle of the work, and tells what was missing there: a little more than what is missing now. */
async function middle(page: Page): Promise<Before> {
  return until("the middle of the work", async () => {
    const [work] = await works(page);
    return work && work.length > 0 && work.missing < 0.6 * size && work.missing > 0 && { missing: work.missing };
  });
}

/** The work comes to its end in a page that was never told of it, and what had been verified is not fetched again. */
async function completes(t: TestContext, page: Page, before: Before, from: Page, infohash: string): Promise<void> {
  assert.equal(await arrived(page, infohash), sha256(makeFile(size, 1)));
  const pieces = (bytes: number): number => bytes / pieceLength;
  const twice = pieces((await page.evaluate(() => seeder.works()[0]!.downloaded)) - before.missing);
  const sent = pieces((await from.evaluate(() => seeder.works()[0]!.uploaded)) - size);
  t.diagnostic(`${sent.toFixed(2)} pieces more than the work has were sent, with what was on its way to nobody`);
  assert.ok(twice <= 2, `${twice} pieces were fetched twice`);
}

for (const name of browsers) {
  test(`a download goes on after a reload in ${name}`, async (t) => {
    const server = await startServer(t);
    const { page: from, magnet, infohash } = await giver(t, server);
    const page = await openTab(await launch(t, name), server, { share: "on" });
    await add(page, magnet);
    const before = await middle(page);
    await reload(page);
    const [work] = await works(page);
    assert.equal(work?.infohash, infohash);
    await completes(t, page, before, from, infohash);
  });

  test(`a download goes on after the browser was killed in ${name}`, async (t) => {
    const server = await startServer(t);
    const { page: from, magnet, infohash } = await giver(t, server);
    const profile = temporary(t);
    const window = await launch(t, name, { profile });
    const page = await openTab(window, server, { share: "on" });
    await add(page, magnet);
    const before = await middle(page);
    await window.kill();
    const again = await openTab(await launch(t, name, { profile }), server, { share: "on" });
    await completes(t, again, before, from, infohash);
  });

  test(`a published work is shared again after a reload in ${name}`, async (t) => {
    const server = await startServer(t);
    const page = await openTab(await launch(t, name), server, { share: "on" });
    const infohash = await page.evaluate(async (size) => (await seeder.publish([new File([makeFile(size, 1)], "file.bin")])).infohash, size);
    await until("a copy of the work", async () => (await works(page))[0]!.kept);
    await reload(page);
    await until("the work", async () => (await works(page))[0]?.state === "seeding");
    const taker = await openSeeder(await launch(t, "chromium"), server);
    await add(taker, infohash);
    assert.equal(await arrived(taker, infohash), sha256(makeFile(size, 1)));
  });

  test(`works come back as they were left, and without a word to anybody, in ${name}`, async (t) => {
    const server = await startServer(t, ["-open"]);
    const page = await (await launch(t, name)).page();
    const { contacts, seen } = await watch(page);
    await page.goto(server.url);
    await addSeeder(page, { share: "ask" });
    const loads = async (): Promise<number> => (await seen()).filter(({ target }) => target.endsWith(".wasm")).length;
    assert.equal(await loads(), 0, "the engine is not loaded where there is no work");
    const magnets = ["a", "b", "c"].map((digit) => `magnet:?xt=urn:btih:${digit.repeat(40)}`);
    for (const magnet of magnets) await add(page, magnet);
    await page.evaluate(async () => {
      const [first, second] = seeder.works();
      first!.stop();
      await second!.remove();
    });
    await reload(page, "ask");
    assert.deepEqual((await works(page)).map(({ infohash, state }) => `${infohash[0]} ${state}`), ["a stopped", "c stopped"]);
    assert.equal(await loads(), 2);
    assert.deepEqual(await contacts(), []);
    await page.evaluate(() => void (seeder.share = "on"));
    await until("the work that was not stopped", async () => (await works(page))[1]?.state === "downloading");
    assert.equal((await works(page))[0]?.state, "stopped");
  });

  test(`a work that the server has withdrawn does not come back in ${name}`, async (t) => {
    const server = await startServer(t);
    const window = await launch(t, name);
    const page = await openTab(window, server, { share: "on" });
    const infohash = await page.evaluate(async () => (await seeder.publish([new File([makeFile(1 << 20, 1)], "file.bin")])).infohash);
    await until("the announce", async () => ((await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as { seeders: number }).seeders > 0);
    await server.withdraw(infohash);
    await until("the withdrawal", () => page.evaluate(() => seeder.works()[0]?.error?.code === "revoked"));
    await reload(page);
    assert.deepEqual(await works(page), []);
  });

  test(`a choice of files lasts in ${name}`, async (t) => {
    const server = await startServer(t);
    const from = await openSeeder(await launch(t, "chromium"), server);
    const magnet = await from.evaluate(async () => {
      const files = [1, 2, 3].map((seed) => new File([makeFile(300_000, seed)], `track ${seed}.bin`));
      return (await seeder.publish(files, { name: "album", format: "v1", pieceLength: 16384 })).magnet;
    });
    const page = await openTab(await launch(t, name), server, { share: "on" });
    const now = (): Promise<string> => page.evaluate(() => seeder.works().map(({ missing, length, files }) =>
      `${length > 0 ? missing : "?"} ${files.map(({ selected, progress }) => (selected ? "+" : "-") + (progress === 1 ? "all" : "")).join(" ")}`).join());
    const becomes = (what: string): Promise<boolean> => until(what, async () => (await now()) === what);
    await add(page, `${magnet}&so=1`);
    await becomes("0 - +all -");
    await page.evaluate(() => {
      const [work] = seeder.works();
      work!.select([work!.files[1]!, work!.files[2]!]);
    });
    await becomes("0 - +all +all");
    await reload(page);
    await becomes("0 - +all +all");
    const first = await page.evaluate(async () => sha256InPage(await seeder.works()[0]!.files[1]!.blob()));
    assert.equal(first, sha256(makeFile(300_000, 2)));
    await page.evaluate(() => seeder.works()[0]!.files[0]!.prioritize());
    await becomes("0 +all +all +all");
  });
}
