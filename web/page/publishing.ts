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
import { say } from "./words_publishing.js";

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

  async publish(name: string, copy: boolean): Promise<void> {
    const app = this.#app;
    const before = app.facts.publishing;
    if (before.step !== "chosen") return;
    const total = bytes(before.files);
    const ending = (this.#hashing = new AbortController());
    const show = (publishing: PublishStep): void => void (ending.signal.aborted || app.set({ publishing }));
    const progress = (hashed: number, all: number): void => show({ step: "hashing", name, hashed, total: all, levels: filled(hashed / all) });
    progress(0, total);
    app.stopped(false);
    try {
      const { seeding } = await app.sharing();
      const work = await seeding.publish(before.files, { name, copy, onprogress: progress, signal: ending.signal });
      show({ step: "published", infohash: work.infohash, name: work.name });
      app.say(spoken.aloud.published(work.name));
      void app.list();
      void this.#follow(work.infohash);
    } catch (error) {
      show({ step: "chosen", files: before.files, name, fault: fault(error) });
    }
  }

  /** Shows how far the server's copy is, until it is whole, there will be none, or the person looks at something else. */
  async #follow(infohash: string): Promise<void> {
    for (;;) {
      const info = await workInfo(infohash).catch(() => undefined); // it is asked again
      const { publishing } = this.#app.facts;
      if (publishing.step !== "published" || publishing.infohash !== infohash) return;
      if (info) this.#app.set({ publishing: { ...publishing, ...(info.copy && { copy: info.copy }) } });
      if (info?.copy?.state === "whole") return this.#app.say(say.whole);
      if (info && (!info.copy || info.copy.state === "declined")) return;
      await new Promise((wake) => setTimeout(wake, followed));
    }
  }

  cancel(): void {
    this.#hashing?.abort();
    this.#app.set({ publishing: { step: "idle" } });
  }
}

const followed = 2000; // milliseconds between two looks at the server's copy

const bytes = (files: File[]): number => files.reduce((sum, file) => sum + file.size, 0);
