/**
 * Serves `/stream/<infohash>/<file>/<name>` from the engine, in whichever tab it runs, so that media elements, downloads and `fetch` can
 * read a work while it arrives.
 *
 * It keeps no state: a browser may end it at any time. A body is pulled, never pushed, with the exact range that was asked for (RFC 9110
 * §14). When the engine moves to another tab the body goes on from there; when the bytes cannot come, it fails and does not end early.
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
  readonly id: string;
  postMessage(message: unknown, transfer: Transferable[]): void;
}
interface FetchEvent {
  readonly request: Request;
  readonly clientId: string;
  respondWith(r: Promise<Response>): void;
}

const STREAM = /^\/stream\/([0-9a-f]{40})\/(\d{1,6})\//;
const PULL = 256 << 10;
const ANSWER_WITHIN = 2500; // ms for a tab to say anything about a file
const SILENT_FOR = 3000; // ms after which an engine that gives no sign of life is gone
const MOVED_WITHIN = 10_000; // ms for the engine to go on in another tab
const ASK_AGAIN = 200; // ms

self.addEventListener("install", (e) => e.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  const found = url.origin === self.location.origin && STREAM.exec(url.pathname);
  if (found) e.respondWith(answer(e, found[1]!, found[2]!));
});

async function answer(e: FetchEvent, infohash: string, number: string): Promise<Response> {
  if (e.request.method !== "GET" && e.request.method !== "HEAD") return new Response("", { status: 405, headers: { Allow: "GET, HEAD" } });
  const file = new Source(e.clientId, infohash, Number(number));
  const stream = await file.find();
  return stream ? respond(e.request, file, stream) : new Response("this work is not open in any tab", { status: 404 });
}

interface Stream {
  port: MessagePort;
  length: number;
}

/** One file, wherever the engine is. */
class Source {
  constructor(
    private readonly client: string,
    private readonly infohash: string,
    private readonly file: number,
  ) {}

  /** Asks the tab that wants the file, then all others. While no tab says that it leads, the engine may be on its way to one. */
  async find(again = false): Promise<Stream | undefined> {
    for (const end = Date.now() + MOVED_WITHIN; Date.now() < end; await new Promise((wake) => setTimeout(wake, ASK_AGAIN))) {
      const clients = await self.clients.matchAll({ type: "window" });
      const own = clients.filter(({ id }) => id === this.client);
      const others = clients.filter(({ id }) => id !== this.client);
      let found = await this.#ask(own);
      if (found === undefined || found === "elsewhere") found = (await this.#ask(others)) ?? found;
      if (typeof found === "object") return found;
      if (found !== "elsewhere" && !again) return undefined;
    }
    return undefined;
  }

  /** The first of these tabs that has the file, or else what they say: the one with the engine knows best. */
  async #ask(clients: Client[]): Promise<Answer> {
    let taken = false;
    let said: Answer;
    const asked = clients.map(async (client) => {
      const answer = await open(client, this.infohash, this.file);
      if (answer === "missing" || (answer === "elsewhere" && said !== "missing")) said = answer;
      if (typeof answer !== "object") throw answer;
      if (taken) finish(answer.port);
      taken = true;
      return answer;
    });
    return Promise.any(asked).catch(() => said);
  }
}

/** What a page says of a file: "missing" where its engine does not have it, "elsewhere" when no engine runs there, undefined where it says nothing. */
type Answer = Stream | "missing" | "elsewhere" | undefined;

/** Asks a page for a file. */
function open(client: Client, infohash: string, file: number): Promise<Answer> {
  const { port1: port, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    let late: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      clearTimeout(late);
      late = setTimeout(() => resolve(undefined), ANSWER_WITHIN);
    };
    port.onmessage = ({ data }: MessageEvent<StreamAnswer>) => {
      wait();
      if ("length" in data) resolve({ port, length: data.length });
      else if ("error" in data) resolve(data.error === "elsewhere" || data.error === "closed" ? "elsewhere" : "missing");
    };
    wait();
    client.postMessage({ kind: "stream", infohash, file }, [port2]);
  });
}

function finish(port: MessagePort): void {
  port.postMessage({ begin: -1, end: -1 } satisfies StreamPull);
  port.close();
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

function respond(request: Request, file: Source, stream: Stream): Response {
  const headers = new Headers({
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-store",
    "Content-Type": mime(new URL(request.url).pathname),
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
  });
  const part = range(request.headers.get("Range"), stream.length);
  if (part === null) {
    finish(stream.port);
    headers.set("Content-Range", `bytes */${stream.length}`);
    return new Response("", { status: 416, headers });
  }
  const [first, last] = part ?? [0, stream.length - 1];
  headers.set("Content-Length", String(last - first + 1));
  if (part) headers.set("Content-Range", `bytes ${first}-${last}/${stream.length}`);
  const status = part ? 206 : 200;
  if (request.method === "HEAD") {
    finish(stream.port);
    return new Response(null, { status, headers });
  }
  return new Response(body(file, stream, first, last + 1), { status, headers });
}

function body(file: Source, from: Stream, begin: number, end: number): ReadableStream<Uint8Array> {
  let stream: Stream | undefined = from;
  let wanted = true;
  const next = async (): Promise<Uint8Array> => {
    for (;;) {
      if (!wanted) throw new Error("nobody reads any more");
      stream ??= await file.find(true);
      if (stream?.length !== from.length) throw new Error("the work is not open in any tab any more");
      const data = await pull(stream.port, { begin, end: Math.min(begin + PULL, end) });
      if (data) return data;
      stream.port.close();
      stream = undefined;
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const data = await next();
        begin += data.byteLength;
        controller.enqueue(data);
        if (begin < end) return;
        controller.close();
        if (stream) finish(stream.port);
      },
      cancel() {
        wanted = false;
        if (stream) finish(stream.port);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Bytes from one engine; undefined when it has gone. */
function pull(port: MessagePort, wanted: StreamPull): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    let silent: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      clearTimeout(silent);
      silent = setTimeout(() => resolve(undefined), SILENT_FOR);
    };
    port.onmessage = ({ data }: MessageEvent<StreamAnswer>) => {
      wait();
      if ("alive" in data) return;
      clearTimeout(silent);
      if ("data" in data && data.data.byteLength > 0) resolve(new Uint8Array(data.data));
      else if ("error" in data && data.error === "closed") resolve(undefined);
      else reject(new Error("error" in data ? data.error : "no bytes"));
    };
    wait();
    port.postMessage(wanted);
  });
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
