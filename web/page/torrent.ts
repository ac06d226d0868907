/**
 * Reads from a .torrent what the page shows before the engine may load: infohash, name, length, files (BEP 3). The engine parses the
 * same bytes again and in full; nothing here is trusted for more than a title.
 */
import type { WorkInfo } from "./server.js";

type Value = number | string | Value[] | Map<string, Value>;

const text = new TextDecoder();
const deepest = 32;

class Reader {
  at = 0;
  /** Bytes of the top dictionary's "info". */
  info: Uint8Array<ArrayBuffer> | undefined;

  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  #until(end: string): string {
    const stop = this.#bytes.indexOf(end.charCodeAt(0), this.at);
    if (stop < 0 || stop - this.at > 20) throw new Error("not bencoded");
    const digits = text.decode(this.#bytes.subarray(this.at, stop));
    this.at = stop + 1;
    return digits;
  }

  #integer(end: string): number {
    const digits = this.#until(end);
    if (!/^-?\d+$/.test(digits)) throw new Error("not bencoded");
    return Number(digits);
  }

  #string(): string {
    const length = this.#integer(":");
    if (!(length >= 0) || this.at + length > this.#bytes.length) throw new Error("not bencoded");
    this.at += length;
    return text.decode(this.#bytes.subarray(this.at - length, this.at));
  }

  #done(): boolean {
    if (this.#bytes[this.at] !== 0x65) return false;
    this.at++;
    return true;
  }

  #dictionary(depth: number): Value {
    const entries = new Map<string, Value>();
    while (!this.#done()) {
      const key = this.#string();
      const start = this.at;
      entries.set(key, this.value(depth + 1));
      if (depth === 0 && key === "info") this.info = this.#bytes.slice(start, this.at);
    }
    return entries;
  }

  #list(depth: number): Value {
    const items: Value[] = [];
    while (!this.#done()) items.push(this.value(depth + 1));
    return items;
  }

  value(depth = 0): Value {
    if (depth > deepest) throw new Error("nested too deep");
    const kind = String.fromCharCode(this.#bytes[this.at] ?? 0);
    if (kind >= "0" && kind <= "9") return this.#string();
    this.at++;
    if (kind === "i") return this.#integer("e");
    if (kind === "l") return this.#list(depth);
    if (kind === "d") return this.#dictionary(depth);
    throw new Error("not bencoded");
  }
}

function files(info: Map<string, Value>, name: string): WorkInfo["files"] {
  const list = info.get("files");
  if (!Array.isArray(list)) return [{ path: name, length: Number(info.get("length")) }];
  return list.map((entry) => {
    if (!(entry instanceof Map)) throw new Error("a file is not a dictionary");
    const path = entry.get("path");
    return { path: Array.isArray(path) ? path.join("/") : "", length: Number(entry.get("length")) };
  });
}

/** Throws where the bytes are no v1 torrent. */
export async function readTorrent(bytes: Uint8Array<ArrayBuffer>): Promise<WorkInfo> {
  const reader = new Reader(bytes);
  const top = reader.value();
  const info = top instanceof Map ? top.get("info") : undefined;
  const name = info instanceof Map ? info.get("name") : undefined;
  if (!(info instanceof Map) || typeof name !== "string" || !reader.info) throw new Error("no info dictionary");
  const list = files(info, name);
  const length = list.reduce((sum, file) => sum + file.length, 0);
  if (!Number.isSafeInteger(length)) throw new Error("a length is missing");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", reader.info));
  const infohash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { infohash, name, length, pieceLength: Number(info.get("piece length")), files: list, magnet: `magnet:?xt=urn:btih:${infohash}` };
}
