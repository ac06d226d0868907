/** Many works, and many files, in one tab. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { arrived, browsers, launch, makeFile, openSeeder, sha256, short, startServer, until } from "./harness";

const works = short ? 10 : 100;
const files = short ? 1000 : 10_000;

/** How much is missing of all works together, and how many of them have everything. */
const now = (page: Page): Promise<{ whole: number; errors: string[] }> =>
  page.evaluate(() => ({
    whole: seeder.works().filter(({ length, missing }) => length > 0 && missing === 0).length,
    errors: seeder.works().flatMap(({ error }) => (error ? [`${error.code}: ${error.message}`] : [])),
  }));

/** Each of the two browsers gives once and takes once, where there are two. */
const [one, other] = [browsers[0]!, browsers.at(-1)!];

test(`${works} works of 20 files go from a tab in ${other} to one in ${one}`, async (t) => {
  const server = await startServer(t, ["-max-works", "1000"]);
  const window = await launch(t, other);
  window.allow(/ICE failed/); // as Firefox says of connections that the other side was faster to end
  const [giver, taker] = await Promise.all([openSeeder(window, server), openSeeder(await launch(t, one), server)]);
  const infohashes = await giver.evaluate(async (works) => {
    const all: string[] = [];
    for (let n = 0; n < works; n++) {
      const tracks = Array.from({ length: 20 }, (_, i) => new File([makeFile(5000, 20 * n + i)], `track ${i}.flac`));
      all.push((await seeder.publish(tracks, { name: `album ${n}`, format: n % 2 ? "v1" : "hybrid", pieceLength: 16384 })).infohash);
    }
    return all;
  }, works);
  await taker.evaluate(async (infohashes) => void (await Promise.all(infohashes.map((infohash) => seeder.add(infohash)))), infohashes);
  await until("all works", async () => {
    const { whole, errors } = await now(taker);
    assert.deepEqual(errors, []);
    return whole === works;
  }, 300);
  const last = await taker.evaluate(async (infohash) => {
    const work = seeder.works().find((work) => work.infohash === infohash)!;
    return Promise.all(work.files.map(async (file) => `${file.path} ${await sha256InPage(await file.blob())}`));
  }, infohashes[works - 1]!);
  assert.deepEqual(last.sort(), Array.from({ length: 20 }, (_, i) => `track ${i}.flac ${sha256(makeFile(5000, 20 * (works - 1) + i))}`).sort());
});

test(`a work of ${files} files goes from a tab in ${one} to one in ${other}`, async (t) => {
  const server = await startServer(t);
  const [giver, taker] = await Promise.all([openSeeder(await launch(t, one), server), openSeeder(await launch(t, other), server)]);
  const infohash = await giver.evaluate(async (files) => {
    const all = Array.from({ length: files }, (_, i) => new File([makeFile(100 + (i % 7), i)], `folder ${i % 100} file ${i}.txt`));
    return (await seeder.publish(all, { name: "archive", format: "v1" })).infohash;
  }, files);
  await taker.evaluate((infohash) => seeder.add(infohash).then(() => undefined), infohash);
  await arrived(taker, infohash);
  const at = files - 3;
  const [path, digest, count] = await taker.evaluate(async (at) => {
    const { files } = seeder.works()[0]!;
    return [files[at]!.path, await sha256InPage(await files[at]!.blob()), files.length] as const;
  }, at);
  assert.equal(count, files);
  const number = Number(/file (\d+)/.exec(path)![1]);
  assert.equal(digest, sha256(makeFile(100 + (number % 7), number)));
});
