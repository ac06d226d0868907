/** Opens what a person was sent: the part of the page that reads links, magnets and .torrent files. */
import "./main.js"; // a part shares all that the page's first script has
import { FanseedError } from "../types/engine.js";
import type { App } from "./app.js";
import type { Entry } from "./known.js";
import { workPath } from "./route.js";
import { source } from "./source.js";
import { readTorrent } from "./torrent.js";
import { fault } from "./words_fault.js";

const largestTorrent = 10 * 1024 * 1024; // bytes

/** Shows the work, or says what was wrong on the home page. */
export async function open(app: App, from: string | File): Promise<void> {
  app.set({ openFault: undefined });
  try {
    const opened = await find(app, from);
    if (opened.at === "elsewhere") location.assign(opened.url);
    else app.go(workPath(opened.infohash), opened.entry);
  } catch (error) {
    if (app.facts.route.view !== "home") app.go("/"); // where what was wrong is said
    app.set({ openFault: fault(error) });
  }
}

/** Where what was opened is to be seen. */
type Opened = { at: "here"; infohash: string; entry: Entry } | { at: "elsewhere"; url: string };

/** Errors: bad_link, bad_torrent, unreachable. */
async function find(app: App, from: string | File): Promise<Opened> {
  if (typeof from !== "string") return keep(app, await from.arrayBuffer());
  const found = source(from, location.origin);
  if (!found) throw new FanseedError("bad_link", from);
  if (found.kind === "elsewhere") return { at: "elsewhere", url: found.url };
  if (found.kind === "torrent") return keep(app, await fetchTorrent(found.url));
  const { infohash, magnet, name } = found;
  return { at: "here", infohash, entry: { ...(magnet && { magnet }), ...(name && { name }) } };
}

async function keep({ known }: App, bytes: ArrayBuffer): Promise<Opened> {
  const info = bytes.byteLength > largestTorrent ? undefined : await readTorrent(new Uint8Array(bytes)).catch(() => undefined);
  if (!info) throw new FanseedError("bad_torrent", "no torrent that can be read");
  known.keep(info, bytes);
  return { at: "here", infohash: info.infohash, entry: { magnet: info.magnet, name: info.name } };
}

async function fetchTorrent(url: string): Promise<ArrayBuffer> {
  try {
    const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(15_000) });
    if (response.ok) return await response.arrayBuffer();
  } catch {
    // Said below: another site's file often cannot be read from here.
  }
  throw new FanseedError("unreachable", url);
}
