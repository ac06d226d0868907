/** The server's own copy: an artist publishes, sees how far it is, closes the tab; fans get it from the server, with and without peers, and come first when there are some. */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { arrived, browsers, launch, makeFile, openSeeder, sha256, startServer, temporary, unlimited, until, type Server } from "./harness";

const size = 24 << 20;
const [first, second] = [browsers[0]!, browsers[1] ?? browsers[0]!];

interface Copied {
  copy?: { state: string; progress: number };
  seeders: number;
  magnet: string;
}

const copyOf = async (server: Server, infohash: string): Promise<Copied> => (await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as Copied;

const becomes = (server: Server, infohash: string, state: string): Promise<unknown> =>
  until(`the copy to be ${state}`, async () => (await copyOf(server, infohash)).copy?.state === state, 60);

const shows = (page: Page, what: RegExp): Promise<unknown> =>
  until(`${what} on the page`, async () => what.test((await page.evaluate(() => document.body.innerText)).replaceAll("\u00a0", " ")), 60);

async function press(page: Page, words: string): Promise<void> {
  await page.locator(`::-p-xpath(//button[normalize-space(.)="${words}"])`).click();
}

const publish = (page: Page, bytes: number, seed: number): Promise<string> =>
  page.evaluate(async (bytes, seed) => (await seeder.publish([new File([makeFile(bytes, seed)], "a song.flac")])).infohash, bytes, seed);

/** Bytes of a work that a page has fetched over HTTP. */
const fetched = (page: Page, infohash: string): Promise<number> =>
  page.evaluate((infohash) => seeder.works().find((work) => work.infohash === infohash)!.webseeds.reduce((sum, one) => sum + one.downloaded, 0), infohash);

test("the page says when its tab can be closed, and a work can be published without a copy", async (t) => {
  const server = await startServer(t, ["-seedbox=web"]);
  const file = join(temporary(t), "Field Recordings.flac");
  writeFileSync(file, makeFile(size, 7));
  const page = await (await launch(t, first)).open(server.url);
  const choose = async (): Promise<void> => void (await (await page.waitForSelector("input#files"))!.uploadFile(file));
  await choose();
  await page.waitForSelector("#copy:checked");
  await page.locator("#copy").click();
  await press(page, "Publish and share");
  await shows(page, /Published\. Send the link\./);
  await shows(page, /keeps no copy, as you wished/);
  await press(page, "Publish something else");
  await choose();
  await page.waitForSelector("#copy:checked");
  await press(page, "Publish and share");
  await shows(page, /You can close this tab once the server’s copy is complete: \d+ %|The server’s copy is complete/);
  await shows(page, /The server’s copy is complete\. You can close this tab\./);
  await page.evaluate(() => document.querySelector<HTMLAnchorElement>("a[href^='/w/']")!.click());
  await shows(page, /The server’s copy is complete\. You can close this tab\./);
});

for (const name of browsers) {
  test(`a work outlives its tab in ${name}, and comes without peers too`, async (t) => {
    const server = await startServer(t, ["-seedbox=web"]);
    const artist = await launch(t, second);
    const giver = await openSeeder(artist, server);
    const infohash = await publish(giver, size, 8);
    await becomes(server, infohash, "whole");
    await artist.close();

    const fan = await openSeeder(await launch(t, name), server);
    await fan.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
    assert.equal(await arrived(fan, infohash), sha256(makeFile(size, 8)));

    const alone = await launch(t, name);
    const page = await alone.page();
    await page.evaluateOnNewDocument(() => void Reflect.deleteProperty(globalThis, "RTCPeerConnection"));
    await page.goto(server.url);
    await page.evaluate(async () => {
      const engine = "/engine.js";
      globalThis.seeder = await ((await import(engine)) as { connect: (o: object) => Promise<typeof seeder> }).connect({ share: "playing" });
    });
    await page.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
    assert.equal(await arrived(page, infohash), sha256(makeFile(size, 8)));
    assert.equal(await fetched(page, infohash), size);
  });
}

test("while three fans seed, the server gives a fourth a fifth at most", async (t) => {
  const server = await startServer(t, ["-seedbox=web"]);
  const artist = await launch(t, first);
  const infohash = await publish(await openSeeder(artist, server), size, 9);
  await becomes(server, infohash, "whole");
  const fans: Page[] = [];
  for (let n = 0; n < 3; n++) {
    const fan = await openSeeder(await launch(t, first), server);
    await fan.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
    await arrived(fan, infohash);
    fans.push(fan);
  }
  await artist.close();
  await until("three fans and the server seed", async () => (await copyOf(server, infohash)).seeders === 4);
  const sent = (): Promise<number[]> => Promise.all(fans.map((fan) => fan.evaluate((infohash) => seeder.works().find((work) => work.infohash === infohash)!.uploaded, infohash)));
  const before = (await sent()).reduce((a, b) => a + b);
  const givenBefore = await given(server);

  const fourth = await openSeeder(await launch(t, first), server);
  await fourth.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
  assert.equal(await arrived(fourth, infohash), sha256(makeFile(size, 9)));
  const overHTTP = await fetched(fourth, infohash);
  const overWebRTC = (await given(server)) - givenBefore;
  const fromFans = (await sent()).reduce((a, b) => a + b) - before;
  t.diagnostic(`fans gave ${fromFans}, the server ${overWebRTC} over WebRTC and ${overHTTP} over HTTP, of ${size} bytes`);
  assert.ok(overHTTP + overWebRTC <= size / 5, `the server gave ${overWebRTC} bytes over WebRTC and ${overHTTP} over HTTP, of ${size}`);
  assert.ok(fromFans >= size * 0.75, `the fans gave ${fromFans} of ${size} bytes`);
});

/** Bytes that the server has sent over WebRTC, as it counts them itself. */
async function given(server: Server): Promise<number> {
  const operator = /operator's listener.*url=(http:\S+)/.exec(server.log)![1]!;
  return Number(/^fanseed_copies_sent_bytes_total (\d+)/m.exec(await (await fetch(`${operator}/metrics`)).text())![1]);
}

test("a server that is killed while it pulls and while it serves fetches nothing twice, and mends what is damaged", async (t) => {
  const server = await startServer(t, ["-seedbox=web"]);
  const artist = await launch(t, first);
  artist.allow(/./); // the server is away for a moment
  const giver = await openSeeder(artist, server, { limits: { ...unlimited, uploadRate: 6 << 20 } });
  const infohash = await publish(giver, size, 10);
  const uploaded = (): Promise<number> => giver.evaluate((infohash) => seeder.works().find((work) => work.infohash === infohash)!.uploaded, infohash);
  await until("a third of it", async () => ((await copyOf(server, infohash)).copy?.progress ?? 0) > 0.3, 60);
  await server.restart("SIGKILL");
  await until("what was there, verified", async () => ((await copyOf(server, infohash)).copy?.progress ?? 0) > 0.25);
  await becomes(server, infohash, "whole");
  assert.ok((await uploaded()) < size + (4 << 20), `the artist gave ${await uploaded()} of ${size} bytes`);

  const window = await launch(t, second);
  window.allow(/./);
  const fan = await openSeeder(window, server, { limits: { ...unlimited, downloadRate: 4 << 20 } });
  await fan.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
  await until("a third of it", () => fan.evaluate((infohash) => (seeder.works().find((work) => work.infohash === infohash)?.progress ?? 0) > 0.3, infohash));
  await server.restart("SIGKILL");
  assert.equal(await arrived(fan, infohash), sha256(makeFile(size, 10)));
  await becomes(server, infohash, "whole");

  const before = await uploaded();
  damage(server.data, 5 << 20);
  const body = await fetch(`${server.url}/webseed/${infohash}/a%20song.flac`).then(async (answer) => new Uint8Array(await answer.arrayBuffer()), () => undefined).catch(() => undefined);
  assert.equal(body, undefined, "a damaged piece was served");
  await becomes(server, infohash, "whole");
  await until("a whole answer", async () => {
    const answer = await fetch(`${server.url}/webseed/${infohash}/a%20song.flac`);
    return answer.ok && sha256(new Uint8Array(await answer.arrayBuffer())) === sha256(makeFile(size, 10));
  });
  assert.ok((await uploaded()) - before < 4 << 20, "no more was fetched than what was damaged");
});

/** Changes a byte in the largest file of the copies. */
function damage(data: string, at: number): void {
  const copies = join(data, "seedbox", "copies");
  const files = readdirSync(copies, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const [largest] = files.sort((a, b) => statSync(b).size - statSync(a).size);
  const file = openSync(largest!, "r+");
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, at);
  writeSync(file, byte.map((b) => b ^ 1), 0, 1, at);
  closeSync(file);
}
