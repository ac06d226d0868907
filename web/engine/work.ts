/** A work and its files as the page has them: they show what the engine said last, and pass on what the page asks. */
import { FanseedError, type Peer, type Work, type WorkFile, type Cap, type Webseed } from "../types/engine.js";
import type { Snapshot } from "./messages.js";
import type { Tabs } from "./tabs.js";

class OneFile implements WorkFile {
  constructor(
    private readonly tabs: Tabs,
    private readonly work: OneWork,
    private readonly index: number,
  ) {}

  get path(): string { return this.#file.path; }
  get length(): number { return this.#file.length; }
  get progress(): number { return this.length === 0 ? 1 : (this.work.snapshot.got?.[this.index] ?? 0) / this.length; }
  get selected(): boolean { return this.work.selected?.has(this.index) ?? true; }

  url(): string {
    if (!this.work.streams) throw new FanseedError("unsupported", "this page can have no service worker");
    return `/stream/${this.work.infohash}/${this.index}/${encodeURIComponent(this.path.slice(this.path.lastIndexOf("/") + 1))}`;
  }

  async blob(): Promise<Blob> {
    if (this.work.removed) throw new FanseedError("removed", "the work was removed");
    return this.tabs.call("blob", { infohash: this.work.infohash, file: this.index });
  }

  prioritize(): void {
    this.tabs.call("prioritize", { infohash: this.work.infohash, file: this.index }).catch(() => undefined);
  }

  get #file(): { path: string; length: number } {
    return this.work.snapshot.files![this.index]!;
  }
}

export class OneWork extends EventTarget implements Work {
  snapshot: Snapshot;
  /** The files that are fetched, where not all are. */
  selected: Set<number> | undefined;
  removed = false;
  readonly done: Promise<void>;
  #finish!: () => void;
  #fail!: (e: FanseedError) => void;
  #files: OneFile[] = [];

  constructor(
    private readonly tabs: Tabs,
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
  get helping(): boolean { return this.snapshot.helps !== undefined; }
  get kept(): boolean { return this.snapshot.kept; }
  get caps(): readonly Cap[] { return this.snapshot.caps; }
  get webseeds(): readonly Webseed[] { return this.snapshot.webseeds; }
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

  select(files?: readonly WorkFile[]): void {
    const numbers = files?.map((file) => this.#files.indexOf(file as OneFile)).filter((n) => n >= 0);
    this.tabs.call("select", { infohash: this.infohash, ...(numbers && { files: numbers }) }).catch(() => undefined);
  }
  start(): void {
    this.tabs.call("start", { infohash: this.infohash }).catch(() => undefined);
  }
  stop(): void {
    this.tabs.call("stop", { infohash: this.infohash }).catch(() => undefined);
  }
  async remove(options: { deleteData?: boolean } = {}): Promise<void> {
    await this.tabs.call("remove", { infohash: this.infohash, deleteData: options.deleteData ?? false });
  }

  take(told: Snapshot): void {
    const before = this.snapshot;
    const files = told.files ?? before.files ?? [];
    const s = { ...told, files, got: told.got ?? before.got };
    this.snapshot = s;
    this.selected = s.selected && new Set(s.selected);
    if (this.#files.length !== files.length) this.#files = files.map((_, i) => new OneFile(this.tabs, this, i));
    if (s.length > 0 && s.missing === 0) this.#finish();
    if (before.state !== s.state || before.length !== s.length) this.dispatchEvent(new Event("state"));
    if (before.state !== s.state && s.state === "error") this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new Event("progress"));
  }

  end(why: FanseedError): void {
    this.removed = true;
    this.#fail(why);
  }
}
