/**
 * The controller: it turns the elements' requests into calls, and what the server and the later parts say into facts. What needs the
 * engine, publishes, or reads what was pasted is in a part of its own, which is not even fetched before the person asks for it.
 */
import { agreed, consent, published, remember, rememberStopped, stopped, type Consent } from "./consent.js";
import type { Facts, Request } from "./facts.js";
import { fault } from "./fault.js";
import { KnownWorks, type Entry } from "./known.js";
import { limits, rememberLimits } from "./limits.js";
import { parts } from "./parts.js";
import type { Publishing } from "./publishing.js";
import { route } from "./route.js";
import { listWorks, serverInfo } from "./server.js";
import type { Sharing } from "./sharing.js";
import { words } from "./words.js";

const listed = 15_000; // ms between two looks at the server
const patience = 250; // ms that a part may take before it is said that it is on its way

export class App {
  facts: Facts;
  /** Reads something aloud. */
  readonly say: (what: string) => void;
  readonly known = new KnownWorks();
  readonly #show: (facts: Facts) => void;
  #running: Sharing | undefined;
  #publishing: Publishing | undefined;
  #painting = false;
  #path = "";

  constructor(show: (facts: Facts) => void, say: (what: string) => void) {
    this.#show = show;
    this.say = say;
    this.facts = {
      route: route(location.pathname),
      origin: location.origin,
      consent: consent(),
      sharing: "off",
      stopped: stopped(),
      limits: limits(),
      limiting: false,
      server: undefined,
      listing: { state: "loading" },
      works: [],
      info: { state: "loading" },
      joining: { state: "no" },
      publishing: { step: "idle" },
      earnings: { state: "asleep" },
      playing: undefined,
      inLog: undefined,
      staking: undefined,
      saving: [],
      openFault: undefined,
      waiting: false,
      fault: undefined,
    };
  }

  start(): void {
    addEventListener("popstate", () => location.pathname === this.#path || this.#arrive());
    // What was said in another tab of this site.
    addEventListener("storage", () => this.set({ consent: consent(), limits: limits() }));
    // A page that comes back from the browser's history was away from the engine, which asks again what was said.
    addEventListener("pageshow", ({ persisted }) => persisted && this.#running?.seeding.follow());
    setInterval(() => document.hidden || this.refresh(), listed);
    void serverInfo().then(
      (server) => this.set({ server }),
      () => undefined, // the view's own request says what is wrong
    );
    this.#arrive();
    void this.#restore();
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
        return this.set({ consent: "ask" });
      case "withdraw":
        return this.#withdraw();
      case "stop all":
        this.stopped(true);
        return this.#running?.stopAll();
      case "resume all":
        return this.#resumeAll();
      case "start":
        this.stopped(false);
        return this.#running?.start(request.infohash);
      case "stop":
        return this.#running?.stop(request.infohash);
      case "fetch":
        return this.#running?.fetch(request.infohash, request.index);
      case "save":
        return void this.#running?.save(request.infohash, request.index);
      case "play":
        return void this.#do(request, async () => this.#play(request.infohash, request.track));
      case "pick":
        return void this.#do(request, async () => (await this.#publisher()).pick(request.files));
      case "drop":
        return void this.#do(request, async () => (await this.#publisher()).drop(request.entries, request.files));
      case "publish":
        return void this.#publishing?.publish(request.name, request.copy);
      case "cancel publish":
        return this.#publishing?.cancel();
      case "open":
        return void this.#do(request, async () => (await this.#await(parts.opening())).open(this, request.source));
      case "show earnings":
        return void this.#loadEarnings();
      case "remove":
        return void this.#running?.remove(request.infohash);
      case "edit limits":
        return void this.#do(request, async () => (await this.#await(parts.limits()), this.set({ limiting: true })));
      case "set limits":
        rememberLimits(request.limits);
        this.set({ limits: limits() });
        return this.#running?.seeding.cap();
      case "close limits":
        return this.set({ limiting: false });
      case "stake":
        return void this.#do(request, async () => (await this.#await(parts.staking())).stake(this, request));
      case "statement":
        return void this.#do(request, async () => (await parts.statement()).act(this, request));
      case "dismiss":
        return this.set({ fault: undefined });
      case "retry":
        return this.#arrive();
    }
  }

  /** Plays a track, once the player is here. */
  async #play(infohash: string, track: number): Promise<void> {
    await this.#await(parts.player());
    this.set({ playing: { infohash, track } });
  }

  // Facts

