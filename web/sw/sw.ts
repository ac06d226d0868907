/**
 * Serves `/stream/<infohash>/<file>/<name>` from the page's own engine, so that media elements, downloads and `fetch` can read a work
 * while it arrives.
 *
 * It keeps no state: a browser may end it at any time. A body is pulled, never pushed, with the exact range that was asked for (RFC 9110
 * §14); when the bytes cannot come, the body fails and does not end early.
 */
import type { StreamAnswer, StreamPull } from "../engine/messages.js";

declare const self: ServiceWorkerGlobalScope;
interface ServiceWorkerGlobalScope extends WorkerGlobalScope {
  clients: { claim(): Promise<void>; get(id: string): Promise<Client | undefined>; matchAll(options: { type: "window" }): Promise<Client[]> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", f: (e: { waitUntil(p: Promise<unknown>): void }) => void): void;
  addEventListener(type: "fetch", f: (e: FetchEvent) => void): void;
}
interface WorkerGlobalScope {
  readonly location: Location;
}
interface Client {
  postMessage(message: unknown, transfer: Transferable[]): void;
}
interface FetchEvent {
  readonly request: Request;
  readonly clientId: string;
  respondWith(r: Promise<Response>): void;
}

const STREAM = /^\/stream\/([0-9a-f]{40})\/(\d{1,6})\//;
const PULL = 256 << 10;
const ANSWER_WITHIN = 5000;

self.addEventListener("install", (e) => e.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  const found = url.origin === self.location.origin && STREAM.exec(url.pathname);
  if (found) e.respondWith(answer(e, found[1]!, Number(found[2])));
});

async function answer(e: FetchEvent, infohash: string, file: number): Promise<Response> {
  if (e.request.method !== "GET" && e.request.method !== "HEAD") return new Response("", { status: 405, headers: { Allow: "GET, HEAD" } });
  const own = await self.clients.get(e.clientId);
  for (const client of own ? [own] : await self.clients.matchAll({ type: "window" })) {
    const stream = await open(client, infohash, file);
    if (stream) return respond(e.request, stream);
  }
  return new Response("this work is not open in any tab", { status: 404 });
}

interface Stream {
  port: MessagePort;
  length: number;
}

/** Asks a page for a file; undefined when it does not have it. */
function open(client: Client, infohash: string, file: number): Promise<Stream | undefined> {
  const { port1: port, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(undefined), ANSWER_WITHIN);
    port.onmessage = ({ data }: MessageEvent<StreamAnswer>) => {
      clearTimeout(late);
      resolve("length" in data ? { port, length: data.length } : undefined);
    };
    client.postMessage({ kind: "stream", infohash, file }, [port2]);
  });
}

/** The one range of bytes that was asked for; undefined for the whole, null when it cannot be satisfied. */
export function range(header: string | null, length: number): [first: number, last: number] | undefined | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (!found || (found[1] === "" && found[2] === "")) return undefined;
  const first = found[1] === "" ? Math.max(0, length - Number(found[2])) : Number(found[1]);
  const last = found[1] === "" || found[2] === "" ? length - 1 : Math.min(Number(found[2]), length - 1);
  if (found[1] !== "" && found[2] !== "" && Number(found[2]) < first) return null;
  return first <= last ? [first, last] : null;
}

function respond(request: Request, stream: Stream): Response {
  const headers = new Headers({
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-store",
    "Content-Type": mime(new URL(request.url).pathname),
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
  });
  const part = range(request.headers.get("Range"), stream.length);
  if (part === null) {
    stream.port.close();
    headers.set("Content-Range", `bytes */${stream.length}`);
    return new Response("", { status: 416, headers });
  }
  const [first, last] = part ?? [0, stream.length - 1];
  headers.set("Content-Length", String(last - first + 1));
  if (part) headers.set("Content-Range", `bytes ${first}-${last}/${stream.length}`);
  const status = part ? 206 : 200;
  if (request.method === "HEAD") {
    stream.port.close();
    return new Response(null, { status, headers });
  }
  return new Response(body(stream.port, first, last + 1), { status, headers });
}

function body(port: MessagePort, begin: number, end: number): ReadableStream<Uint8Array> {
  const finish = (): void => {
    port.postMessage({ begin: -1, end: -1 } satisfies StreamPull);
    port.close();
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        new Promise<void>((resolve) => {
          port.onmessage = ({ data }: MessageEvent<StreamAnswer>) => {
            if ("data" in data && data.data.byteLength > 0) {
              begin += data.data.byteLength;
              controller.enqueue(new Uint8Array(data.data));
            } else {
              controller.error(new Error("error" in data ? data.error : "no bytes"));
              finish();
            }
            if (begin >= end) {
              controller.close();
              finish();
            }
            resolve();
          };
          port.postMessage({ begin, end: Math.min(begin + PULL, end) } satisfies StreamPull);
        }),
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
}

const TYPES: Record<string, string> = {
  mp3: "audio/mpeg", m4a: "audio/mp4", ogg: "audio/ogg", opus: "audio/ogg", flac: "audio/flac", wav: "audio/wav",
  mp4: "video/mp4", m4v: "video/mp4", webm: "video/webm", mov: "video/quicktime", vtt: "text/vtt",
  jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", gif: "image/gif", webp: "image/webp", avif: "image/avif",
  txt: "text/plain; charset=utf-8", md: "text/plain; charset=utf-8", pdf: "application/pdf",
};

/** By the name's ending, and never anything that runs: the bytes are a stranger's, on our own origin. */
function mime(path: string): string {
  return TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
