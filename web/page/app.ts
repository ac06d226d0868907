/**
 * The controller: it turns the elements' requests into calls, and what the engine and the server say into facts. The engine is not even
 * fetched before the person has agreed to share, publishes, or asks for their account.
 */
import type { Work } from "../types/engine.js";
import { consent, remember, rememberStopped, stopped, type Consent } from "./consent.js";
import { fault, live, saveKey, type Facts, type Fault, type Publishing, type Request } from "./facts.js";
import { KnownWorks, type Entry } from "./known.js";
import { route, workPath } from "./route.js";
import { agreed, Seeding } from "./seeding.js";
import { listWorks, serverInfo } from "./server.js";

const shown = 500; // ms between two looks at the engine
const listed = 15_000; // ms between two looks at the server

export class App {
  facts: Facts;
  readonly #show: (facts: Facts) => void;
  readonly #say: (event: Announcement) => void;
  readonly #seeding = new Seeding(() => this.#look());
  readonly #known = new KnownWorks();
  readonly #finished = new Set<string>();
  #hashing: AbortController | undefined;
  #painting = false;
  #path = "";

  constructor(show: (facts: Facts) => void, say: (event: Announcement) => void) {
    this.#show = show;
    this.#say = say;
    this.facts = {
      route: route(location.pathname),
      origin: location.origin,
      consent: consent(),
      sharing: "off",
      stopped: stopped(),
      server: undefined,
      listing: { state: "loading" },
      works: [],
      info: { state: "loading" },
      joining: { state: "no" },
      publishing: { step: "idle" },
      earnings: { state: "asleep" },
      saving: [],
      openFault: undefined,
      fault: undefined,
    };
  }

  start(): void {
    addEventListener("popstate", () => location.pathname === this.#path || this.#arrive());
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), shown);
    setInterval(() => document.hidden || this.#refresh(), listed);
    void serverInfo().then(
      (server) => this.#set({ server }),
      () => undefined, // the view's own request says what is wrong
    );
    this.#arrive();
  }

  /** Shows another view under its own address. */
  go(path: string, entry: Entry = {}): void {
    history.pushState(entry, "", path);
    scrollTo(0, 0);
    this.#arrive();
  }

  handle(request: Request): void {
    switch (request.do) {
      case "choose":
        return this.#choose(request.mode);
      case "ask again":
        return this.#set({ consent: "ask" });
      case "withdraw":
        return this.#withdraw();
      case "stop all":
        return this.#stopAll();
      case "resume all":
        return this.#resumeAll();
      case "start":
        return this.#resumeOne(request.infohash);
      case "stop":
        this.#seeding.work(request.infohash)?.stop();
        return this.#look();
      case "save":
        return void this.#save(request.infohash, request.index);
      case "pick":
        return this.#pick(request.files);
      case "publish":
        return void this.#publish(request.name);
      case "cancel publish":
        return this.#cancel();
      case "open":
        return void this.#open(request.source);
      case "show earnings":
        return void this.#loadEarnings();
      case "dismiss":
        return this.#set({ fault: undefined });
      case "retry":
        return this.#arrive();
    }
  }

  // Facts

  #set(facts: Partial<Facts>): void {
    this.facts = { ...this.facts, ...facts };
    if (this.#painting) return;
    this.#painting = true;
    queueMicrotask(() => {
      this.#painting = false;
      this.#show(this.facts);
    });
  }

  /** Looks at the engine, if it runs. */
  #look(): void {
    if (!this.#seeding.running) return;
    const works = this.#seeding.works();
    for (const work of works) this.#notice(work);
    if (!document.hidden) this.#set({ works: works.map(live), sharing: this.#seeding.mode });
  }

