/** The server's copy beside those who seed a work: it stands in for a tab that is closed, leaves to fans what fans can do, and mends what is damaged. */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Page } from "puppeteer-core";
import type { Limits } from "../types/engine";
import { addSeeder, arrived, browsers, launch, makeFile, openSeeder, sha256, startServer, unlimited, until, watch, type BrowserName, type Server, type Window } from "./harness";

const seedbox = ["-seedbox", "web"];
const pieceLength = 256 << 10;
const MiB = 1 << 20;

/** The browser that meets this one. */
const other = (name: BrowserName): BrowserName => browsers.find((another) => another !== name) ?? name;

/** Publishes a work of one file by the engine alone. */
const publish = (page: Page, size: number): Promise<string> =>
  page.evaluate(async (size, pieceLength) => (await seeder.publish([new File([makeFile(size, 1)], "file.bin")], { pieceLength })).infohash, size, pieceLength);

const add = (page: Page, source: string): Promise<void> => page.evaluate(async (source) => void (await seeder.add(source)), source);

interface Copy {
  state: string;
  progress: number;
}

/** What the server has of a work. */
async function copy(server: Server, infohash: string): Promise<Copy> {
  return ((await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as { copy: Copy }).copy;
}

const whole = (server: Server, infohash: string): Promise<unknown> =>
  until("the server's copy", async () => (await copy(server, infohash)).state === "whole", 150);

/** What a browser says that its work was made of, in bytes. */
const sources = (page: Page): Promise<{ downloaded: number; webseed: number; uploaded: number; peers: number; missing: number; connections: number }> =>
  page.evaluate(() => {
    const { downloaded, uploaded, peers, missing, webseeds } = seeder.works()[0]!;
    return { downloaded, uploaded, peers, missing, webseed: webseeds.reduce((sum, one) => sum + one.downloaded, 0), connections: globalThis.made?.connections.length ?? 0 };
  });

/** What the server says that it has sent of works. */
const given = async (server: Server): Promise<{ webseed: number; copies: number }> => ({
  webseed: await server.metric("webseed_bytes_total"),
  copies: await server.metric("copies_sent_bytes_total"),
});

/** Plays the beginning of the first work. */
const play = (page: Page, bytes: number): Promise<void> =>
  page.evaluate(async (bytes) => void (await (await fetch(seeder.works()[0]!.files[0]!.url(), { headers: { Range: `bytes=0-${bytes - 1}` } })).blob()), bytes);

const share = (bytes: number, of: number): string => `${((100 * bytes) / of).toFixed(1)} %`;

/** A tab whose peer connections are not as they are elsewhere: `change` runs in the page, before its scripts. */
async function openChanged(window: Window, server: Server, change: () => void, limits: Partial<Limits> = {}): Promise<Page> {
  const page = await window.page();
  await page.evaluateOnNewDocument(change);
  await page.goto(server.url);
  await addSeeder(page, { share: "on", limits: { ...unlimited, ...limits } });
  return page;
}

/** No page is granted a peer connection. */
function refuse(): void {
  globalThis.RTCPeerConnection = class {
    constructor() {
      throw new DOMException("there is no peer-to-peer here", "NotAllowedError");
    }
  } as unknown as typeof RTCPeerConnection;
}

declare global {
  /** In pages that `delay` has changed: lets peer connections come about. */
  var letThrough: () => void;
}

/** No peer connection comes about before `letThrough`. */
function delay(): void {
  const setRemoteDescription = RTCPeerConnection.prototype.setRemoteDescription as (description: RTCSessionDescriptionInit) => Promise<void>;
  const allowed = new Promise<void>((done) => (globalThis.letThrough = done));
  RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
    await allowed;
    return setRemoteDescription.call(this, description);
  };
}

/** Somebody refuses to share at the page of a work, and fetches its file all the same. */
async function refuseAndFetch(t: TestContext, name: BrowserName, server: Server, infohash: string): Promise<string> {
  const page = await (await launch(t, name)).page();
  const { contacts } = await watch(page);
  await page.goto(`${server.url}/w/${infohash}`);
  await page.locator("button::-p-text(Don’t share)").click();
  const link = await page.waitForSelector("fs-files a[download]");
  const sum = await link!.evaluate(async ({ href }) => sha256InPage(await (await fetch(href)).blob()));
  assert.deepEqual(await contacts(), [], "nobody is told of who refuses");
  return sum;
}

