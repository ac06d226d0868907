/** What is published: both versions' hashes are those of an independent reckoning, and what people see is their files. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { arrived, browsers, launch, makeFile, openSeeder, sha256, startServer, type Server } from "./harness";

const [first, second] = [browsers[0]!, browsers[1] ?? browsers[0]!];
const pieceLength = 65536;

/** Names, sizes, and seeds of their bytes: in no order, with an empty file, a whole number of pieces, and names of every kind. */
const album: [name: string, size: number, seed: number][] = [
  ["Zürich – 東京 🎧.flac", 3 * pieceLength + 5, 1],
  ["empty", 0, 2],
  ["CON", 2 * pieceLength, 3],
  ["a.txt", 100, 4],
  [`${"long".repeat(75)}`, 20_000, 5],
];

/** Publishes files made by `makeFile`, and gives what the page is told of them. */
function publish(page: Page, files: typeof album, format?: "hybrid" | "v1" | "v2"): Promise<{ infohash: string; length: number; files: { path: string; length: number }[] }> {
  return page.evaluate(async (files, pieceLength, format) => {
    const made = files.map(([name, size, seed]) => new File([makeFile(size, seed)], name));
    const work = await seeder.publish(made, { pieceLength, ...(format && { format }) });
    return { infohash: work.infohash, length: work.length, files: work.files.map(({ path, length }) => ({ path, length })) };
  }, files, pieceLength, format);
}

async function torrentOf(server: Server, infohash: string): Promise<Buffer> {
  const answer = await fetch(`${server.url}/v1/works/${infohash}.torrent`);
  return Buffer.from(await answer.arrayBuffer());
}

const digest = (name: "sha1" | "sha256", ...parts: Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash(name)).digest();

/** The root of BEP 52 as the specification words it. */
function root(bytes: Uint8Array): Buffer {
  let layer: Buffer[] = [];
  for (let begin = 0; begin < bytes.length; begin += 16384) layer.push(digest("sha256", bytes.subarray(begin, begin + 16384)));
  while (Math.log2(layer.length) % 1) layer.push(Buffer.alloc(32));
  while (layer.length > 1) layer = layer.flatMap((left, n) => (n % 2 ? [] : [digest("sha256", left, layer[n + 1]!)]));
  return layer[0]!;
}

/** What stands in the dictionary under a key: the string that follows it. */
function stringAfter(torrent: Buffer, key: string): Buffer {
  const at = torrent.indexOf(`${key.length}:${key}`) + `${key.length}:${key}`.length;
  const colon = torrent.indexOf(":", at);
  return torrent.subarray(colon + 1, colon + 1 + Number(torrent.subarray(at, colon)));
}

/** The SHA-1 of every piece of these bytes. */
function pieces(bytes: Uint8Array): Buffer {
  const all: Buffer[] = [];
  for (let begin = 0; begin < bytes.length; begin += pieceLength) all.push(digest("sha1", bytes.subarray(begin, begin + pieceLength)));
  return Buffer.concat(all);
}

test(`an album is published as a hybrid by ${first}, and its files reach ${second}`, async (t) => {
  const server = await startServer(t);
  const giver = await openSeeder(await launch(t, first), server);
  const work = await publish(giver, album);
  const sorted = album.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const length = album.reduce((sum, [, size]) => sum + size, 0);
  assert.deepEqual(work.files, sorted.map(([path, length]) => ({ path: path.slice("".length), length })));
  assert.equal(work.length, length);

  const torrent = await torrentOf(server, work.infohash);
  const contents = sorted.map(([, size, seed]) => makeFile(size, seed));
  for (const bytes of contents.filter((bytes) => bytes.length)) {
    assert.ok(torrent.includes(Buffer.concat([Buffer.from("11:pieces root32:"), root(bytes)])), `root of ${bytes.length} bytes`);
  }
  const gaps = contents.map((bytes) => [bytes, new Uint8Array((pieceLength - (bytes.length % pieceLength)) % pieceLength)]).flat().slice(0, -1);
  assert.deepEqual(stringAfter(torrent, "pieces"), pieces(Buffer.concat(gaps)));

  const taker = await openSeeder(await launch(t, second), server);
  await taker.evaluate(async (infohash) => void (await seeder.add(infohash)), work.infohash);
  await arrived(taker, work.infohash);
  const got = await taker.evaluate(async (infohash) => {
    const work = seeder.works().find((work) => work.infohash === infohash)!;
    return Promise.all(work.files.map(async (file) => sha256InPage(await file.blob())));
  }, work.infohash);
  assert.deepEqual(got, contents.map(sha256));
});

test("a single file is published in each version", async (t) => {
  const server = await startServer(t);
  const giver = await openSeeder(await launch(t, first), server);
  const size = 5 * pieceLength + 7;
  const bytes = makeFile(size, 9);
  const hashes = new Map<string, string>();
  for (const format of ["hybrid", "v1", "v2"] as const) {
    const { infohash } = await publish(giver, [["song.flac", size, 9]], format);
    const torrent = await torrentOf(server, infohash);
    assert.equal(torrent.includes("12:meta version"), format !== "v1");
    assert.equal(torrent.includes(root(bytes)), format !== "v1");
    assert.equal(torrent.includes(pieces(bytes)), format !== "v2");
    assert.equal(torrent.includes("4:.pad"), false);
    hashes.set(infohash, format);
  }
  assert.equal(hashes.size, 3);
});

test("names that no torrent may have are made safe, and equal ones are numbered", async (t) => {
  const server = await startServer(t);
  const giver = await openSeeder(await launch(t, first), server);
  const { files } = await publish(giver, [["..", 1, 1], ["a\\b", 2, 2], ["song.flac", 3, 3], ["song.flac", 4, 4], ["bell\u0007", 5, 5]]);
  assert.deepEqual(files.map(({ path, length }) => [path, length]), [["_..", 1], ["a_b", 2], ["bell\u0007", 5], ["song (2).flac", 4], ["song.flac", 3]]);
});
