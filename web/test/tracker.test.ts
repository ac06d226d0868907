/** The stock tracker client (npm bittorrent-tracker, unmodified) against our server: announces, meets its peer, scrapes, stops, and has nothing to warn of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { browsers, launch, pageScript, servePages, startServer, until } from "./harness";

interface Counts {
  complete: number;
  incomplete: number;
}

/** What the test uses of bittorrent-tracker 11. */
interface Client {
  start(): void;
  complete(): void;
  scrape(): void;
  stop(): void;
  on(event: "update" | "scrape", listener: (counts: Counts) => void): void;
  on(event: "peer", listener: (peer: Peer) => void): void;
  on(event: "warning" | "error", listener: (error: Error) => void): void;
}

/** And of simple-peer. */
interface Peer {
  send(data: string): void;
  on(event: "connect", listener: () => void): void;
  on(event: "data", listener: (data: Uint8Array) => void): void;
}

type NewClient = new (options: object) => Client;

/** Everything a page's client has told. */
interface Told {
  update: [complete: number, incomplete: number][];
  scrape: [complete: number, incomplete: number][];
  heard: string[];
  warnings: string[];
}

declare global {
  var client: Client;
  var told: Told;
}

/** A client of its own in the page. It greets every peer that it meets. */
function open(page: Page, announce: string, letter: string): Promise<void> {
  return page.evaluate(async (announce, letter) => {
    const bundle = "/tracker.js";
    const { default: Client } = (await import(bundle)) as { default: NewClient };
    const told: Told = (globalThis.told = { update: [], scrape: [], heard: [], warnings: [] });
    const client = (globalThis.client = new Client({ infoHash: "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36", peerId: letter.repeat(40), announce: [announce], rtcConfig: { iceServers: [] } }));
    for (const event of ["warning", "error"] as const) client.on(event, (error) => told.warnings.push(`${event}: ${error.message}`));
    for (const event of ["update", "scrape"] as const) client.on(event, ({ complete, incomplete }) => told[event].push([complete, incomplete]));
    client.on("peer", (peer) => {
      peer.on("connect", () => peer.send(`from ${letter}`));
      peer.on("data", (data) => told.heard.push(new TextDecoder().decode(data)));
    });
  }, announce, letter);
}

for (const name of browsers) {
  test(`bittorrent-tracker in ${name} announces, scrapes and stops without a warning`, async (t) => {
    const server = await startServer(t, ["-open"]);
    const origin = await servePages(t, { "tracker.js": pageScript("tracker") });
    const window = await launch(t, name);
    const [a, b] = [await window.open(origin), await window.open(origin)];
    await open(a, server.announce, "a");
    await open(b, server.announce, "b");
    /** Does something with a client, and gives the counts that it tells next. */
    const ask = async (page: Page, what: "start" | "complete" | "scrape" | "stop"): Promise<[number, number]> => {
      const answers = (): Promise<[number, number][]> => page.evaluate((answer) => told[answer], what === "scrape" ? ("scrape" as const) : ("update" as const));
      const before = (await answers()).length;
      await page.evaluate((what) => client[what](), what);
      return until(`the answer to ${what}`, async () => (await answers())[before]);
    };

    assert.deepEqual(await ask(a, "start"), [0, 1]);
    assert.deepEqual(await ask(b, "start"), [0, 2]);
    for (const [page, greeting] of [[a, "from b"], [b, "from a"]] as const) {
      assert.equal(await until(greeting, () => page.evaluate(() => told.heard[0])), greeting);
    }
    assert.deepEqual(await ask(a, "scrape"), [0, 2]);
    assert.deepEqual(await ask(b, "complete"), [1, 1]);
    assert.deepEqual(await ask(a, "scrape"), [1, 1]);
    assert.deepEqual(await ask(b, "stop"), [0, 1]);
    assert.deepEqual(await ask(a, "scrape"), [0, 1]);
    for (const page of [a, b]) assert.deepEqual(await page.evaluate(() => told.warnings), []);
  });
}
