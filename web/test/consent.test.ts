/** Before a person has said yes, a page makes no peer connection, sends no STUN request and announces nothing; after a no it stays so, and withdrawing ends it. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import type { Page } from "puppeteer-core";
import { browsers, launch, openSeeder, startServer, until, watch, type BrowserName, type Scope, type Seen } from "./harness";

/** Long enough for anything that a page does by itself to have begun. */
const patience = 3000;

interface World {
  /** The address of a work. */
  work: string;
  home: string;
  /** A visitor's page, watched. */
  page: Page;
  contacts(): Promise<Seen[]>;
}

/** A server with these flags, a work whose publisher is at hand, and a visitor who has not said anything yet. */
async function world(t: Scope, name: BrowserName, flags: string[] = []): Promise<World> {
  const server = await startServer(t, flags);
  const publishing = await openSeeder(await launch(t, name), server);
  const infohash = await publishing.evaluate(async () => (await seeder.publish([new File([makeFile(1 << 20, 1)], "work.bin")])).infohash);
  const page = await (await launch(t, name)).page();
  const watched = await watch(page);
  return { work: `${server.url}/w/${infohash}`, home: server.url, page, contacts: watched.contacts };
}

/** A STUN server that answers nobody and counts who asks. */
async function countSTUN(t: Scope): Promise<{ url: string; asked(): number }> {
  let asked = 0;
  const socket = createSocket("udp4", () => asked++);
  await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound));
  t.after(() => void socket.close());
  return { url: `stun:127.0.0.1:${socket.address().port}`, asked: () => asked };
}

/** The most that all scripts of a page may weigh before consent, in bytes after brotli -q 11, as build/size_test.go has it. */
const largestPage = 15_000;

/** What the page has loaded and could run, whoever asked for it, by address. */
function scripts(page: Page): Promise<string[]> {
  return page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => /\.(js|mjs|wasm)$/.test(new URL(name).pathname)));
}

async function weight(urls: string[]): Promise<number> {
  const bodies = await Promise.all(urls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())));
  return bodies.reduce((sum, body) => sum + brotliCompressSync(body).length, 0); // 11 is Node's default
}

/** Presses the button that says so. */
async function press(page: Page, words: string): Promise<void> {
  await page.locator(`button::-p-text(${words})`).click();
}

const wait = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

for (const name of browsers) {
  test(`nothing before consent in ${name}, everything after`, async (t) => {
    const { url, asked } = await countSTUN(t);
    const { work, home, page, contacts } = await world(t, name, ["-ice-servers", url]);
    for (const address of [home, `${home}/earnings`, work]) {
      await page.goto(address);
      await wait(patience);
      assert.deepEqual(await contacts(), [], `at ${address}`);
      assert.equal(asked(), 0, `STUN requests at ${address}`);
      const loaded = await scripts(page);
      const bytes = await weight(loaded);
      t.diagnostic(`${new URL(address).pathname}: ${loaded.length} script(s), ${bytes} bytes`);
      assert.ok(bytes > 0 && bytes <= largestPage, `${bytes} bytes of scripts at ${address}: ${loaded.join(" ")}`);
    }
    await press(page, "Share while I’m here");
    const kinds = await until("connections after a yes", async () => {
      const seen = new Set((await contacts()).map(({ kind }) => kind));
      return seen.size === 3 && [...seen];
    });
    assert.deepEqual(kinds.sort(), ["peerconnection", "send", "websocket"]);
    await until("a STUN request after a yes", () => asked() > 0);
    assert.ok((await scripts(page)).some((url) => url.endsWith("/engine.js")), "what comes after the yes is seen, too");
  });

  test(`nothing after a no in ${name}`, async (t) => {
    const { work, page, contacts } = await world(t, name);
    await page.goto(work);
    await press(page, "Don’t share");
    await wait(patience);
    await page.reload();
    await wait(patience);
    assert.deepEqual(await contacts(), []);
  });

  test(`withdrawing closes every peer connection within a second in ${name}`, async (t) => {
    const { work, page } = await world(t, name);
    await page.evaluateOnNewDocument(() => {
      const made: RTCPeerConnection[] = [];
      Object.assign(globalThis, { made });
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          made.push(this);
        }
      };
    });
    const states = (): Promise<string[]> =>
      page.evaluate(() => (globalThis as unknown as { made: RTCPeerConnection[] }).made.map((connection) => connection.connectionState));
    await page.goto(work);
    await press(page, "Share while I’m here");
    await until("a connected peer", async () => (await states()).includes("connected"));
    await press(page, "Withdraw consent");
    await wait(1000);
    assert.deepEqual([...new Set(await states())], ["closed"]);
  });
}
