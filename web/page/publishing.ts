/** Publishing, from what was chosen to the link: the part of the page that does it. */
import "./main.js"; // a part shares all that the page's first script has
import { FanseedError } from "../types/engine.js";
import type { App } from "./app.js";
import { droppedFiles } from "./drop.js";
import type { PublishStep } from "./facts.js";
import "./publish_steps.js";
import { filled } from "./seedhead_pieces.js";
import { workInfo } from "./server.js";
import { fault } from "./words_fault.js";
import { say as spoken } from "./words_live.js";

const watched = 1000; // ms between two looks at the server's copy

export class Publishing {
  readonly #app: App;
  #hashing: AbortController | undefined;

  constructor(app: App) {
    this.#app = app;
  }

  pick(files: File[]): void {
    if (this.#app.facts.publishing.step === "hashing") return;
    const folder = files[0]?.webkitRelativePath.split("/")[0];
    const name = folder || files[0]?.name || "";
    const none = bytes(files) === 0 && fault(new FanseedError("no_files", "only empty files"));
    this.#app.set({ publishing: { step: "chosen", files, name, ...(none && { fault: none }) } });
    if (this.#app.facts.route.view !== "home") this.#app.go("/");
  }

  /** A .torrent alone is opened; everything else is to be published. */
  async drop(entries: FileSystemEntry[], loose: File[]): Promise<void> {
    const files = await droppedFiles(entries, loose);
    const [first] = files;
    if (files.length === 1 && first?.name.endsWith(".torrent")) this.#app.handle({ do: "open", source: first });
    else if (files.length) this.pick(files);
  }

  async publish(name: string, copy: boolean | undefined): Promise<void> {
    const app = this.#app;
    const before = app.facts.publishing;
    if (before.step !== "chosen") return;
    const total = bytes(before.files);
    const ending = (this.#hashing = new AbortController());
    const say = (publishing: PublishStep): void => void (ending.signal.aborted || app.set({ publishing }));
    const progress = (hashed: number, all: number): void => say({ step: "hashing", name, hashed, total: all, levels: filled(hashed / all) });
    progress(0, total);
    app.stopped(false);
    try {
      const { seeding } = await app.sharing();
      const work = await seeding.publish(before.files, { name, onprogress: progress, signal: ending.signal, ...(copy !== undefined && { copy }) });
      say({ step: "published", infohash: work.infohash, name: work.name });
      app.say(spoken.aloud.published(work.name));
      void app.list();
      void this.#watch(work.infohash);
    } catch (error) {
      say({ step: "chosen", files: before.files, name, fault: fault(error) });
    }
  }

  /** Says how far the server's copy is, until it is complete or something else is published. */
  async #watch(infohash: string): Promise<void> {
    for (;;) {
      const copy = await workInfo(infohash).then((info) => info.copy, () => undefined);
      const { publishing } = this.#app.facts;
      if (!copy || publishing.step !== "published" || publishing.infohash !== infohash) return;
      this.#app.set({ publishing: { ...publishing, copy } });
      if (copy.state !== "pulling") return;
      await new Promise((next) => setTimeout(next, watched));
    }
  }

  cancel(): void {
    this.#hashing?.abort();
    this.#app.set({ publishing: { step: "idle" } });
  }
}

const bytes = (files: File[]): number => files.reduce((sum, file) => sum + file.size, 0);
