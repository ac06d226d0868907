/**
 * The page's API: one seeder a tab, which shows what the engine says, wherever it runs, and passes on what the page asks. See tabs.ts for
 * who runs it.
 */
import { FanseedError, type Account, type Appeal, type AppealSubject, type Boost, type ConnectOptions, type Limits, type Pool, type PublishOptions, type Seeder, type SeederEventMap, type ShareMode, type Storage, type Work } from "../types/engine.js";
import type { Event as Told, Receipt, Snapshot, StreamAnswer } from "./messages.js";
import { parse } from "./source.js";
import { countStreams, startStreams, takeStreams } from "./stream.js";
import { sharing, Tabs } from "./tabs.js";
import { OneWork } from "./work.js";

export { FanseedError } from "../types/engine.js";
export type * from "../types/engine.js";

type Options = ConnectOptions & { proxied?: boolean };

const DEFAULTS: Limits = { uploadRate: 1 << 20, uploadPerDay: 1 << 30, storage: 2 * (1 << 30) };
/** 32 hex digits that nobody has used. */
const newID = (): string => crypto.randomUUID().replaceAll("-", "");
const CLOSED = new FanseedError("closed", "the seeder was closed");

class OneSeeder extends EventTarget implements Seeder {
  readonly tabs: Tabs;
  storage: Storage | undefined;
  readonly #works = new Map<string, OneWork>();
  readonly #hashing = new Map<string, (hashed: number, total: number) => void>();
  readonly #published = new Map<string, File[]>(); // for as long as the engine reads from them
  #rate: number | undefined;
  #asked = false; // for the rate and for lasting storage, once sharing began
  #held: { account: string; receipts: Receipt[] } | undefined;
  readonly #stopStreams: () => void;

  constructor(
    readonly server: string,
    { share = "ask", limits, proxied = false }: Options,
    private readonly streams: boolean,
  ) {
    super();
    const wish = { ...(share !== "ask" && { share }), ...(limits && { limits: { ...DEFAULTS, ...limits } }) };
    const seat = { take: this.#take, changed: this.#changed, failed: this.#end, now: () => ({ storage: this.storage, works: [...this.#works.values()].map((work) => work.snapshot) }) };
    this.tabs = new Tabs(server, proxied, seat, { share: "ask", limits: DEFAULTS }, wish);
    this.#stopStreams = takeStreams(({ infohash, file }, port) => this.#stream(infohash, file, port));
    addEventListener("pagehide", this.#hide);
    addEventListener("pageshow", this.#show);
    this.tabs.join();
    this.#begin();
  }

  get share(): ShareMode { return this.tabs.state.share; }
  set share(share: ShareMode) {
    this.#check();
    this.tabs.set({ share });
  }

  get limits(): Limits { return { ...this.tabs.state.limits }; }
  set limits(limits: Partial<Limits>) {
    this.#check();
    this.tabs.set({ limits: { ...this.limits, ...limits } });
  }

  async publish(files: readonly File[], options: PublishOptions = {}): Promise<Work> {
    this.#check();
    const { onprogress, signal, webseeds, ...rest } = options;
    const id = this.tabs.id();
    if (onprogress) this.#hashing.set(id, onprogress);
    const abort = (): void => {
      this.tabs.drop(id, new FanseedError("aborted", "publishing was ended"));
      this.tabs.call("abort", { call: id }).catch(() => undefined);
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const made = this.tabs.call("publish", { call: id, files: [...files], paths: paths(files), ...rest, ...(webseeds && { webseeds: [...webseeds] }) }, id);
      if (signal?.aborted) abort();
      const work = this.#work((await made).infohash);
      this.#published.set(work.infohash, [...files]);
      return work;
    } finally {
      this.#hashing.delete(id);
      signal?.removeEventListener("abort", abort);
    }
  }

  async add(source: string | ArrayBuffer | File): Promise<Work> {
    this.#check();
    const { infohash } = await this.tabs.call("add", await parse(source));
    return this.#work(infohash);
  }

  works(): Work[] {
    return [...this.#works.values()];
  }

  async account(): Promise<Account> {
    this.#check();
    const account = await this.tabs.call("account", {});
    this.#rate = account.rate;
    return account;
  }

  async boost(infohash: string, { price, epochs = 1, promo = false, id = newID() }: Parameters<Seeder["boost"]>[1]): Promise<Boost> {
    this.#check();
    return this.tabs.call("boost", { id, infohash, price, epochs, promo });
  }

  async fund(infohash: string, { amount, rate, epochs = 30, id = newID() }: Parameters<Seeder["fund"]>[1]): Promise<Pool> {
    this.#check();
    return this.tabs.call("fund", { id, infohash, amount, rate, epochs });
  }

  async appeal(about: AppealSubject, note: string): Promise<Appeal> {
    this.#check();
    return this.tabs.call("appeal", { about, note });
  }

  async statement(format: "json" | "csv"): Promise<Blob> {
    this.#check();
    return this.tabs.call("statement", { format });
  }

  async close(): Promise<void> {
    if (this.tabs.ended) return;
    await this.tabs.close(CLOSED);
    this.#handIn();
    this.#end(CLOSED);
  }

  #check(): void {
    if (this.tabs.ended) throw this.tabs.ended;
  }

  #work(infohash: string): OneWork {
    const work = this.#works.get(infohash);
    if (!work) throw new FanseedError("internal", "the engine does not know its own work");
    return work;
  }

  readonly #take = (e: Told): void => {
    switch (e.kind) {
      case "storage":
        this.storage = e.storage;
        return this.#say("works");
      case "work":
        return this.#tell(e.work);
      case "removed":
        return this.#forget(e.infohash);
      case "ready":
        return this.#restored(new Set(e.works));
      case "streams":
        return countStreams(e.change);
      case "hashed":
        return this.#hashing.get(e.id)?.(e.hashed, e.total);
      case "receipts":
        this.#held = { account: e.account, receipts: e.receipts };
    }
  };

  #tell(snapshot: Snapshot): void {
    const { infohash } = snapshot;
    const known = this.#works.get(infohash);
    if (known) return known.take(snapshot);
    this.#works.set(infohash, new OneWork(this.tabs, snapshot, () => this.#rate, this.streams));
    this.#say("works");
  }

