/**
 * An engine that moves no byte: the whole of the page's API over an imaginary swarm, for tests of the page and for designing it. It never
 * gets into a bundle that people load. Time passes only by `tick`; `globalThis.fakeEngine` is the test's hand on it.
 */
import {
  FanseedError,
  type Account, type Appeal, type AppealSubject, type Boost,
  type Connect,
  type ErrorCode,
  type Limits,
  type Peer,
  type Pool, type PublishOptions,
  type Seeder,
  type ShareMode,
  type Work,
  type WorkFile,
  type WorkState,
} from "../types/engine.js";

const pieceLength = 256 * 1024;
const defaults: Limits = { uploadRate: 1024 ** 2, uploadPerDay: 1024 ** 3, storage: 2 * 1024 ** 3 };
const hashRate = 64 * 1024 ** 2; // bytes a second
const connectTime = 1; // seconds until the first peer

/** A peer of the imaginary swarm. */
export interface FakePeer extends Peer {
  /** Bytes a second that it gives while we miss something, and takes once we are complete. */
  speed: number;
}

const crowd: FakePeer[] = [
  ["Fanseed 0.1", 1, 1_400_000, true],
  ["WebTorrent 3.0.21", 0.62, 350_000, false],
  ["Fanseed 0.1", 0.18, 180_000, true],
].map(([client, progress, speed, ticket]) => ({ client, progress, speed, ticket, downRate: 0, upRate: 0, downloaded: 0, uploaded: 0, choked: false }) as FakePeer);

interface Metadata {
  infohash: string;
  name: string;
  files: { path: string; length: number; blob?: Blob }[];
}

export class FakeWork extends EventTarget implements Work {
  readonly infohash: string;
  readonly pieceLength = pieceLength;
  readonly kept = true;
  helping = false;
  readonly caps: Work["caps"] = [];
  readonly webseeds: Work["webseeds"] = [];
  name: string;
  files: readonly WorkFile[] = [];
  state: WorkState = "stopped";
  error: FanseedError | undefined;
  downRate = 0;
  upRate = 0;
  downloaded = 0;
  uploaded = 0;
  credits: number | undefined = 0;
  /** Verified bytes. */
  have = 0;
  length = 0;
  /** Who connects once the work runs. */
  swarm: FakePeer[] = crowd.map((peer) => ({ ...peer }));
  /** Stopped by hand: changing the share mode does not start it. */
  held = false;
  readonly done: Promise<void>;
  #age = 0; // seconds since it runs
  #finish: () => void = () => undefined;
  #blobs: (Blob | undefined)[] = [];
  readonly #allowed: () => boolean;

  constructor({ infohash, name, files }: Metadata, allowed: () => boolean) {
    super();
    this.infohash = infohash;
    this.name = name;
    this.#allowed = allowed;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    this.describe(files);
  }

  /** The metadata is here. */
  describe(files: Metadata["files"]): void {
    this.length = files.reduce((sum, file) => sum + file.length, 0);
    this.#blobs = files.map((file) => file.blob);
    let start = 0;
    this.files = files.map((file, index) => this.#file(file, index, (start += file.length) - file.length));
    this.dispatchEvent(new Event("state"));
  }

  #file({ path, length }: Metadata["files"][number], index: number, start: number): WorkFile {
    const progress = (): number => (length ? Math.min(1, Math.max(0, (this.have - start) / length)) : 1);
    return {
      path,
      length,
      get progress() {
        return progress();
      },
      url: () => {
        throw new FanseedError("unsupported", "the fake streams nothing");
      },
      blob: () => this.done.then(() => this.#blobs[index] ?? new Blob([new Uint8Array(length)])),
      selected: true,
      prioritize: () => undefined,
    };
  }

  get magnet(): string {
    return `magnet:?xt=urn:btih:${this.infohash}&dn=${encodeURIComponent(this.name)}`;
  }

  get pieces(): number {
    return Math.ceil(this.length / pieceLength);
  }

  get missing(): number {
    return this.length - this.have;
  }

  get progress(): number {
    return this.length ? this.have / this.length : 0;
  }

  bitfield(): Uint8Array {
    const bits = new Uint8Array(Math.ceil(this.pieces / 8));
    const full = this.missing ? Math.floor(this.have / pieceLength) : this.pieces;
    // Rarest first looks scattered: a step that has no factor in common with the number of pieces meets each of them once.
    let step = Math.max(1, Math.floor(this.pieces * 0.382));
    while (gcd(step, this.pieces) > 1) step++;
    for (let i = 0; i < full; i++) {
      const piece = (i * step) % this.pieces;
      bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
    }
    return bits;
  }

  get peers(): number {
    return this.peerList().length;
  }

  peerList(): FakePeer[] {
    const running = this.state === "downloading" || this.state === "seeding";
    return running && this.#age >= connectTime ? this.swarm : [];
  }

  #turn(state: WorkState): void {
    if (this.state === state) return;
    this.state = state;
    this.#age = 0;
    this.downRate = this.upRate = 0;
    this.dispatchEvent(new Event("state"));
  }

