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
  if (window.name === "firefox") return void process.kill(await processOf(window, page), "SIGKILL");
  const session = await page.createCDPSession();
  session.send("Page.crash").catch(() => undefined); // nobody is left to answer
}

/** The process that gets busy when the page does. */
async function processOf(window: Window, page: Page): Promise<number> {
  const before = contentProcesses(window);
  await page.evaluate(() => {
    for (const end = performance.now() + 1000; performance.now() < end; ) Math.random();
  });
  const spent = [...contentProcesses(window)].map(([pid, ticks]) => ({ pid, ticks: ticks - (before.get(pid) ?? 0) }));
  return spent.sort((a, b) => b.ticks - a.ticks)[0]!.pid;
}

/** Firefox's content processes, with the clock ticks that each has spent: proc(5). */
function contentProcesses(window: Window): Map<number, number> {
  const main = mainProcess(window);
  const below = (pid: number): boolean => pid === main || (pid > 1 && below(parentOf(pid)));
  const content = processes().filter((pid) => /[\0 ]tab[\0 ]*$/.test(read(pid, "cmdline")) && below(pid));
  return new Map(content.map((pid) => [pid, Number(stat(pid)[11]) + Number(stat(pid)[12])]));
}

/** The browser's own process: the one that was started with the profile, and by none that was. */
export function mainProcess({ options }: Window): number {
  const ours = processes().filter((pid) => read(pid, "cmdline").includes(options.profile));
  return ours.find((pid) => !ours.includes(parentOf(pid)))!;
}

/** From the third field on: what comes before may have spaces. */
const stat = (pid: number): string[] => read(pid, "stat").replace(/^.*\) /, "").split(" ");
const parentOf = (pid: number): number => Number(stat(pid)[1]);
const processes = (): number[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);

/** Empty where the process has ended meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
