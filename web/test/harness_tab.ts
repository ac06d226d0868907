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
