/**
 * The page's side of the engine: the only file that loads it and talks to it. It is not even fetched before the first call that needs it, and
 * nothing is shared but under the mode that was set last.
 */
import { FanseedError, type Account, type Connect, type PublishOptions, type Seeder, type ShareMode, type Work } from "../types/engine.js";
import { limits } from "./limits.js";

const address = "/engine.js";

export const agreed = (mode: ShareMode): boolean => mode === "on" || mode === "playing";

export class Seeding {
  readonly #changed: () => void;
  #mode: ShareMode = "ask"; // says nothing: what other tabs do goes on
  #loading: Promise<Seeder> | undefined;
  #seeder: Seeder | undefined;
  /** What this tab published: seeded by its publisher's own click, whatever was said about sharing others' works. */
  readonly #published = new Set<string>();
  /** What `stopAll` stopped, so that `resumeAll` starts no more than that. */
  #halted: readonly string[] = [];

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
  set mode(mode: ShareMode) {
    this.#mode = mode;
    if (this.#seeder && this.#seeder.share !== mode) this.#seeder.share = mode;
    this.#changed();
  }

  works(): Work[] {
    return this.#seeder?.works() ?? [];
  }

  work(infohash: string): Work | undefined {
    return this.works().find((work) => work.infohash === infohash);
  }

  published(infohash: string): boolean {
    return this.#published.has(infohash);
  }

  /** What the person says about others' works. What they published themselves goes on. */
  choose(mode: ShareMode): void {
    if (!this.#published.size) this.mode = mode;
    else if (agreed(mode)) this.mode = "on";
  }

  /** Fetches a work, and shares it as far as was chosen. */
  async join(source: string | ArrayBuffer): Promise<Work> {
    const seeder = await this.#engine();
    return this.#follow(await seeder.add(source));
  }

  async publish(files: readonly File[], options: PublishOptions): Promise<Work> {
    const before = this.#mode;
    this.mode = "on";
    try {
      const seeder = await this.#engine();
      const work = await seeder.publish(files, options);
      this.#published.add(work.infohash);
      return this.#follow(work);
    } catch (error) {
      if (this.#mode === "on") this.mode = before;
      throw error;
    }
  }

  async account(): Promise<Account> {
    return (await this.#engine()).account();
  }

  stopAll(): void {
    const running = this.works().filter((work) => work.state !== "stopped");
    this.#halted = running.map((work) => work.infohash);
    for (const work of running) work.stop();
    this.#changed();
  }

  resumeAll(): void {
    for (const infohash of this.#halted) this.work(infohash)?.start();
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
    this.#seeder = await connect({ share: this.#mode, limits });
    this.mode = this.#mode; // what was said while it loaded
    return this.#seeder;
  }

  #follow(work: Work): Work {
    for (const type of ["state", "error"] as const) work.addEventListener(type, this.#changed);
    this.#cap();
    this.#changed();
    return work;
  }

  /** A publisher gives their own works as fast as they can. The caps that everybody was promised hold as soon as others' works are here too. */
  #cap(): void {
    if (!this.#seeder) return;
    const own = this.works().every((work) => this.#published.has(work.infohash));
    this.#seeder.limits = own ? { ...limits, uploadRate: Infinity, uploadPerDay: Infinity } : limits;
  }
}

/** The address is not a literal, so that no bundler ever pulls the engine into the page. */
async function fetchEngine(): Promise<{ connect: Connect }> {
  try {
    return (await import(address)) as { connect: Connect };
  } catch {
    throw new FanseedError("unreachable", "the engine could not be loaded");
  }
}
