/** What a work can be added by: a magnet, an infohash, the address of a .torrent, which may name files ("#so=0,2-4"), or the .torrent itself. */
import { FanseedError } from "../types/engine.js";
import type { Methods } from "./messages.js";

const MOST_TORRENT = 10 << 20; // bytes

/** Errors: bad_link, and what fetching a .torrent gives. */
export async function parse(source: string | ArrayBuffer | File): Promise<Methods["add"][0]> {
  if (source instanceof ArrayBuffer) return { torrent: source };
  if (source instanceof Blob) return { torrent: await source.arrayBuffer() };
  const text = source.trim();
  if (/^[0-9a-f]{40}$/i.test(text)) return { infohash: text.toLowerCase() };
  if (/^magnet:/i.test(text)) return { magnet: text };
  if (!URL.canParse(text) || !/^https?:/i.test(text)) throw new FanseedError("bad_link", "this is neither a magnet, an infohash, nor the address of a .torrent");
  const so = /[#&]so=([\d,-]+)/.exec(new URL(text).hash)?.[1];
  return { torrent: await download(text), ...(so && { so }) };
}

async function download(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url, { credentials: "omit" }).catch(() => {
    throw new FanseedError("unreachable", "the .torrent cannot be fetched");
  });
  if (!response.ok) throw new FanseedError(response.status === 404 ? "not_found" : "refused", `the .torrent's server answered ${response.status}`);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (const reader = response.body!.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    size += value.byteLength;
    if (size > MOST_TORRENT) {
      void reader.cancel();
      throw new FanseedError("too_large", "a .torrent of more than 10 MiB is not taken");
    }
    parts.push(value);
  }
}
