/**
 * The page's API. One engine a page: a worker that does the work, the peer connections that only a page can own, and these objects, which
 * show what the worker says and pass on what the page asks.
 */
import { FanseedError, type Account, type ConnectOptions, type Limits, type Peer, type PublishOptions, type Seeder, type ShareMode, type Work, type WorkFile } from "../types/engine.js";
import type { Boot, Call, Event, Methods, Receipt, Reply, RTCCommand, Snapshot } from "./messages.js";
import { PeerConnections } from "./rtc_page.js";
import { countStreams, startStreams, takeStreams } from "./stream.js";

export { FanseedError } from "../types/engine.js";
export type * from "../types/engine.js";

declare const __WORKER_URL__: string;

const DEFAULTS: Limits = { uploadRate: 1 << 20, uploadPerDay: 1 << 30, storage: 2 * (1 << 30) };
const CLOSED = new FanseedError("closed", "the seeder was closed");

/** The worker as the page sees it: calls with answers, and events. */
class Remote {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (v: never) => void; reject: (e: FanseedError) => void }>();
  #calls = 0;
  #ended: FanseedError | undefined;

  constructor(boot: Boot, take: (e: Event) => void) {
    try {
      this.#worker = new Worker(new URL(__WORKER_URL__, import.meta.url), { type: "module", name: "fanseed" });
    } catch (error) {
      throw new FanseedError("unsupported", `the engine's worker cannot be started here: ${String(error)}`);
    }
    const pcs = new PeerConnections((e, transfer = []) => this.#worker.postMessage(e, transfer), boot.proxied);
    this.pcs = pcs;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Event | Reply | RTCCommand>) => {
      if (data.kind === "rtc") pcs.command(data);
      else if (data.kind === "reply") this.#answer(data);
      else take(data);
    });
    this.#worker.addEventListener("error", (e) => this.end(new FanseedError("internal", `the engine's worker failed: ${e.message}`)));
    this.#worker.postMessage(boot);
  }

  readonly pcs: PeerConnections;

  call<M extends keyof Methods>(method: M, args: Methods[M][0], id = this.id(), transfer: Transferable[] = []): Promise<Methods[M][1]> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ kind: "call", id, method, args } satisfies Call, transfer);
    });
  }

  id(): number {
    return ++this.#calls;
  }

  end(why: FanseedError): void {
    this.#ended ??= why;
    this.pcs.closeAll();
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }

  #answer(r: Reply): void {
    const waiting = this.#waiting.get(r.id);
    this.#waiting.delete(r.id);
    if (r.error) waiting?.reject(new FanseedError(r.error.code, r.error.message));
    else waiting?.resolve(r.value as never);
  }
}

class OneFile implements WorkFile {
  constructor(
    private readonly remote: Remote,
    private readonly work: OneWork,
    private readonly index: number,
  ) {}