  set(facts: Partial<Facts>): void {
    this.facts = { ...this.facts, ...facts };
    if (this.#painting) return;
    this.#painting = true;
    queueMicrotask(() => {
      this.#painting = false;
      this.#show(this.facts);
    });
  }

  // Parts

  /** What shares; its part of the page is loaded at the first call. Error: unreachable. */
  async sharing(): Promise<Sharing> {
    const { Sharing } = await parts.sharing();
    return (this.#running ??= new Sharing(this));
  }

  async #publisher(): Promise<Publishing> {
    const { Publishing } = await this.#await(parts.publishing());
    return (this.#publishing ??= new Publishing(this));
  }

  /** Says that a part is on its way, where it takes its time and nothing else says so. */
  async #await<T>(part: Promise<T>): Promise<T> {
    const late = setTimeout(() => this.set({ waiting: true }), patience);
    try {
      return await part;
    } finally {
      clearTimeout(late);
      this.set({ waiting: false });
    }
  }

  /** Does what was asked for. Where its part cannot be had, that is said, with a way to ask again. */
  async #do(request: Request, run: () => Promise<void>): Promise<void> {
    this.set({ fault: undefined });
    try {
      await run();
    } catch (error) {
      this.set({ fault: { ...fault(error), again: request } });
    }
  }

  // Views

  #arrive(): void {
    const to = route((this.#path = location.pathname));
    this.set({ route: to, openFault: undefined, fault: undefined, joining: { state: "no" } });
    if (to.view === "home") void this.list();
    if (to.view === "work") void this.#arriveAtWork(to.infohash);
    if (to.view === "earnings" && (this.#running || this.#maySeed())) void this.#loadEarnings();
  }

  /** What changes by itself is asked for again; what is shown stays until the answer is here. */
  refresh(): void {
    const { route: at, info } = this.facts;
    if (at.view === "home") void this.list();
    if (at.view === "work" && info.state === "ready" && info.value.seeders !== undefined) void this.#describe(at.infohash);
    if (at.view === "earnings" && this.#running) void this.#loadEarnings();
  }

  async list(): Promise<void> {
    try {
      this.set({ listing: { state: "ready", value: await listWorks() } });
    } catch (error) {
      if (this.facts.listing.state !== "ready") this.set({ listing: { state: "error", error: fault(error) } });
    }
  }

  async #arriveAtWork(infohash: string): Promise<void> {
    this.set({ info: { state: "loading" } });
    await this.#describe(infohash);
    if (this.#mayJoin()) await this.#join();
  }

  async #describe(infohash: string): Promise<void> {
    const info = await this.known.find(infohash, (history.state ?? {}) as Entry).then(
      (value) => ({ state: "ready", value }) as const,
      (error: unknown) => ({ state: "error", error: fault(error) }) as const,
    );
    const { route: at, info: before } = this.facts;
    if (at.view !== "work" || at.infohash !== infohash) return; // the person has moved on
    if (info.state === "ready" || before.state !== "ready") this.set({ info });
  }

  async #loadEarnings(): Promise<void> {
    if (this.facts.earnings.state !== "ready") this.set({ earnings: { state: "loading" } });
    const earnings = await Promise.all([this.sharing(), parts.statement()]).then(
      ([sharing]) => sharing.earnings(),
      (error: unknown) => ({ state: "error", error: fault(error) }) as const,
    );
    if (earnings.state !== "error" || this.facts.earnings.state !== "ready") this.set({ earnings });
  }

  // Sharing

  #mayJoin(): boolean {
    return agreed(this.facts.consent) && !this.facts.stopped;
  }

  /** What was published here before goes on by its publisher's own word. */
  #maySeed(): boolean {
    return this.#mayJoin() || (published.list.length > 0 && !this.facts.stopped);
  }

  /** Works that this browser has kept go on. */
  async #restore(): Promise<void> {
    if (!this.#maySeed()) return;
    const failed = await this.sharing().then((sharing) => sharing.restore(), fault);
    // The view of a work says it in its own place.
    if (failed && this.facts.route.view !== "work") this.set({ fault: { ...failed, again: { do: "resume all" } } });
  }

  async #join(): Promise<void> {
    const { route: at, info } = this.facts;
    if (at.view !== "work" || info.state !== "ready") return;
    this.set({ joining: { state: "yes" } });
    const joining = await this.sharing().then(
      (sharing) => sharing.join(info.value),
      (error: unknown) => ({ state: "failed", error: fault(error) }) as const,
    );
    const now = this.facts.route;
    if (now.view === "work" && now.infohash === at.infohash) this.set({ joining });
  }

  #choose(mode: Consent): void {
    remember(mode);
    this.set({ consent: mode });
    this.#running?.seeding.follow();
    if (!agreed(mode)) return;
    this.stopped(false);
    void this.#join();
  }

  #withdraw(): void {
    remember("off");
    published.list = [];
    this.set({ consent: "off" });
    if (this.facts.publishing.step === "hashing") this.#publishing?.cancel();
    this.#running?.seeding.follow();
    this.say(words.consent.withdrawn);
  }

  stopped(stopped: boolean): void {
    rememberStopped(stopped);
    this.set({ stopped });
  }

  #resumeAll(): void {
    this.stopped(false);
    this.set({ fault: undefined });
    void this.#restore();
    if (this.#mayJoin()) void this.#join();
  }
}