for (const name of browsers) {
  test(`200 MB outlive the tab in ${name} that published them`, { timeout: 300_000 }, async (t) => {
    const size = 200_000_000;
    const sum = sha256(makeFile(size, 1));
    const server = await startServer(t, seedbox);
    const publisher = await launch(t, name);
    const infohash = await publish(await openSeeder(publisher, server), size);
    await whole(server, infohash);
    await until("the counter of it", async () => (await server.metric("copies_received_bytes_total")) >= size);
    await publisher.close();

    const second = await launch(t, other(name));
    const page = await openChanged(second, server, delay);
    await add(page, infohash);
    await play(page, MiB); // no peer is there yet: this is the webseed's
    await page.evaluate(() => letThrough());
    assert.equal(await arrived(page, infohash, 120), sum);
    const [got, gave] = [await sources(page), await given(server)];
    t.diagnostic(`the second got ${share(got.webseed, size)} from the webseed, the server gave ${share(gave.webseed, size)} over HTTP and ${share(gave.copies, size)} over WebRTC`);
    assert.ok(got.webseed > 0 && gave.copies > 0, "from both");
    assert.ok(gave.webseed >= got.webseed && gave.copies >= got.downloaded - got.webseed, "there is nobody else");
    await second.close();

    assert.equal(await refuseAndFetch(t, name, server, infohash), sum);
    assert.deepEqual(await given(server), { webseed: gave.webseed + size, copies: gave.copies });

    const third = await openChanged(await launch(t, other(name)), server, refuse);
    await add(third, infohash);
    assert.equal(await arrived(third, infohash, 120), sum);
    const alone = await sources(third);
    assert.deepEqual([alone.webseed, alone.downloaded, alone.peers], [size, size, 0]);
    assert.deepEqual(await given(server), { webseed: gave.webseed + 2 * size, copies: gave.copies });
  });

  test(`where three fans seed, the server gives next to nothing of a download in ${name}`, async (t) => {
    const size = 64 * MiB;
    const sum = sha256(makeFile(size, 1));
    const server = await startServer(t, seedbox);
    const fans = [await openSeeder(await launch(t, name), server)];
    const infohash = await publish(fans[0]!, size);
    await whole(server, infohash);
    for (const fan of [other(name), name]) {
      const page = await openSeeder(await launch(t, fan), server);
      await add(page, infohash);
      assert.equal(await arrived(page, infohash), sum);
      fans.push(page);
    }
    for (const fan of fans) await fan.evaluate(() => void (seeder.limits = { uploadRate: 1 << 20 })); // as nobody has to choose
    const uploaded = async (): Promise<number> => (await Promise.all(fans.map(sources))).reduce((bytes, fan) => bytes + fan.uploaded, 0);
    const [before, theirs] = [await given(server), await uploaded()];
    const fourth = await openSeeder(await launch(t, other(name)), server);
    await add(fourth, infohash);
    assert.equal(await arrived(fourth, infohash), sum);
    const [after, got] = [await given(server), await sources(fourth)];
    const [webseed, copies] = [after.webseed - before.webseed, after.copies - before.copies];
    let fromFans = 0; // which a page tells a little later than it sends
    await until("the fourth to have no more from peers than these gave", async () => {
      fromFans = (await uploaded()) - theirs;
      return got.downloaded - got.webseed <= fromFans + copies;
    });
    t.diagnostic(`of ${size} bytes the server gave ${share(webseed, size)} over HTTP, ${share(copies, size)} over WebRTC, the fans ${share(fromFans, size)}; the fourth counts ${share(got.webseed, size)} of ${got.downloaded} from the webseed`);
    assert.ok(webseed + copies <= 0.2 * size, `${webseed} and ${copies} bytes were the server's`);
    assert.ok(got.webseed <= webseed, "the fourth cannot have more from the webseed than that gave");
  });
}

/** The file of a copy on the server's disk. */
function onDisk(server: Server, infohash: string, size: number): string {
  const folder = join(server.data, "copies", infohash);
  const data = readdirSync(folder).map((name) => join(folder, name)).filter((path) => statSync(path).size === size);
  assert.equal(data.length, 1, "one file has the data");
  return data[0]!;
}

/** Changes the byte at each of these places. */
function damage(path: string, places: number[]): void {
  const file = openSync(path, "r+");
  const byte = new Uint8Array(1);
  for (const at of places) {
    readSync(file, byte, 0, 1, at);
    byte[0]! ^= 1;
    writeSync(file, byte, 0, 1, at);
  }
  closeSync(file);
}

