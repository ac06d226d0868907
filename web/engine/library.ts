/** The list of works, which outlives the engine: what it holds in memory is what the database has, or is about to have. */
import { forgetWork, keepWork, loadWorks, type Kept } from "./database.js";

export class Library {
  private constructor(
    private readonly server: string,
    private readonly kept: Map<string, Kept>,
  ) {}

  static async open(server: string): Promise<Library> {
    const works = await loadWorks(server).catch(() => []);
    return new Library(server, new Map(works.map((work) => [work.infohash, work])));
  }

  /** Oldest first. */
  works(): Kept[] {
    return [...this.kept.values()];
  }

  get(infohash: string): Kept | undefined {
    return this.kept.get(infohash);
  }

  /** Keeps a work, started; one that is kept already stays as it is. */
  async add(infohash: string, magnet: string, torrent?: Uint8Array<ArrayBuffer>, helps?: number): Promise<void> {
    if (this.kept.has(infohash)) return;
    await this.#keep({ server: this.server, infohash, magnet, ...(torrent && { torrent }), ...(helps && { helps }), started: true, added: Date.now() });
  }

  /** Nothing happens for a work that is not kept. */
  async change(infohash: string, change: Partial<Pick<Kept, "torrent" | "selected" | "started" | "helps">>): Promise<void> {
    const work = this.kept.get(infohash);
    if (work) await this.#keep({ ...work, ...change });
  }

  async forget(infohash: string): Promise<void> {
    const work = this.kept.get(infohash);
    this.kept.delete(infohash);
    if (work) await forgetWork(work);
  }

  /** Where the database has no room for it the work goes on until the engine ends. */
  async #keep(work: Kept): Promise<void> {
    this.kept.set(work.infohash, work);
    await keepWork(work).catch(() => undefined);
  }
}
