/** The ways to bring a file from one browser to another that are compared: ours, the stock client's, and a bare data channel. */
import { addSeeder, makeFile, openStock, sha256, unlimited, until, type Scope, type Server, type Window } from "../test/harness";
import type { Page } from "puppeteer-core";

/** How a file came, in milliseconds since it was asked for. */
export interface Fetched {
  /** Until the first piece was verified. */
  first: number;
  /** Until all were. */
  took: number;
  /** When that was, by the machine's clock. */
  ended: number;
}

/** A client for torrents. */
export interface Side {
  open(scope: Scope, window: Window, server: Server): Promise<Page>;
  /** Publishes `makeFile(size, seed)` and gives the magnet. */
  give(page: Page, size: number, seed: number): Promise<string>;
  /** Begins to fetch; the page's `fetched` fills. */
  fetch(page: Page, magnet: string): Promise<void>;
  /** Bytes that the page has sent to its peers, by its own count. */
  sent(page: Page): Promise<number>;
  /** SHA-256 of the file that was fetched. */
  digest(page: Page): Promise<string>;
}

declare global {
  var fetched: Fetched;
}

export const ours: Side = {
  open: async (_, window, server) => {
    window.allow(/favicon/);
    const page = await window.open(`${server.url}/engine.js`); // the script as text: a page of the server with nothing of the app, as the stock client's is empty
    await addSeeder(page, { share: "on", limits: unlimited });
    await page.evaluate(() => seeder.add("magnet:?").catch(() => undefined)); // the engine answers: it is the engine that finds this link to be none
    return page;
  },
  give: async (page, size, seed) => {
    const magnet = await page.evaluate(async (size, seed) => (await seeder.publish([new File([globalThis.makeFile(size, seed)], `bench-${seed}.bin`)])).magnet, size, seed);
    await until("a copy of its own", () => page.evaluate(() => seeder.works()[0]!.kept), 600); // the stock client seeds only then
    return magnet;
  },
  fetch: (page, magnet) => page.evaluate((magnet) => {
    const start = performance.now();
    globalThis.fetched = { first: 0, took: 0, ended: 0 };
    void seeder.add(magnet).then((work) => {
      const look = (): void => {
        if (work.length > 0 && work.missing < work.length) fetched.first ||= performance.now() - start;
      };
      work.addEventListener("progress", look);
      look();
      void work.done.then(() => {
        look();
        fetched.took = performance.now() - start;
        fetched.ended = Date.now();
      });
    });
  }, magnet),
  sent: (page) => page.evaluate(() => seeder.works()[0]!.uploaded),
  digest: (page) => page.evaluate(async () => sha256InPage(await seeder.works()[0]!.files[0]!.blob())),
};

/** With its default store, which in browsers keeps the pieces in OPFS. */
export const theirs: Side = {
  open: openStock,
  give: (page, size, seed) =>
    page.evaluate((size, seed) => new Promise<string>((seeding) =>
      stock.seed(new File([globalThis.makeFile(size, seed)], `bench-${seed}.bin`), stockOptions, (torrent) => seeding(torrent.magnetURI))), size, seed),
  fetch: (page, magnet) => page.evaluate((magnet) => {
    const start = performance.now();
    globalThis.fetched = { first: 0, took: 0, ended: 0 };
    const torrent = stock.add(magnet, stockOptions);
    torrent.on("verified", () => (fetched.first ||= performance.now() - start));
    torrent.on("done", () => {
      fetched.took = performance.now() - start;
      fetched.ended = Date.now();
    });
  }, magnet),
  sent: (page) => page.evaluate(() => stock.torrents[0]!.uploaded),
  digest: async (page) => {
    if (!(await page.evaluate(usesOPFS))) throw new Error("the stock client does not keep its pieces in OPFS");
    return page.evaluate(async () => sha256InPage(await stock.torrents[0]!.files[0]!.blob()));
  },
};

/** Runs in a page. */
async function usesOPFS(): Promise<boolean> {
  for await (const name of (await navigator.storage.getDirectory()).keys()) if (name.startsWith("bench-")) return true;
  return false;
}

/** Waits until a page has the whole file. */
export async function whole(page: Page): Promise<Fetched> {
  await until("the whole file", () => page.evaluate(() => fetched.took > 0), 600);
  return page.evaluate(() => fetched);
}

/** Throws unless the page has received exactly `makeFile(size, seed)`. */
export async function check(digest: string, size: number, seed: number): Promise<void> {
  if (digest !== sha256(makeFile(size, seed))) throw new Error("the received file differs");
}

/** Lets what was started before come to rest, so that it is not counted. */
export function settle(): Promise<void> {
  return new Promise((wake) => setTimeout(wake, 1000));
}
