/** From opening a page to a client that answers: with an empty cache, and again in a browser that has been there. */
import { browsers, inScope, launch, startServer, stockClient, type BrowserName, type Scope, type Window } from "../test/harness";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync } from "node:zlib";
import { line, report, rounds, say, stockVersion, wanted } from "./report";

/** Milliseconds since the page was opened, once its client is ready. */
declare global {
  var readyAfter: number | undefined;
}

/** Runs in a page before its own scripts. */
async function startOurs(): Promise<void> {
  const engine = "/engine.js";
  const { connect } = (await import(engine)) as { connect: (options: object) => Promise<{ add(link: string): Promise<unknown> }> };
  const seeder = await connect({ share: "on" });
  await seeder.add("magnet:?").catch(() => undefined); // the engine itself finds that this is no link
  globalThis.readyAfter = performance.now();
}

async function startTheirs(): Promise<void> {
  const bundle = "/webtorrent.js";
  const { default: Client } = (await import(bundle)) as { default: new (options: object) => { ready: boolean; on(event: "ready", ready: () => void): void } };
  const client = new Client({ tracker: { rtcConfig: { iceServers: [] } }, dht: false, lsd: false, natUpnp: false });
  if (!client.ready) await new Promise<void>((ready) => client.on("ready", ready));
  globalThis.readyAfter = performance.now();
}

async function ready(window: Window, origin: string, start: () => Promise<void>): Promise<number> {
  const page = await window.page();
  await page.evaluateOnNewDocument(`document.addEventListener("DOMContentLoaded", ${start})`);
  await page.goto(origin);
  await page.waitForFunction(() => globalThis.readyAfter !== undefined, { polling: 50 });
  const after = await page.evaluate(() => globalThis.readyAfter!);
  await page.close();
  return after;
}

/** The stock client as a careful site would serve it: compressed, and cached for ever. */
async function serveStock(scope: Scope): Promise<string> {
  const script = brotliCompressSync(stockClient());
  const server = createServer((request, response) => {
    if (request.url !== "/webtorrent.js") return response.setHeader("content-type", "text/html").end(`<!doctype html><title>page</title><link rel="icon" href="data:,">`);
    response.setHeader("cache-control", "public, max-age=31536000, immutable");
    return response.setHeader("content-type", "text/javascript").setHeader("content-encoding", "br").end(script);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Cold, then warm. */
function turn(browser: BrowserName, origin: (scope: Scope) => Promise<string>, start: () => Promise<void>): Promise<[number, number]> {
  return inScope(async (scope) => {
    const url = await origin(scope);
    const window = await launch(scope, browser);
    const cold = await ready(window, url, start);
    await new Promise((wake) => setTimeout(wake, 2000)); // compiled code is cached when the machine finds time for it
    return [cold, await ready(window, url, start)];
  });
}

for (const browser of browsers) {
  const lines = ["cold", "warm"].map((cache) =>
    line(`page opened to client ready, ${cache} cache`, browser, "ms", stockVersion, cache === "cold" ? "ours with a new key for the account" : ""));
  const turns = browser === "chromium" ? rounds : Math.min(rounds, 3);
  for (let round = 0; round < turns && lines.some(wanted); round++) {
    const own = await turn(browser, async (scope) => (await startServer(scope)).url, startOurs);
    const other = await turn(browser, serveStock, startTheirs);
    for (const n of [0, 1] as const) {
      lines[n]!.ours.push(own[n]);
      lines[n]!.theirs.push(other[n]);
    }
    say(`start, ${browser}, ${round + 1} of ${turns}: ${own.map(Math.round).join(" ")}, ${other.map(Math.round).join(" ")}`);
  }
  report(lines);
}
