/**
 * One engine for all tabs of an origin: the tab that holds the lock leads, which is to say that the worker and the peer connections are its
 * own; the others speak to it over a channel. The browser hands the lock on when its tab closes or crashes, and the oldest of the others
 * goes on. A call that was not answered is made again with the new leader, so every method may be called twice.
 *
 * What the person said (`State`) is kept by every tab, and a change goes to every tab at once: whoever leads next knows it.
 */
import { FanseedError, type Limits, type Storage } from "../types/engine.js";
import type { Call, Event, Methods, Reply, Said, Snapshot, State } from "./messages.js";
import { Remote } from "./remote.js";

/** What the tab's own seeder has to do with it. */
interface Seat {
  take(e: Event): void;
  /** The state is another one. */
  changed(): void;
  /** The engine has failed, and took this tab's part with it. */
  failed(why: FanseedError): void;
  /** How everything stands, for a tab that is new. */
  now(): { storage: Storage | undefined; works: Snapshot[] };
}

interface Waiting {
  call: Call;
  resolve: (value: never) => void;
  reject: (why: FanseedError) => void;
}

export const sharing = ({ share }: State): boolean => share === "on" || share === "playing";

/** Who shares only while something plays helps nobody. */
const effective = ({ share, limits }: State): Limits => ({ ...limits, help: limits.help === true && share === "on" });

export class Tabs {
  /** Resolves once the works of earlier visits are known. */
  readonly ready: Promise<void>;
  #known!: () => void;
  #lost!: (why: FanseedError) => void;
  #restored = false;
  readonly #tab = String(Math.random());
  readonly #waiting = new Map<string, Waiting>();
  readonly #others = new Set<string>(); // who follows us
  #calls = 0;
  #remote: Remote | undefined; // while we lead
  #leader = "";
  #channel: BroadcastChannel | undefined;
  #leave: () => void = () => undefined;
  #closing = false;
  /** Why there is no engine any more. */
  ended: FanseedError | undefined;

