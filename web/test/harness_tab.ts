import { readdirSync, readFileSync } from "node:fs";
import type { Page } from "puppeteer-core";
import type { ConnectOptions } from "../types/engine";
import type { Window } from "./harness_browser";
import { addSeeder, unlimited } from "./harness_seeder";
import type { Server } from "./harness_server";

declare global {
  /** In pages of `openTab`: what the page has made so far. */
  var made: { connections: RTCPeerConnection[]; workers: number };
}

/** A page of the server with a seeder that says nothing about sharing but by `options`; its peer connections and workers are counted. */
export async function openTab(window: Window, server: Server, options: ConnectOptions = {}): Promise<Page> {
  const page = await window.page();
  await page.evaluateOnNewDocument(count);
  await page.goto(server.url);
  await addSeeder(page, { limits: unlimited, ...options });
  return page;
}

/** Runs in the page, before its scripts. */
function count(): void {
  globalThis.made = { connections: [], workers: 0 };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.connections.push(this);
    }
  };
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      made.workers++;
    }
  };
}

/** Ends the process that runs a page, without a word to the page. */
export async function crash(window: Window, page: Page): Promise<void> {
  if (window.name === "firefox") return process.kill(await processOf(window, page), "SIGKILL") as unknown as void;
  const session = await page.createCDPSession();
  session.send("Page.crash").catch(() => undefined); // nobody is left to answer
}

/** The process that gets busy when the page does. */
async function processOf(window: Window, page: Page): Promise<number> {
  const before = ticks(window.browser.process()!.pid!);
  await page.evaluate(() => {
    for (const end = performance.now() + 1000; performance.now() < end; ) Math.random();
  });
  const busy = [...ticks(window.browser.process()!.pid!)].map(([pid, now]) => ({ pid, spent: now - (before.get(pid) ?? 0) }));
  return busy.sort((a, b) => b.spent - a.spent)[0]!.pid;
}

/** Clock ticks that each content process below a process has spent. */
function ticks(parent: number): Map<number, number> {
  const found = new Map<number, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number)) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" "); // from the third field on, proc(5)
      if (Number(fields[1]) === parent && readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith("tab\0")) found.set(pid, Number(fields[11]) + Number(fields[12]));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}
