/** The main job: a file goes from one browser to the next, and whoever gave it is credited for exactly what was verified. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Page } from "puppeteer-core";
import type { Account } from "../types/engine";
import { arrived, browsers, fixture, launch, makeFile, openSeeder, sha256, short, startServer, temporary, until, type Server } from "./harness";

const [first, second] = [browsers[0]!, browsers[1] ?? browsers[0]!];

/** Publishes `makeFile(size, seed)` and gives the magnet. */
function publish(page: Page, size: number, seed: number): Promise<string> {
  return page.evaluate(async (size, seed) => (await seeder.publish([new File([makeFile(size, seed)], "file.bin")])).magnet, size, seed);
}

/** Adds a magnet and gives the SHA-256 of its only file once it is whole. */
async function fetchWork(page: Page, magnet: string): Promise<string> {
  const infohash = await page.evaluate(async (magnet) => (await seeder.add(magnet)).infohash, magnet);
  return arrived(page, infohash);
}

const account = (page: Page): Promise<Account> => page.evaluate(() => seeder.account());

/** What `fanseed check` says of the server's books. */
async function checkBooks(server: Server): Promise<string> {
  return (await promisify(execFile)(process.env["FANSEED_BINARY"]!, ["check", "-data", server.data])).stdout;
}

/** The account once it has this many confirmed bytes, or what it has after a while: the caller compares. */
async function confirmed(page: Page, bytes: number): Promise<number> {
  let last = 0;
  await until("receipts confirmed", async () => (last = (await account(page)).bytesConfirmed) >= bytes).catch(() => undefined);
  return last;
}

test(`Leaves of Grass keeps its infohash and goes by magnet alone from ${first} to ${second}`, async (t) => {
  const server = await startServer(t);
  const giver = await openSeeder(await launch(t, first), server);
  const taker = await openSeeder(await launch(t, second), server);
  const book = fixture("Leaves of Grass by Walt Whitman.epub");
  const published = await giver.evaluate(async (book) => {
    const bytes = Uint8Array.from(atob(book), (c) => c.charCodeAt(0));
    const { infohash, magnet } = await seeder.publish([new File([bytes], "Leaves of Grass by Walt Whitman.epub")], { pieceLength: 16384, format: "v1" });
    return { infohash, magnet };
  }, book.toString("base64"));
  assert.equal(published.infohash, "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36");
  assert.match(published.magnet, /^magnet:\?xt=urn:btih:d2474e86c95b19b8bcfdb92bc12c9d44667cfa36/);
  assert.equal(await fetchWork(taker, published.magnet), sha256(book));
});

test("a chain of three browsers: each is credited for exactly what the next one verified from it", async (t) => {
  const size = (short ? 8 : 64) << 20;
  const want = sha256(makeFile(size, 1));
  const server = await startServer(t);
  const profile = temporary(t);
  const windowA = await launch(t, first, { profile });
  const a = await openSeeder(windowA, server);
  const b = await openSeeder(await launch(t, second), server);
  const magnet = await publish(a, size, 1);

  assert.equal(await fetchWork(b, magnet), want);
  assert.equal(await confirmed(a, size), size, "A, for what B verified");
  assert.equal((await account(b)).bytesConfirmed, 0, "B, before it gave anything");
  await windowA.close();

  const c = await openSeeder(await launch(t, first), server);
  assert.equal(await fetchWork(c, magnet), want);
  assert.equal(await confirmed(b, size), size, "B, for what C verified");
  assert.equal((await account(c)).bytesConfirmed, 0, "C gave nothing");

  const again = await openSeeder(await launch(t, first, { profile }), server);
  const statement = await account(again);
  assert.equal(statement.bytesConfirmed, size, "A, after the end, with its key from the profile");
  assert.equal(statement.lines.reduce((sum, { bytes }) => sum + bytes, 0), size);
  assert.deepEqual(statement.refused, []);
  assert.match(await checkBooks(server), new RegExp(`sum 0\\n${2 * size} bytes credited\\n\\d+ records in the public log, \\d+ receipts to come\\nthe books are sound`));
});

test("credits are pending until the epoch closes, then confirmed and held, each line with its reason", async (t) => {
  const size = 4 << 20;
  const server = await startServer(t, ["-epoch", "8s", "-emission", "1000000", "-treasury", "1000000000"]);
  const a = await openSeeder(await launch(t, first), server);
  const b = await openSeeder(await launch(t, first), server);
  await fetchWork(b, await publish(a, size, 6));
  assert.equal(await confirmed(a, size), size);
  const { lines } = await until("the pay", async () => {
    const statement = await account(a);
    return statement.creditsConfirmed > 0 && statement.lines.every(({ state }) => state === "confirmed") && statement;
  }, 60);
  const given = lines.filter(({ kind }) => kind === "bandwidth"); // beside what its time earns
  assert.equal(given.reduce((total, { bytes }) => total + bytes, 0), size, "in one epoch, or in two that met while it was sent");
  const pool = 500_000; // the half of an epoch's emission that is for bytes
  for (const line of given) assert.deepEqual([line.credits, line.counted, line.reason], [pool, line.bytes, "confirmed"], "nobody else gave anything");
  const { creditsConfirmed, creditsHeld, creditsPayable, held } = await account(a);
  assert.ok(creditsConfirmed >= pool * given.length);
  assert.deepEqual([creditsHeld, creditsPayable], [creditsConfirmed, 0]);
  assert.equal(held.reduce((total, { amount }) => total + amount, 0), creditsHeld);
  assert.ok(held.every(({ until }) => until > Date.now()));
  for (const line of lines) assert.notEqual(line.reasonText, "");
  assert.match(await checkBooks(server), /sum 0/);
});

test(`a server killed while receipts are settled loses nothing that was confirmed (${first} to ${second})`, async (t) => {
  const size = 8 << 20;
  const server = await startServer(t);
  const windows = [await launch(t, first), await launch(t, second)];
  for (const window of windows) window.allow(/WebSocket|connect|ERR_|NetworkError|Failed to load/i);
  const [a, b] = [await openSeeder(windows[0]!, server), await openSeeder(windows[1]!, server)];
  const fetching = fetchWork(b, await publish(a, size, 3));
  await until("some receipts", async () => (await account(a)).bytesConfirmed > 0);
  const before = (await account(a)).bytesConfirmed;
  await server.restart();
  assert.equal(await fetching, sha256(makeFile(size, 3)));
  assert.ok((await account(a)).bytesConfirmed >= before);
  assert.equal(await confirmed(a, size), size);
});

for (const [giver, taker] of [[first, second], [second, first]] as const) {
  for (const proxied of [false, true]) {
    test(`${giver} to ${taker} with data channels ${proxied ? "proxied by the page" : "transferred to the worker"}`, async (t) => {
      const server = await startServer(t);
      const a = await openSeeder(await launch(t, giver), server, { proxied });
      const b = await openSeeder(await launch(t, taker), server, { proxied });
      const size = 4 << 20;
      assert.equal(await fetchWork(b, await publish(a, size, 2)), sha256(makeFile(size, 2)));
      assert.equal(await confirmed(a, size), size);
    });
  }
}
