/**
 * The page's side of the engine: the only file that loads it and talks to it. It is not even fetched before the first call that needs it.
 * One engine serves all tabs, so what it shall do follows from what is kept for the site, and not from what this tab remembers.
 */
import type { Account, AppealSubject, Boost, Connect, Pool, PublishOptions, Seeder, ShareMode, Work } from "../types/engine.js";
import { agreed, consent, halted, published } from "./consent.js";
import { limits, limitsChosen } from "./limits.js";
import { PartError, reach } from "./parts.js";

const address = "/engine.js";

export class Seeding {
  readonly #changed: () => void;
  #loading: Promise<Seeder> | undefined;
  #seeder: Seeder | undefined;
  /** The person has done something here that the engine has to follow, once it is loaded. */
  #said = false;
  /** Works that are being published, and not in `published` yet. */
  #hashing = 0;
  readonly #followed = new WeakSet<Work>();

  /** `changed` is called when a work comes, goes or changes its state, or the mode does. */
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

  /** Every work in this browser. */
  works(): Work[] {
    const works = this.#seeder?.works() ?? [];
    for (const work of works) this.#follow(work);
    return works;
  }

  work(infohash: string): Work | undefined {
    return this.#seeder?.works().find((work) => work.infohash === infohash);
  }

  published(infohash: string): boolean {
    return published.list.includes(infohash);
  }

  /** Does what the person has said. */
  follow(): void {
    this.#said = true;
    const seeder = this.#seeder;
    if (!seeder) return;
    const mode = this.#due();
    if (agreed(mode)) {
      if (!agreed(consent())) this.#holdOthers();
      if (seeder.share !== mode) seeder.share = mode;
    } else if (agreed(seeder.share)) seeder.share = "off";
    this.#changed();
  }

  /** What was published goes on by its publisher's own word, whatever was said about others' works. */
  #due(): ShareMode {
    return this.#hashing || published.list.length ? "on" : consent();
  }

  /** Others' works that were kept do not go on because of what one publishes: that needs consent of its own. */
  #holdOthers(): void {
    for (const work of this.works()) if (!this.published(work.infohash)) work.stop();
  }

  /** Goes on with what this browser has kept. */
  async restore(): Promise<void> {
    this.follow();
    await this.#engine();
  }

  /** Fetches a work, and shares it as far as was chosen. */
  async join(source: string | ArrayBuffer): Promise<Work> {
    this.follow();
    const seeder = await this.#engine();
    return this.#here(await seeder.add(source));
  }

  async publish(files: readonly File[], options: PublishOptions): Promise<Work> {
    this.#hashing++;
    try {
      this.follow();
      const seeder = await this.#engine();
      const work = await seeder.publish(files, options);
      published.list = [...new Set(published.list).add(work.infohash)];
      return this.#here(work);
    } finally {
      this.#hashing--;
      this.follow();
    }
  }

  async account(): Promise<Account> {
    return (await this.#engine()).account();
  }

  async boost(infohash: string, options: Parameters<Seeder["boost"]>[1]): Promise<Boost> {
    return (await this.#engine()).boost(infohash, options);
  }

  async fund(infohash: string, options: Parameters<Seeder["fund"]>[1]): Promise<Pool> {
    return (await this.#engine()).fund(infohash, options);
  }

  async appeal(about: AppealSubject, note: string): Promise<void> {
    await (await this.#engine()).appeal(about, note);
  }

  async statement(format: "json" | "csv"): Promise<Blob> {
    return (await this.#engine()).statement(format);
  }

  /** With what the browser has kept of it. */
  async remove(infohash: string): Promise<void> {
    await this.work(infohash)?.remove({ deleteData: true });
    published.list = published.list.filter((other) => other !== infohash);
    this.follow();
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

  /**
   * A publisher who has set no limits gives their own works as fast as they can. The caps that everybody was promised hold as soon as others'
   * works are here too.
   */
  cap(): void {
    if (!this.#seeder) return;
    const works = this.#seeder.works();
    const own = works.length > 0 && works.every((work) => this.published(work.infohash));
    this.#seeder.limits = own && !limitsChosen() ? { ...limits(), uploadRate: Infinity, uploadPerDay: Infinity } : limits();
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
    const seeder = await connect(); // follows what other tabs do, until somebody says something here
    for (const type of ["works", "share"] as const) seeder.addEventListener(type, this.#changed);
    this.#seeder = seeder;
    if (this.#said) {
      this.cap();
      this.follow();
    }
    return seeder;
  }

  #here(work: Work): Work {
    this.#follow(work);
    this.cap();
    this.#changed();
    return work;
  }

  #follow(work: Work): void {
    if (this.#followed.has(work)) return;
    this.#followed.add(work);
    for (const type of ["state", "error"] as const) work.addEventListener(type, this.#changed);
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
