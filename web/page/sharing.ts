/** What shares: the part of the page that loads and asks the engine, shows what it says, and reads aloud what it has done. */
import "./main.js"; // a part shares all that the page's first script has
import type { Account, Work } from "../types/engine.js";
import type { App } from "./app.js";
import { saveKey, type Earnings, type Facts } from "./facts.js";
import type { Fault } from "./fault.js";
import "./live.js";
import { live } from "./live_work.js";
import "./meter.js";
import { parts } from "./parts.js";
import "./peers.js";
import { Seeding } from "./seeding.js";
import { serverInfo, type WorkInfo } from "./server.js";
import { fault } from "./words_fault.js";
import { say } from "./words_live.js";
import "./works_live.js";

const shown = 500; // ms between two looks at the engine

export class Sharing {
  readonly seeding = new Seeding(() => this.look());
  readonly #app: App;
  readonly #finished = new Set<string>();
  #checking = false;

  constructor(app: App) {
    this.#app = app;
    document.addEventListener("visibilitychange", () => this.look());
    setInterval(() => this.look(), shown);
  }

  /** Looks at the engine, if it runs. */
  look(): void {
    if (!this.seeding.running) return;
    const works = this.seeding.works();
    for (const work of works) this.#notice(work);
    if (!document.hidden) this.#app.set({ works: works.map((work) => live(work, this.seeding.published(work.infohash))), sharing: this.seeding.mode });
  }

  #notice(work: Work): void {
    if (work.state !== "seeding" || this.#finished.has(work.infohash)) return;
    this.#finished.add(work.infohash);
    if (this.seeding.published(work.infohash) || work.helping) return;
    this.#app.say(say.aloud.complete(work.name));
    if (this.#app.facts.consent === "playing") work.stop();
  }

  /** Goes on with what this browser has kept, and with what "Stop" had stopped. */
  async restore(): Promise<Fault | undefined> {
    try {
      await this.seeding.restore();
      this.seeding.resumeAll();
      return undefined;
    } catch (error) {
      return fault(error);
    }
  }

  async join(info: WorkInfo): Promise<Facts["joining"]> {
    if (this.seeding.work(info.infohash)) return { state: "no" };
    try {
      const work = await this.seeding.join(this.#app.known.source(info));
      if (this.#app.facts.stopped) work.stop(); // pressed while the engine loaded
      return { state: "no" };
    } catch (error) {
      return { state: "failed", error: fault(error) };
    }
  }

  stopAll(): void {
    this.seeding.stopAll();
    this.#app.say(say.aloud.stopped);
  }

  start(infohash: string): void {
    this.seeding.work(infohash)?.start();
    this.look();
  }

  stop(infohash: string): void {
    this.seeding.work(infohash)?.stop();
    this.look();
  }

  async remove(infohash: string): Promise<void> {
    try {
      await this.seeding.remove(infohash);
    } catch (error) {
      this.#app.set({ fault: fault(error) });
    }
    this.look();
  }

  /** Fetches a file that was left out, too. */
  fetch(infohash: string, index: number): void {
    this.seeding.work(infohash)?.files[index]?.prioritize();
  }

  async save(infohash: string, index: number): Promise<void> {
    const file = this.seeding.work(infohash)?.files[index];
    if (!file) return;
    const app = this.#app;
    const key = saveKey(infohash, index);
    app.set({ saving: [...app.facts.saving, key] });
    try {
      download(await file.blob(), file.path.split("/").at(-1) ?? file.path);
    } catch (error) {
      app.set({ fault: fault(error) });
    }
    app.set({ saving: app.facts.saving.filter((other) => other !== key) });
  }

  async earnings(): Promise<Earnings> {
    try {
      const account = await this.seeding.account();
      void this.#check(account);
      return { state: "ready", account };
    } catch (error) {
      const found = fault(error);
      return found.code === "no_account" || found.code === "not_found" ? { state: "none" } : { state: "error", error: found };
    }
  }

  /** Looks for what an account was told in the public log. One look at a time; what is shown stays until the next is done. */
  async #check(account: Account): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const [{ checkLog }, { logKey }] = await Promise.all([parts.proving(), this.#app.facts.server ?? serverInfo()]);
      if (logKey) this.#app.set({ inLog: await checkLog(location.origin, logKey, account) });
    } catch {
      this.#app.set({ inLog: { receipts: new Map(), lines: new Map(), alarms: [], fault: "unreachable", evidence: "" } });
    } finally {
      this.#checking = false;
    }
  }
}

export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once the browser has surely begun
}
