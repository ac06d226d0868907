/**
 * The page's side of the engine: the only file that loads it and talks to it. It is not even fetched before the first call that needs it, and
 * nothing is shared but under the mode that was set last.
 */
import type { Account, Connect, PublishOptions, Seeder, ShareMode, Work } from "../types/engine.js";
import { agreed, halted, published } from "./consent.js";
import { limits } from "./limits.js";
import { PartError, reach } from "./parts.js";

const address = "/engine.js";

export class Seeding {
  readonly #changed: () => void;
  #mode: ShareMode = "ask"; // says nothing: what other tabs do goes on
  #loading: Promise<Seeder> | undefined;
  #seeder: Seeder | undefined;
  /** What the person said about others' works. */
  #consent: ShareMode = "ask";
  /** What this browser published: seeded by its publisher's own click, whatever was said about sharing others' works. */
  readonly #published = new Set(published.list);
  /** Works that are being published, and not in `#published` yet. */
  #hashing = 0;
  readonly #followed = new WeakSet<Work>();

  /** `changed` is called when a work's state changes or the mode does. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get running(): boolean {
    return this.#seeder !== undefined;
  }

  /** "off" as long as the engine does not run. */
  get mode(): ShareMode {
    return this.#seeder?.share ?? "off";
  }

  /** Holds for an engine that is still being loaded, too. */
  #turn(mode: ShareMode): void {
    this.#mode = mode;
    if (this.#seeder && this.#seeder.share !== mode) {
      if (agreed(mode)) this.#holdOthers(this.#seeder.works());
      this.#seeder.share = mode;
    }
    this.#changed();
  }

  /** Every work in this browser. */
  works(): Work[] {
    const works = this.#seeder?.works() ?? [];
    if (!this.#hashing) this.#holdOthers(works);
    for (const work of works) this.#follow(work);
    return works;
  }

  work(infohash: string): Work | undefined {
    return this.#seeder?.works().find((work) => work.infohash === infohash);
  }

  published(infohash: string): boolean {
    return this.#published.has(infohash);
  }

  /** What the person says about others' works. What they published themselves goes on. */
  choose(mode: ShareMode): void {
    this.#consent = mode;
    if (!this.#published.size) this.#turn(mode);
    else this.#turn("on");
  }

  /** Nothing is shared any more, one's own works included. */
  withdraw(): void {
    this.#consent = "off";
    this.#published.clear();
    this.#turn("off");
  }

  /** Goes on with what this browser has kept. */
  async restore(): Promise<void> {
    await this.#engine();
    this.#cap();
  }

  /** Fetches a work, and shares it as far as was chosen. */
  async join(source: string | ArrayBuffer): Promise<Work> {
    const seeder = await this.#engine();
    return this.#here(await seeder.add(source));
  }

  async publish(files: readonly File[], options: PublishOptions): Promise<Work> {
    const before = this.#mode;
    this.#hashing++;
    this.#turn("on");
    try {
      const seeder = await this.#engine();
      const work = await seeder.publish(files, options);
      this.#published.add(work.infohash);
      published.list = [...this.#published];
      return this.#here(work);
    } catch (error) {
      if (this.#mode === "on") this.#turn(before);
      throw error;
    } finally {
      this.#hashing--;
    }
  }

  async account(): Promise<Account> {
    return (await this.#engine()).account();
  }

  stopAll(): void {
    const running = this.works().filter((work) => work.state !== "stopped");
    halted.list = running.map((work) => work.infohash);
    for (const work of running) work.stop();
    this.#changed();
  }

  resumeAll(): void {
    for (const infohash of halted.list) this.work(infohash)?.start();
    halted.list = [];
    this.#changed();
  }

  /** Loads the engine at the first call. A load that failed is tried again at the next. */
  #engine(): Promise<Seeder> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<Seeder> {
    const { connect } = await fetchEngine();
    this.#seeder = await connect({ share: "off", limits });
    this.#turn(this.#mode); // what was said while it loaded, too
    return this.#seeder;
  }

  /** Others' works that were kept do not go on because of what one publishes: that needs consent of its own. */
  #holdOthers(works: Work[]): void {
    if (agreed(this.#consent)) return;
    for (const work of works) if (work.state !== "stopped" && !this.#published.has(work.infohash)) work.stop();
  }

  #here(work: Work): Work {
    this.#follow(work);
    this.#cap();
    this.#changed();
    return work;
  }

  #follow(work: Work): void {
    if (this.#followed.has(work)) return;
    this.#followed.add(work);
    for (const type of ["state", "error"] as const) work.addEventListener(type, this.#changed);
  }

  /** A publisher gives their own works as fast as they can. The caps that everybody was promised hold as soon as others' works are here too. */
  #cap(): void {
    if (!this.#seeder) return;
    const own = this.#seeder.works().every((work) => this.#published.has(work.infohash));
    this.#seeder.limits = own ? { ...limits, uploadRate: Infinity, uploadPerDay: Infinity } : limits;
  }
}

/** The address is not a literal, so that no bundler ever pulls the engine into the page. */
async function fetchEngine(): Promise<{ connect: Connect }> {
  await reach(address);
  try {
    return (await import(address)) as { connect: Connect };
  } catch {
    throw new PartError(address);
  }
}