  /** Runs if it may and was not stopped by hand. */
  wake(): void {
    if (!this.held && this.#allowed()) this.#turn(this.missing || !this.length ? "downloading" : "seeding");
  }

  /** What `share` does when it says no. */
  rest(): void {
    this.#turn("stopped");
  }

  start(): void {
    this.held = false;
    this.error = undefined;
    this.wake();
  }

  stop(): void {
    this.held = true;
    this.rest();
  }

  select(): void {
    // Everything always is.
  }

  fail(code: ErrorCode): void {
    this.error = new FanseedError(code, `the fake was told to give ${code}`);
    this.#turn("error");
    this.dispatchEvent(new Event("error"));
  }

  /** Takes it out of its seeder. */
  forget: () => void = () => undefined;

  async remove(): Promise<void> {
    this.stop();
    this.forget();
  }

  tick(seconds: number, perGiB: number): void {
    if (this.state !== "downloading" && this.state !== "seeding") return;
    this.#age += seconds;
    if (this.#age < connectTime || !this.length) return;
    this.downRate = this.upRate = 0;
    for (const peer of this.swarm) this.#exchange(peer, seconds, perGiB);
    if (this.state === "downloading" && !this.missing) this.#complete();
    this.dispatchEvent(new Event("progress"));
  }

  #exchange(peer: FakePeer, seconds: number, perGiB: number): void {
    const down = Math.min(this.missing, peer.speed * peer.progress * seconds);
    const up = peer.progress < 1 && !peer.choked ? peer.speed * this.progress * 0.5 * seconds : 0;
    this.have += Math.round(down);
    this.downloaded += Math.round(down);
    this.uploaded += Math.round(up);
    peer.downloaded += Math.round(down);
    peer.uploaded += Math.round(up);
    this.downRate += peer.downRate = down / seconds;
    this.upRate += peer.upRate = up / seconds;
    if (peer.ticket) this.credits = (this.credits ?? 0) + Math.floor((up / 1024 ** 3) * perGiB);
  }

  #complete(): void {
    this.#finish();
    this.#turn("seeding");
    this.#age = connectTime;
  }

  /** Everything is here at once. */
  fill(): void {
    this.have = this.length;
    if (this.state === "downloading") this.#complete();
  }
}

const gcd = (a: number, b: number): number => (b ? gcd(b, a % b) : a);