  get path(): string { return this.#now.path; }
  get length(): number { return this.#now.length; }
  get progress(): number { return this.#now.progress; }

  url(): string {
    if (!this.work.streams) throw new FanseedError("unsupported", "this page can have no service worker");
    return `/stream/${this.work.infohash}/${this.index}/${encodeURIComponent(this.path.slice(this.path.lastIndexOf("/") + 1))}`;
  }

  async blob(): Promise<Blob> {
    if (this.work.removed) throw new FanseedError("removed", "the work was removed");
    return this.remote.call("blob", { infohash: this.work.infohash, file: this.index });
  }

  prioritize(): void {
    this.remote.call("prioritize", { infohash: this.work.infohash, file: this.index }).catch(() => undefined);
  }

  get #now(): Snapshot["files"][number] {
    return this.work.snapshot.files[this.index]!;
  }
}

class OneWork extends EventTarget implements Work {
  snapshot: Snapshot;
  removed = false;
  readonly done: Promise<void>;
  #finish!: () => void;
  #fail!: (e: FanseedError) => void;
  #files: OneFile[] = [];

  constructor(
    private readonly remote: Remote,
    snapshot: Snapshot,
    private readonly rate: () => number | undefined,
    readonly streams: boolean,
  ) {
    super();
    this.snapshot = snapshot;
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.done.catch(() => undefined); // it is no fault not to wait
    this.take(snapshot);
  }

  get infohash(): string { return this.snapshot.infohash; }
  get magnet(): string { return this.snapshot.magnet; }
  get name(): string { return this.snapshot.name; }
  get length(): number { return this.snapshot.length; }
  get files(): readonly WorkFile[] { return this.#files; }
  get pieceLength(): number { return this.snapshot.pieceLength; }
  get pieces(): number { return this.snapshot.pieces; }
  bitfield(): Uint8Array { return this.snapshot.bitfield.slice(); }
  get state(): Snapshot["state"] { return this.snapshot.state; }
  get error(): FanseedError | undefined {
    const e = this.snapshot.error;
    return e && new FanseedError(e.code, e.message);
  }
  get progress(): number { return this.snapshot.progress; }
  get missing(): number { return this.snapshot.missing; }
  get peers(): number { return this.snapshot.peers.length; }
  peerList(): Peer[] { return this.snapshot.peers.map((p) => ({ ...p })); }
  get downRate(): number { return this.snapshot.downRate; }
  get upRate(): number { return this.snapshot.upRate; }
  get downloaded(): number { return this.snapshot.downloaded; }
  get uploaded(): number { return this.snapshot.uploaded; }
  get credits(): number | undefined {
    const rate = this.rate();
    return rate === undefined ? undefined : Math.floor((this.snapshot.earned * rate) / (1 << 30));
  }

  start(): void {
    this.remote.call("start", { infohash: this.infohash }).catch(() => undefined);
  }
  stop(): void {
    this.remote.call("stop", { infohash: this.infohash }).catch(() => undefined);
  }
  async remove(options: { deleteData?: boolean } = {}): Promise<void> {
    await this.remote.call("remove", { infohash: this.infohash, deleteData: options.deleteData ?? false });
  }

  take(s: Snapshot): void {
    const before = this.snapshot;
    this.snapshot = s;
    if (this.#files.length !== s.files.length) this.#files = s.files.map((_, i) => new OneFile(this.remote, this, i));
    if (s.length > 0 && s.missing === 0) this.#finish();
    if (before.state !== s.state || before.length !== s.length) this.dispatchEvent(new window.Event("state"));
    if (before.state !== s.state && s.state === "error") this.dispatchEvent(new window.Event("error"));
    this.dispatchEvent(new window.Event("progress"));
  }

  end(why: FanseedError): void {
    this.removed = true;
    this.#fail(why);
  }
}

class OneSeeder implements Seeder {
  readonly #remote: Remote;
  readonly #works = new Map<string, OneWork>();
  readonly #hashing = new Map<number, (hashed: number, total: number) => void>();
  #share: ShareMode;
  #limits: Limits;
  #rate: number | undefined;
  #held: { account: string; receipts: Receipt[] } | undefined;
  readonly #streams: boolean;
  readonly #stopStreams: () => void;
  #closed = false;

  constructor(
    readonly server: string,
    options: ConnectOptions & { proxied?: boolean },
    streams: boolean,
  ) {
    this.#share = options.share ?? "ask";
    this.#limits = { ...DEFAULTS, ...options.limits };
    this.#remote = new Remote({ kind: "boot", server, limits: this.#limits, proxied: options.proxied ?? false }, (e) => this.#take(e));
    this.#streams = streams;
    this.#stopStreams = takeStreams(({ infohash, file }, port) => this.#stream(infohash, file, port));
    addEventListener("pagehide", this.#hand);
    if (this.#sharing) this.#tellShare();
  }

  get share(): ShareMode { return this.#share; }
  set share(mode: ShareMode) {
    this.#check();
    const before = this.#sharing;
    this.#share = mode;
    if (this.#sharing !== before) this.#tellShare();
  }

  get limits(): Limits { return { ...this.#limits }; }
  set limits(limits: Partial<Limits>) {
    this.#check();
    this.#limits = { ...this.#limits, ...limits };
    this.#remote.call("limits", { limits: this.#limits }).catch(() => undefined);
  }

  async publish(files: readonly File[], options: PublishOptions = {}): Promise<Work> {
    this.#check();
    const { onprogress, signal, webseeds, ...rest } = options;
    const id = this.#remote.id();
    if (onprogress) this.#hashing.set(id, onprogress);
    const abort = (): void => void this.#remote.call("abort", { call: id });
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    try {
      const made = await this.#remote.call("publish", { call: id, files: [...files], ...rest, ...(webseeds && { webseeds: [...webseeds] }) }, id);
      return this.#work(made.infohash);
    } finally {
      this.#hashing.delete(id);
      signal?.removeEventListener("abort", abort);
    }
  }

  async add(source: string | ArrayBuffer | File): Promise<Work> {
    this.#check();
    const { infohash } = await this.#remote.call("add", await parse(source));
    return this.#work(infohash);
  }

  works(): Work[] {
    return [...this.#works.values()];
  }

  async account(): Promise<Account> {
    this.#check();
    const account = await this.#remote.call("account", {});
    this.#rate = account.rate;
    return account;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    removeEventListener("pagehide", this.#hand);
    this.#stopStreams();
    await this.#remote.call("close", {}).catch(() => undefined);
    this.#handIn();
    this.#remote.end(CLOSED);
    for (const work of this.#works.values()) work.end(CLOSED);
    this.#works.clear();
  }

  #stream(infohash: string, file: number, port: MessagePort): void {
    if (!this.#works.has(infohash)) return port.postMessage({ error: "not_found" });
    this.#remote.call("stream", { infohash, file, port }, undefined, [port]).catch(() => undefined);
  }

  get #sharing(): boolean {
    return this.#share === "on" || this.#share === "playing";
  }

  #check(): void {
    if (this.#closed) throw CLOSED;
  }

  /** Withdrawing closes the connections here at once, whatever the worker is doing. */
  #tellShare(): void {
    const on = this.#sharing;
    if (on && this.#rate === undefined) void this.#askRate();
    const told = this.#remote.call("share", { on }).catch(() => undefined);
    if (on) return;
    void Promise.race([told, new Promise((resolve) => setTimeout(resolve, 500))]).then(() => {
      if (!this.#sharing) this.#remote.pcs.closeAll();
    });
  }

  async #askRate(): Promise<void> {
    try {
      const response = await fetch(`${this.server}/v1/server`, { credentials: "omit" });
      const rate = ((await response.json()) as { rate_per_gib?: unknown }).rate_per_gib;
      if (typeof rate === "number") this.#rate = rate;
    } catch {
      // Without the server's rate a work shows no credits; nothing else depends on it.
    }
  }

  #work(infohash: string): OneWork {
    const work = this.#works.get(infohash);
    if (!work) throw new FanseedError("internal", "the engine does not know its own work");
    return work;
  }

  #take(e: Event): void {
    switch (e.kind) {
      case "work": {
        const known = this.#works.get(e.work.infohash);
        if (known) known.take(e.work);
        else this.#works.set(e.work.infohash, new OneWork(this.#remote, e.work, () => this.#rate, this.#streams));
        return;
      }
      case "removed":
        this.#works.get(e.infohash)?.end(new FanseedError("removed", "the work was removed"));
        this.#works.delete(e.infohash);
        return;
      case "streams":
        return countStreams(e.change);
      case "hashed":
        return this.#hashing.get(e.id)?.(e.hashed, e.total);
      case "receipts":
        this.#held = { account: e.account, receipts: e.receipts };
        return;
      case "failed":
        return this.#remote.end(new FanseedError(e.code, e.message));
      case "ready":
        return;
    }
  }

  readonly #hand = (): void => this.#handIn();

  /** Hands in the receipts that the server has not acknowledged, in a request that outlives the page. */
  #handIn(): void {
    const held = this.#held;
    if (!held?.receipts.length) return;
    const receipts = held.receipts.slice(0, 300).map(({ serial, amount, signature }) => ({ serial, amount, signature })); // keepalive bodies: at most 64 KiB
    const body = JSON.stringify({ account: held.account, receipts });
    fetch(`${this.server}/v1/settle`, { method: "POST", keepalive: true, credentials: "omit", headers: { "Content-Type": "application/json" }, body }).catch(() => undefined);
  }
}

/** Tells a magnet, an infohash, an address and a .torrent apart. */
async function parse(source: string | ArrayBuffer | File): Promise<Methods["add"][0]> {
  if (source instanceof ArrayBuffer) return { torrent: source };
  if (source instanceof Blob) return { torrent: await source.arrayBuffer() };
  const text = source.trim();
  if (/^[0-9a-f]{40}$/i.test(text)) return { infohash: text.toLowerCase() };
  if (/^magnet:/i.test(text)) return { magnet: text };
  if (!URL.canParse(text) || !/^https?:/i.test(text)) throw new FanseedError("bad_link", "this is neither a magnet, an infohash, nor the address of a .torrent");
  return { torrent: await download(text) };
}

const MOST_TORRENT = 10 << 20;

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

/** Opens the engine. Errors: unsupported. */
export async function connect(options: ConnectOptions & { proxied?: boolean } = {}): Promise<Seeder> {
  if (typeof Worker === "undefined" || typeof WebAssembly === "undefined") {
    throw new FanseedError("unsupported", "this browser has no WebAssembly in workers");
  }
  const server = new URL(options.server ?? import.meta.url).origin;
  return new OneSeeder(server, options, await startStreams());
}