  /** `wish` is what this tab has said while it did not know the others yet. */
  constructor(
    private readonly server: string,
    private readonly proxied: boolean,
    private readonly seat: Seat,
    public state: State,
    private wish: Partial<State>,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#known = resolve;
      this.#lost = reject;
    });
    this.ready.catch(() => undefined); // said by `failed` as well
    this.state = { ...state, ...wish };
  }

  /** Asks for a place. */
  join(): void {
    const name = `fanseed ${this.server}`;
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }: MessageEvent<Said>) => this.#hear(data);
      this.#queue(name, navigator.locks);
    } catch {
      this.#alone();
    }
  }

  /** Every tab for itself: the browser has no locks, or refuses them here. */
  #alone(): void {
    this.#channel?.close();
    this.#channel = undefined;
    if (!this.#remote) this.#lead();
  }

  /** Waits for its turn to lead, and holds a lock of its own by which the leader sees that this tab is still there. */
  #queue(name: string, locks: LockManager): void {
    const left = new AbortController();
    const stay = new Promise<void>((go) => left.signal.addEventListener("abort", () => go()));
    this.#leave = () => left.abort();
    const refused = (): void => void (left.signal.aborted || this.#alone());
    locks.request(name + this.#tab, () => (this.#post({ kind: "hello", tab: this.#tab }), stay)).catch(refused);
    locks.request(name, { signal: left.signal }, () => (this.#lead(), stay)).catch(refused);
  }

  /** Gives up its place; `join` may follow. What is not answered is asked again. */
  part(): void {
    this.#remote?.end();
    this.#remote = undefined;
    this.#others.clear();
    this.#leader = "";
    this.#leave();
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Settles what can be settled, then gives up its place for good. */
  async close(why: FanseedError): Promise<void> {
    const closed = this.#remote && this.call("close", {}).catch(() => undefined);
    this.#closing = true;
    await closed;
    this.#end(why);
  }

  /** The engine runs in this tab, and knows its works. */
  get leads(): boolean {
    return this.#remote !== undefined && this.#restored && !this.#closing;
  }

  id(): string {
    return this.#tab + ++this.#calls;
  }

  call<M extends keyof Methods>(method: M, args: Methods[M][0], id = this.id()): Promise<Methods[M][1]> {
    if (this.ended) return Promise.reject(this.ended);
    const call: Call = { kind: "call", id, method, args };
    return new Promise((resolve, reject) => {
      this.#send(call); // throws for what cannot be cloned
      this.#waiting.set(id, { call, resolve, reject });
    });
  }

  /** Only for who leads: a port can be handed to no other tab. */
  stream(args: Methods["stream"][0]): void {
    this.#remote?.send({ kind: "call", id: "", method: "stream", args }, [args.port]);
  }

  /** Gives up waiting for an answer. */
  drop(id: string, why: FanseedError): void {
    this.#waiting.get(id)?.reject(why);
    this.#waiting.delete(id);
  }

  /** Says something for all tabs. */
  set(change: Partial<State>): void {
    if (!this.#leader) this.wish = { ...this.wish, ...change };
    this.#apply(change);
    this.#post({ kind: "set", change });
  }

  #lead(): void {
    this.#leader = this.#tab;
    this.#restored = false;
    try {
      this.#remote = new Remote({ kind: "boot", server: this.server, limits: effective(this.state), proxied: this.proxied }, (e) => this.#said(e));
    } catch (error) {
      return this.#fail(error as FanseedError);
    }
    if (sharing(this.state)) this.#remote.share(true);
    this.#post({ kind: "leads", tab: this.#tab });
    for (const { call } of this.#waiting.values()) this.#send(call);
  }

  /** From another tab. */
  #hear(m: Said): void {
    switch (m.kind) {
      case "hello":
        return this.#welcome(m.tab);
      case "leads":
        return this.#follow(m);
      case "set":
        this.#apply(m.change);
        if (this.#remote) this.#post({ kind: "set", change: this.state }); // whatever order others heard it in, this is how it stands
        return;
      case "call":
        if (this.#remote && !this.#closing) this.#remote.send({ ...m, far: true });
        return;
      case "reply":
        return void this.#answer(m);
      default:
        return this.#take(m);
    }
  }

  #welcome(tab: string): void {
    if (!this.#remote) return;
    this.#others.add(tab);
    void navigator.locks.request(`fanseed ${this.server}${tab}`, () => void this.#others.delete(tab)); // free once that tab is gone
    const now = { ...this.seat.now(), state: this.state, restored: this.#restored };
    this.#post({ kind: "leads", tab: this.#tab, now });
  }

  #follow({ tab, now }: Said & { kind: "leads" }): void {
    if (tab !== this.#leader) {
      this.#leader = tab;
      if (!now) this.#post({ kind: "hello", tab: this.#tab });
      for (const { call } of this.#waiting.values()) this.#send(call);
    }
    if (!now) return;
    const { wish } = this;
    this.wish = {};
    this.#apply(now.state);
    if (wish.share || wish.limits) this.set(wish);
    if (now.storage) this.#take({ kind: "storage", storage: now.storage });
    for (const work of now.works) this.#take({ kind: "work", work });
    if (now.restored) this.#take({ kind: "ready", works: now.works.map((work) => work.infohash) });
  }

  #apply(change: Partial<State>): void {
    const before = this.state;
    this.state = { ...before, ...change };
    if (this.#remote) {
      if (change.limits || change.share) this.#remote.tell("limits", { limits: effective(this.state) });
      if (sharing(before) !== sharing(this.state)) this.#remote.share(sharing(this.state));
    }
    if (JSON.stringify(before) !== JSON.stringify(this.state)) this.seat.changed();
  }

  #send(call: Call): void {
    if (this.#remote) this.#remote.send(call);
    else if (this.#leader) this.#post(call);
  }

  #post(m: Said): void {
    this.#channel?.postMessage(m);
  }

  /** From our own worker. */
  #said(e: Event | Reply): void {
    switch (e.kind) {
      case "reply":
        if (!this.#answer(e) && e.id) this.#post(e);
        return;
      case "failed":
        return this.#fail(new FanseedError(e.code, e.message));
      case "receipts":
      case "streams":
        return this.seat.take(e);
      default:
        if (this.#closing) return; // that everything stops here is no news: another tab goes on
        this.#take(e);
        if (this.#others.size > 0) this.#post(e);
    }
  }

  #take(e: Event): void {
    this.seat.take(e);
    if (e.kind !== "ready") return;
    this.#restored = true;
    this.#known();
  }

  #answer({ id, value, error }: Reply): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    this.#waiting.delete(id);
    if (error) waiting.reject(new FanseedError(error.code, error.message));
    else waiting.resolve(value as never);
    return true;
  }

  /** Another tab may have more luck. */
  #fail(why: FanseedError): void {
    this.#end(why);
    this.seat.failed(why);
  }

  #end(why: FanseedError): void {
    this.ended ??= why;
    this.part();
    for (const id of [...this.#waiting.keys()]) this.drop(id, why);
    this.#lost(why);
  }
}