  #notice(work: Work): void {
    if (work.state !== "seeding" || this.#finished.has(work.infohash)) return;
    this.#finished.add(work.infohash);
    if (this.#seeding.published(work.infohash)) return;
    this.#say({ kind: "complete", name: work.name });
    if (this.facts.consent === "playing") work.stop();
  }

  // Views

  #arrive(): void {
    const to = route((this.#path = location.pathname));
    this.#set({ route: to, openFault: undefined, fault: undefined, joining: { state: "no" } });
    if (to.view === "home") void this.#list();
    if (to.view === "work") void this.#arriveAtWork(to.infohash);
    if (to.view === "earnings") this.#arriveAtEarnings();
  }

  /** What changes by itself is asked for again; what is shown stays until the answer is here. */
  #refresh(): void {
    const { route: at, info } = this.facts;
    if (at.view === "home") void this.#list();
    if (at.view === "work" && info.state === "ready" && info.value.seeders !== undefined) void this.#describe(at.infohash);
    if (at.view === "earnings" && this.#seeding.running) void this.#loadEarnings();
  }

  async #list(): Promise<void> {
    try {
      this.#set({ listing: { state: "ready", value: await listWorks() } });
    } catch (error) {
      if (this.facts.listing.state !== "ready") this.#set({ listing: { state: "error", error: fault(error) } });
    }
  }

  async #arriveAtWork(infohash: string): Promise<void> {
    this.#set({ info: { state: "loading" } });
    await this.#describe(infohash);
    if (this.#mayJoin()) await this.#join(infohash);
  }

  async #describe(infohash: string): Promise<void> {
    const info = await this.#known.find(infohash, (history.state ?? {}) as Entry).then(
      (value) => ({ state: "ready", value }) as const,
      (error: unknown) => ({ state: "error", error: fault(error) }) as const,
    );
    const { route: at, info: before } = this.facts;
    if (at.view !== "work" || at.infohash !== infohash) return; // the person has moved on
    if (info.state === "ready" || before.state !== "ready") this.#set({ info });
  }

  #arriveAtEarnings(): void {
    if (this.#seeding.running || (agreed(this.facts.consent) && !this.facts.stopped)) void this.#loadEarnings();
  }

  // Sharing

  #mayJoin(): boolean {
    return agreed(this.facts.consent) && !this.facts.stopped;
  }

  async #join(infohash: string): Promise<void> {
    const { route: at, info } = this.facts;
    if (at.view !== "work" || at.infohash !== infohash || info.state !== "ready" || this.#seeding.work(infohash)) return;
    this.#set({ joining: { state: "yes" } });
    this.#seeding.choose(this.facts.consent);
    try {
      const work = await this.#seeding.join(this.#known.source(info.value));
      if (this.facts.stopped) work.stop(); // pressed while the engine loaded
      this.#joined(infohash, { state: "no" });
    } catch (error) {
      this.#joined(infohash, { state: "failed", error: fault(error) });
    }
  }

  #joined(infohash: string, joining: Facts["joining"]): void {
    const at = this.facts.route;
    if (at.view === "work" && at.infohash === infohash) this.#set({ joining });
  }

  #choose(mode: Consent): void {
    remember(mode);
    this.#set({ consent: mode });
    this.#seeding.choose(mode);
    if (!agreed(mode)) return;
    this.#stopped(false);
    if (this.facts.route.view === "work") void this.#join(this.facts.route.infohash);
  }

  #withdraw(): void {
    remember("off");
    this.#set({ consent: "off" });
    if (this.facts.publishing.step === "hashing") this.#cancel();
    this.#seeding.mode = "off";
    this.#say({ kind: "withdrawn" });
  }

  #stopped(stopped: boolean): void {
    rememberStopped(stopped);
    this.#set({ stopped });
  }

  #stopAll(): void {
    this.#stopped(true);
    this.#seeding.stopAll();
    this.#say({ kind: "stopped" });
  }

  #resumeAll(): void {
    this.#stopped(false);
    this.#seeding.resumeAll();
    if (this.facts.route.view === "work" && this.#mayJoin()) void this.#join(this.facts.route.infohash);
  }

  #resumeOne(infohash: string): void {
    this.#stopped(false);
    this.#seeding.work(infohash)?.start();
    this.#look();
  }

  // Publishing, opening, saving

  #pick(files: File[]): void {
    if (this.facts.publishing.step === "hashing") return;
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const folder = files[0]?.webkitRelativePath.split("/")[0];
    const name = folder || files[0]?.name || "";
    const none: Fault = { code: "no_files", message: "nothing to publish" };
    this.#set({ publishing: { step: "chosen", files, name, ...(bytes === 0 && { fault: none }) } });
    if (this.facts.route.view !== "home") this.go("/");
  }

  async #publish(name: string): Promise<void> {
    const before = this.facts.publishing;
    if (before.step !== "chosen") return;
    const total = before.files.reduce((sum, file) => sum + file.size, 0);
    const ending = (this.#hashing = new AbortController());
    const say = (publishing: Publishing): void => void (ending.signal.aborted || this.#set({ publishing }));
    say({ step: "hashing", name, hashed: 0, total });
    this.#stopped(false);
    try {
      const onprogress = (hashed: number, all: number): void => say({ step: "hashing", name, hashed, total: all });
      const work = await this.#seeding.publish(before.files, { name, onprogress, signal: ending.signal });
      say({ step: "published", infohash: work.infohash, name: work.name });
      this.#say({ kind: "published", name: work.name });
      void this.#list();
    } catch (error) {
      say({ ...before, name, fault: fault(error) });
    }
  }

  #cancel(): void {
    this.#hashing?.abort();
    this.#set({ publishing: { step: "idle" } });
  }

  async #open(from: string | File): Promise<void> {
    this.#set({ openFault: undefined });
    try {
      const opened = await this.#known.open(from);
      if (opened.at === "elsewhere") location.assign(opened.url);
      else this.go(workPath(opened.infohash), opened.entry);
    } catch (error) {
      if (this.facts.route.view !== "home") this.go("/"); // where what was wrong is said
      this.#set({ openFault: fault(error) });
    }
  }

  async #save(infohash: string, index: number): Promise<void> {
    const file = this.#seeding.work(infohash)?.files[index];
    if (!file) return;
    const key = saveKey(infohash, index);
    this.#set({ saving: [...this.facts.saving, key] });
    try {
      download(await file.blob(), file.path.split("/").at(-1) ?? file.path);
    } catch (error) {
      this.#set({ fault: fault(error) });
    }
    this.#set({ saving: this.facts.saving.filter((other) => other !== key) });
  }

  async #loadEarnings(): Promise<void> {
    if (this.facts.earnings.state !== "ready") this.#set({ earnings: { state: "loading" } });
    try {
      this.#set({ earnings: { state: "ready", account: await this.#seeding.account() } });
    } catch (error) {
      const { code } = fault(error);
      if (code === "no_account" || code === "not_found") this.#set({ earnings: { state: "none" } });
      else if (this.facts.earnings.state !== "ready") this.#set({ earnings: { state: "error", error: fault(error) } });
    }
  }
}

/** What is said aloud, beside what is shown. */
export type Announcement =
  | { kind: "complete"; name: string }
  | { kind: "published"; name: string }
  | { kind: "stopped" }
  | { kind: "withdrawn" };

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once the browser has surely begun
}
