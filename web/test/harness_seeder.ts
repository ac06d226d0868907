import type { Page } from "puppeteer-core";
import type { Connect, ConnectOptions, Peer, Seeder } from "../types/engine";
import type { Window } from "./harness_browser";
import { servePages, stockClient } from "./harness_files";
import { until, type Scope } from "./harness_scope";
import type { Server } from "./harness_server";

/** A torrent of the stock client, as far as the tests use it (webtorrent 3, docs/api.md). */
export interface StockTorrent {
  infoHash: string;
  magnetURI: string;
  downloaded: number;
  uploaded: number;
  files: { path: string; length: number; blob(): Promise<Blob> }[];
  on(event: "done" | "ready" | "verified", listener: () => void): void;
  on(event: "error" | "warning", listener: (error: unknown) => void): void;
}

/** The stock client, as far as the tests use it. */
export interface StockClient {
  torrents: StockTorrent[];
  seed(file: File, options: object, seeding: (torrent: StockTorrent) => void): void;
  add(torrent: string | Uint8Array, options: object): StockTorrent;
  on(event: "error" | "warning", listener: (error: unknown) => void): void;
}

declare global {
  /** In pages of `launch`. See harness_files.ts. */
  var makeFile: (size: number, seed: number) => Uint8Array<ArrayBuffer>;
  /** In pages of `launch`: SHA-256 in hex. */
  var sha256InPage: (blob: Blob) => Promise<string>;
  /** In pages of `openSeeder`. */
  var seeder: Seeder;
  /** In pages of `openStock`. */
  var stock: StockClient;
  /** In pages of `openStock`: announces to the server alone, and asks no STUN server. */
  var stockOptions: { announce: string[] };
  /** In pages of `openStock`: every message that came over a WebSocket, parsed. */
  var stockHeard: unknown[];
}

/** No caps: the tests and the measurements move what they like. */
export const unlimited = { uploadRate: 2 ** 40, uploadPerDay: 2 ** 50, storage: 2 ** 40 };

/**
 * A page of the server with an engine that shares, as `seeder`. It uses /engine.js and nothing else of the app. `proxied` carries the
 * data channels' messages over the page instead of transferring them to the worker.
 */
export async function openSeeder(window: Window, server: Server, options: ConnectOptions & { proxied?: boolean } = {}): Promise<Page> {
  const page = await window.open(server.url);
  await addSeeder(page, { share: "on", limits: unlimited, ...options });
  return page;
}

/** Gives a page of the server its `seeder`. */
export async function addSeeder(page: Page, options: ConnectOptions & { proxied?: boolean }): Promise<void> {
  await page.evaluate(async (options) => {
    const engine = "/engine.js";
    const { connect } = (await import(engine)) as { connect: Connect };
    globalThis.seeder = await connect(options);
  }, options);
}

/** Waits until a work that was added to the page of `openSeeder` is whole, and gives the SHA-256 of its only file. */
export async function arrived(page: Page, infohash: string, seconds = 90): Promise<string> {
  const now = (): Promise<{ missing: number; length: number; state: string; error: string | undefined; peers: Peer[] }> =>
    page.evaluate((infohash) => {
      const work = seeder.works().find((work) => work.infohash === infohash)!;
      return { missing: work.missing, length: work.length, state: work.state, error: work.error?.message, peers: work.peerList() };
    }, infohash);
  await until("the whole work", async () => {
    const work = await now();
    return work.length > 0 && work.missing === 0;
  }, seconds).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await now())}`);
  });
  return page.evaluate(async (infohash) => sha256InPage(await seeder.works().find((work) => work.infohash === infohash)!.files[0]!.blob()), infohash);
}

/** A page of another origin with the stock WebTorrent client, unmodified, as `stock`. Its faults count as the page's. */
export async function openStock(scope: Scope, window: Window, server: Server): Promise<Page> {
  const origin = await servePages(scope, { "webtorrent.js": stockClient() });
  const page = await window.page();
  await page.evaluateOnNewDocument(listen);
  await page.goto(origin);
  await page.evaluate(async (announce) => {
    const bundle = "/webtorrent.js";
    const { default: Client } = (await import(bundle)) as { default: new (options: object) => StockClient };
    globalThis.stock = new Client({ tracker: { rtcConfig: { iceServers: [] } }, dht: false, lsd: false, natUpnp: false });
    globalThis.stockOptions = { announce: [announce] };
    for (const event of ["error", "warning"] as const) stock.on(event, (error) => console.error(`webtorrent: ${event}: ${String(error)}`));
  }, server.announce);
  return page;
}

/** Runs in the page, before its scripts. */
function listen(): void {
  globalThis.stockHeard = [];
  globalThis.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("message", async ({ data }) => {
        const text = typeof data === "string" ? data : await new Response(data as Blob | ArrayBuffer).text();
        stockHeard.push(JSON.parse(text));
      });
    }
  };
}