/** Gets a file from the webseed; undefined where not all of it came. */
async function overHTTP(server: Server, infohash: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${server.url}/webseed/${infohash}/file.bin`);
    return response.ok ? sha256(new Uint8Array(await response.arrayBuffer())) : undefined;
  } catch {
    return undefined;
  }
}

test("a server that is killed while it takes a copy fetches again what was in flight and no more", async (t) => {
  const size = 32 * MiB;
  const inFlight = MiB + 4 * pieceLength; // what may wait for one peer (swarm.Limits.HighWater), and pieces that lack some, or are being verified
  const server = await startServer(t, seedbox);
  const publisher = await launch(t, browsers[0]!);
  publisher.allow(/WebSocket|connect/);
  const page = await openSeeder(publisher, server, { limits: { uploadRate: 8 * MiB } });
  const infohash = await publish(page, size);
  let last = 0;
  for (const reached of [0.3, 0.6]) {
    last = await until("a part of the copy", async () => {
      const { state, progress } = await copy(server, infohash);
      return state === "pulling" && progress > reached && progress;
    });
    await server.restart();
    t.diagnostic(`killed at ${last}`);
  }
  await whole(server, infohash);
  const lacked = (1 - last) * size;
  const received = await server.metric("copies_received_bytes_total");
  const twice = (await sources(page)).uploaded - size;
  t.diagnostic(`after the second kill ${received} bytes came, of ${lacked} that were missing before it; ${twice} bytes were sent twice in two kills`);
  assert.ok(received > 0 && received <= lacked, "what was there is not fetched again");
  assert.ok(twice <= 2 * inFlight, `${twice} bytes were sent twice, in two kills`);
  await publisher.close();
  assert.equal(await overHTTP(server, infohash), sha256(makeFile(size, 1)));
});

for (const name of browsers) {
  test(`a server that is killed while it serves goes on, and fetches nothing in ${name}`, async (t) => {
    const size = 32 * MiB;
    const sum = sha256(makeFile(size, 1));
    const server = await startServer(t, seedbox);
    const publisher = await launch(t, name);
    const infohash = await publish(await openSeeder(publisher, server), size);
    await whole(server, infohash);
    await publisher.close();
    const slow = { downloadRate: 2 * MiB, uploadRate: 1 }; // so that there is a middle
    const takers: Page[] = [];
    for (const change of [refuse, () => undefined]) {
      const window = await launch(t, name);
      window.allow(/WebSocket|connect|Failed to load|ERR_|NetworkError|CORS|ICE failed/);
      takers.push(await openChanged(window, server, change, slow));
    }
    await Promise.all([infohash, `magnet:?xt=urn:btih:${infohash}`].map((source, i) => add(takers[i]!, source))); // the webseed alone, the server's peer alone
    await until("the middle of both", async () =>
      (await Promise.all(takers.map(sources))).every(({ downloaded, missing }) => downloaded > 0.1 * size && missing > 0.1 * size),
    );
    const before = await given(server);
    await server.restart();
    for (const page of takers) assert.equal(await arrived(page, infohash), sum);
    const after = await given(server);
    const twice = (await Promise.all(takers.map(sources))).map(({ downloaded }) => downloaded - size);
    t.diagnostic(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}; the two got ${twice.join(" and ")} bytes twice`);
    assert.ok(before.webseed > 0 && before.copies > 0, "it served in both ways");
    assert.equal(await server.metric("copies_received_bytes_total"), 0, "the server fetched");
    assert.deepEqual(await copy(server, infohash), { state: "whole", progress: 1 });
    for (const bytes of twice) assert.ok(bytes <= 8 * pieceLength, `${bytes} bytes were fetched twice`);
  });

  test(`a damaged copy is found, not served, and mended from a tab in ${name}`, async (t) => {
    const size = 16 * MiB;
    const sum = sha256(makeFile(size, 1));
    const server = await startServer(t, [...seedbox, "-webseed-rate-yielding", "0"]);
    const page = await openSeeder(await launch(t, other(name)), server, );
    const infohash = await publish(page, size);
    await whole(server, infohash);
    await page.evaluate(() => void (seeder.limits = { uploadRate: 128 << 10 })); // so that others need the server
    await until("the counter of it", async () => (await server.metric("copies_received_bytes_total")) === size);

    const file = onDisk(server, infohash, size);
    damage(file, [5, 9 * MiB, size - 1]);
    assert.notEqual(sha256(readFileSync(file)), sum);
    const window = await launch(t, name);
    window.allow(/503|Failed to load|ERR_|NetworkError|CORS/);
    const taker = await openSeeder(window, server);
    await add(taker, infohash);
    assert.equal(await arrived(taker, infohash), sum);
    await until("the whole from the webseed", async () => {
      const served = await overHTTP(server, infohash);
      assert.ok(served === undefined || served === sum, "damage was served");
      return served;
    });
    const found = [...server.log.matchAll(/a piece on the disk is damaged.*piece=(\d+)/g)].map(([, piece]) => Number(piece)).sort((a, b) => a - b);
    assert.deepEqual(found, [0, 36, 63]);
    assert.deepEqual(await copy(server, infohash), { state: "whole", progress: 1 });
    assert.equal(sha256(readFileSync(file)), sum);
    const mended = (await server.metric("copies_received_bytes_total")) - size;
    t.diagnostic(`${mended} bytes were fetched to mend three pieces`);
    assert.ok(mended >= 3 * pieceLength && mended <= 6 * pieceLength, `${mended} bytes`);
  });
}
