/**
 * The engine's worker as the page that owns it sees it: calls go in, answers and events come out. The page lends it what no worker has: the
 * peer connections, which are closed here whatever the worker is doing.
 */
import { FanseedError } from "../types/engine.js";
import type { Boot, Call, Event, Methods, Reply, RTCCommand } from "./messages.js";
import { PeerConnections } from "./rtc_page.js";

declare const __WORKER_URL__: string;

const SHARE = "share"; // the id of these calls
const TOLD_WITHIN = 500; // ms that the worker has to say good-bye to its peers

export class Remote {
  readonly #worker: Worker;
  readonly #pcs: PeerConnections;
  #sharing = false;
  #told: () => void = () => undefined; // the worker knows whether we share

  /** Errors: unsupported. */
  constructor(boot: Boot, take: (e: Event | Reply) => void) {
    try {
      this.#worker = new Worker(new URL(__WORKER_URL__, import.meta.url), { type: "module", name: "fanseed" });
    } catch (error) {
      throw new FanseedError("unsupported", `the engine's worker cannot be started here: ${String(error)}`);
    }
    const pcs = (this.#pcs = new PeerConnections((e, transfer = []) => this.#worker.postMessage(e, transfer), boot.proxied));
    this.#worker.onmessage = ({ data }: MessageEvent<Event | Reply | RTCCommand>) => {
      if (data.kind === "rtc") pcs.command(data);
      else if (data.kind === "reply" && data.id === SHARE) this.#told();
      else take(data);
    };
    this.#worker.onerror = (e) => take({ kind: "failed", code: "internal", message: `the engine's worker failed: ${e.message}` });
    this.#worker.postMessage(boot);
  }

  send(call: Call, transfer: Transferable[] = []): void {
    this.#worker.postMessage(call, transfer);
  }

  /** A call whose answer nobody waits for. */
  tell<M extends keyof Methods>(method: M, args: Methods[M][0], id = ""): void {
    this.send({ kind: "call", id, method, args });
  }

  /** Withdrawing closes every peer connection, even where the worker does not answer. */
  share(on: boolean): void {
    this.#sharing = on;
    this.tell("share", { on }, SHARE);
    if (on) return;
    this.#told = () => this.#sharing || this.#pcs.closeAll();
    setTimeout(this.#told, TOLD_WITHIN);
  }

  end(): void {
    this.#pcs.closeAll();
    this.#worker.terminate();
  }
}
