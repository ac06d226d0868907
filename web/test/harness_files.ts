import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, setting, type Scope } from "./harness_scope";

/** A directory that is gone after the scope. */
export function temporary(scope: Scope): string {
  const dir = mkdtempSync(join(tmpdir(), "fanseed-test-"));
  // A browser's helper processes may still write for a moment after it has ended.
  atEnd(scope, () => rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return dir;
}

/**
 * `size` bytes that follow from the seed alone and do not compress. It needs nothing around it, so that pages have it too: as
 * `makeFile` of every page that `launch` opens.
 */
export function makeFile(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let x = (seed * 2654435761 + 1) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13; // xorshift32, Marsaglia 2003
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A file of the npm package webtorrent-fixtures, such as "leaves.torrent". */
export function fixture(name: string): Buffer<ArrayBuffer> {
  return readFileSync(join(setting("FANSEED_WEB"), "node_modules/webtorrent-fixtures/fixtures", name)) as Buffer<ArrayBuffer>;
}

/** The stock WebTorrent client's own browser bundle, unmodified: an ES module whose default export is the client. */
export function stockClient(): string {
  return readFileSync(join(setting("FANSEED_WEB"), "node_modules/webtorrent/dist/webtorrent.min.js"), "utf8");
}

/** A bundled *.page.ts of the tests: an ES module for a page. */
export function pageScript(name: string): string {
  return readFileSync(join(setting("FANSEED_SCRIPTS"), `${name}.page.mjs`), "utf8");
}

/**
 * Serves scripts and WebAssembly, by name, from an origin that is not Fanseed's, with an empty page at "/". What a person
 * does who clears the site's data, /clear-site-data does. Gives the origin.
 */
export async function servePages(scope: Scope, scripts: Record<string, string | Uint8Array> = {}): Promise<string> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://127.0.0.1").pathname.slice(1);
    const script = scripts[name];
    response.setHeader("content-type", script === undefined ? "text/html" : name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
    response.setHeader("access-control-allow-origin", "*");
    if (name === "clear-site-data") response.setHeader("clear-site-data", `"storage"`);
    response.end(script ?? `<!doctype html><title>page</title><link rel="icon" href="data:,">`);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  atEnd(scope, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