  #forget(infohash: string): void {
    this.#works.get(infohash)?.end(new FanseedError("removed", "the work was removed"));
    this.#published.delete(infohash);
    if (this.#works.delete(infohash)) this.#say("works");
  }

  /** An engine has begun, perhaps in another tab: what it does not know is gone, and what it read from files of ours it cannot read now. */
  #restored(works: Set<string>): void {
    for (const infohash of this.#works.keys()) if (!works.has(infohash)) this.#forget(infohash);
    for (const [infohash, files] of this.#published) this.tabs.call("hand", { infohash, files, paths: paths(files) }).catch(() => undefined);
  }

  readonly #changed = (): void => {
    this.#begin();
    this.#say("share");
  };

  /** What is needed once the person has agreed, and not before. */
  #begin(): void {
    if (this.#asked || !sharing(this.tabs.state)) return;
    this.#asked = true;
    void this.#askRate();
    void keepStorage();
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

  #stream(infohash: string, file: number, port: MessagePort): void {
    if (this.tabs.leads && this.#works.has(infohash)) return this.tabs.stream({ infohash, file, port });
    port.postMessage({ error: this.tabs.leads ? "not_found" : "elsewhere" } satisfies StreamAnswer);
  }

  /** The page goes, perhaps to come back as it is: another tab may lead meanwhile. */
  readonly #hide = (): void => {
    this.#handIn();
    this.tabs.part();
  };

  /** What was said elsewhere meanwhile is not known: this tab waits to hear it. */
  readonly #show = (e: PageTransitionEvent): void => {
    if (!e.persisted) return;
    this.tabs.state = { ...this.tabs.state, share: "ask" };
    this.tabs.join();
    this.#changed();
  };

  /** Hands in the receipts that the server has not acknowledged, in a request that outlives the page. */
  #handIn(): void {
    const held = this.#held;
    if (!held?.receipts.length) return;
    const receipts = held.receipts.slice(0, 300).map(({ serial, amount, signature }) => ({ serial, amount, signature })); // keepalive bodies: at most 64 KiB
    const body = JSON.stringify({ account: held.account, receipts });
    fetch(`${this.server}/v1/settle`, { method: "POST", keepalive: true, credentials: "omit", headers: { "Content-Type": "application/json" }, body }).catch(() => undefined);
  }

  readonly #end = (why: FanseedError): void => {
    removeEventListener("pagehide", this.#hide);
    removeEventListener("pageshow", this.#show);
    this.#stopStreams();
    for (const work of this.#works.values()) work.end(why);
    this.#works.clear();
  };

  #say(type: keyof SeederEventMap): void {
    this.dispatchEvent(new Event(type));
  }
}

/** Asks the browser not to throw away what it keeps for this site when room gets scarce. It may say no. */
async function keepStorage(): Promise<void> {
  try {
    if (!(await navigator.storage.persisted())) await navigator.storage.persist();
  } catch {
    // Where it cannot be asked, what is kept may be evicted; that is noticed and survived.
  }
}

/** Opens the engine. Errors: unsupported. */
export async function connect(options: Options = {}): Promise<Seeder> {
  if (typeof Worker === "undefined" || typeof WebAssembly === "undefined") {
    throw new FanseedError("unsupported", "this browser has no WebAssembly in workers");
  }
  const server = new URL(options.server ?? import.meta.url).origin;
  const seeder = new OneSeeder(server, options, await startStreams());
  await seeder.tabs.ready;
  return seeder;
}

const paths = (files: readonly File[]): string[] => files.map((file) => file.webkitRelativePath || file.name);