async function infohashOf(files: readonly File[]): Promise<string> {
  const text = files.map((file) => `${file.name}:${file.size}`).join();
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const newID = (): string => crypto.randomUUID().replaceAll("-", "");

const noAccount = (): never => {
  throw new FanseedError("no_account", "no key has been made");
};

export class FakeSeeder extends EventTarget implements Seeder {
  readonly server = location.origin;
  readonly storage = "disk";
  /** What the page has called, in order. */
  readonly calls: string[] = [];
  /** What `account()` hands out. Undefined: no key yet. */
  books: Account | undefined;
  /** The next call of this name fails with this code. */
  readonly failing = new Map<string, ErrorCode>();
  /** How `publish` was called. */
  readonly published: PublishOptions[] = [];
  readonly #works: FakeWork[] = [];
  #share: ShareMode;
  #limits: Limits;
  #waiting: { seconds: number; wake: () => void }[] = [];

  constructor(share: ShareMode, limits: Partial<Limits>) {
    super();
    this.#share = share;
    this.#limits = { ...defaults, ...limits };
  }

  #called(name: string): void {
    this.calls.push(name);
    const code = this.failing.get(name);
    this.failing.delete(name);
    if (code) throw new FanseedError(code, `the fake was told to give ${code}`);
  }

  readonly #allowed = (): boolean => this.#share === "on" || this.#share === "playing";

  get share(): ShareMode {
    return this.#share;
  }

  set share(mode: ShareMode) {
    this.#called(`share ${mode}`);
    this.#share = mode;
    for (const work of this.#works) this.#allowed() ? work.wake() : work.rest();
    this.dispatchEvent(new Event("share"));
  }

  get limits(): Limits {
    return this.#limits;
  }

  set limits(limits: Partial<Limits>) {
    this.#limits = { ...this.#limits, ...limits };
    this.dispatchEvent(new Event("share"));
  }

  works(): FakeWork[] {
    return [...this.#works];
  }

  #keep(metadata: Metadata): FakeWork {
    const here = this.#works.find((work) => work.infohash === metadata.infohash);
    if (here) return here;
    const work = new FakeWork(metadata, this.#allowed);
    this.#works.push(work);
    work.forget = () => {
      this.#works.splice(this.#works.indexOf(work), 1);
      this.dispatchEvent(new Event("works"));
    };
    work.wake();
    this.dispatchEvent(new Event("works"));
    return work;
  }

  #pause(seconds: number): Promise<void> {
    return new Promise((wake) => this.#waiting.push({ seconds, wake }));
  }

  async publish(files: readonly File[], options: PublishOptions = {}): Promise<Work> {
    const { name = files[0]?.name ?? "", onprogress, signal } = options;
    this.#called("publish");
    this.published.push(options);
    const total = files.reduce((sum, file) => sum + file.size, 0);
    if (!total) throw new FanseedError("no_files", "nothing to publish");
    if (!this.#allowed()) throw new FanseedError("not_sharing", "share is off");
    for (let hashed = 0; hashed < total; hashed = Math.min(total, hashed + hashRate / 4)) {
      onprogress?.(hashed, total);
      await this.#pause(0.25);
      if (signal?.aborted) throw new FanseedError("aborted", "cancelled");
    }
    onprogress?.(total, total);
    const list = files.map((file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/") || file.name, length: file.size, blob: file }));
    const work = this.#keep({ infohash: await infohashOf(files), name, files: list });
    work.start();
    work.fill();
    return work;
  }

  async add(source: string | ArrayBuffer | File): Promise<Work> {
    this.#called("add");
    if (typeof source !== "string") throw new FanseedError("bad_torrent", "the fake reads no torrent");
    const infohash = /[0-9a-f]{40}/i.exec(source)?.[0].toLowerCase();
    if (!infohash) throw new FanseedError("bad_link", "no infohash");
    if (source.startsWith("magnet:")) return this.#keep({ infohash, name: new URLSearchParams(source.slice(8)).get("dn") ?? "", files: [] });
    const response = await fetch(`/v1/works/${infohash}`);
    if (!response.ok) throw new FanseedError("not_found", "no such work");
    return this.#keep((await response.json()) as Metadata);
  }

  async account(): Promise<Account> {
    this.#called("account");
    return this.books ?? noAccount();
  }

  async boost(infohash: string, { price, epochs = 1, promo = false, id = newID() }: Parameters<Seeder["boost"]>[1]): Promise<Boost> {
    this.#called("boost");
    const boost = { id, infohash, price, fee: Math.ceil(price / 50), first: 3, epochs, ends: Date.now() + epochs * 86_400_000, promo };
    (this.books ?? noAccount()).boosts.push(boost);
    return boost;
  }

  async fund(infohash: string, { amount, rate, epochs = 30, id = newID() }: Parameters<Seeder["fund"]>[1]): Promise<Pool> {
    this.#called("fund");
    const pool = { id, infohash, amount, left: amount, rate, last: 2 + epochs, ends: Date.now() + epochs * 86_400_000 };
    (this.books ?? noAccount()).pools.push(pool);
    return pool;
  }

  async appeal(about: AppealSubject, note: string): Promise<Appeal> {
    this.#called("appeal");
    const kept: Appeal = { ...about, name: "", bytes: 0, minutes: 0, credits: 0, reason: "", reasonText: "", note, time: Date.now(), state: "open", answer: "", answered: 0 };
    (this.books ?? noAccount()).appeals.unshift(kept);
    return kept;
  }

  async statement(format: "json" | "csv"): Promise<Blob> {
    this.#called(`statement ${format}`);
    return new Blob([format], { type: format === "csv" ? "text/csv" : "application/json" });
  }

  async close(): Promise<void> {
    this.#called("close");
    this.share = "off";
  }

  /** Lets time pass. */
  tick(seconds: number): void {
    const due = this.#waiting.filter((wait) => (wait.seconds -= seconds) <= 0);
    this.#waiting = this.#waiting.filter((wait) => wait.seconds > 0);
    for (const wait of due) wait.wake();
    for (const work of this.#works) work.tick(seconds, this.books?.rate ?? 1_000_000);
  }
}

declare global {
  var fakeEngine: FakeSeeder | undefined;
  /** Set before the engine is loaded: what happens to every new seeder, such as a statement or a clock. */
  var prepareFakeEngine: ((seeder: FakeSeeder) => void) | undefined;
}

export const connect: Connect = async ({ share = "ask", limits = {} } = {}) => {
  globalThis.fakeEngine = new FakeSeeder(share, limits);
  globalThis.prepareFakeEngine?.(globalThis.fakeEngine);
  return globalThis.fakeEngine;
};
