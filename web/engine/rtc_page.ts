/**
 * The page's half of the peer connections. RTCPeerConnection exists in no worker (W3C WebRTC §4.4: Exposed=Window), so the page owns
 * them and does nothing else: every decision is the worker's. Data channels are transferred to the worker in the task that creates
 * them, which is the only time when they can be; where the browser refuses, their messages are carried by postMessage.
 */
import type { ChannelState, PCState, RTCCommand, RTCEvent } from "./messages.js";

type Post = (event: RTCEvent, transfer?: Transferable[]) => void;

/** "icecandidate" only brings the local description that has it: gathering may be cut short. */
const EVENTS = ["icegatheringstatechange", "connectionstatechange", "icecandidate"] as const;

function plain(d: RTCSessionDescription | null): RTCSessionDescriptionInit | null {
  return d && { type: d.type, sdp: d.sdp };
}

function stateOf(pc: RTCPeerConnection): PCState {
  return {
    signalingState: pc.signalingState,
    iceGatheringState: pc.iceGatheringState,
    connectionState: pc.connectionState,
    localDescription: plain(pc.localDescription),
  };
}

function channelState(dc: RTCDataChannel): ChannelState {
  return { readyState: dc.readyState, bufferedAmount: dc.bufferedAmount };
}

/** Carries out the worker's commands; `post` sends to the worker. */
export class PeerConnections {
  readonly #pcs = new Map<number, RTCPeerConnection>();
  readonly #proxied = new Map<number, RTCDataChannel>();
  #incoming = -1;

  constructor(
    private readonly post: Post,
    private readonly proxyAll: boolean,
  ) {}

  get count(): number {
    return this.#pcs.size;
  }

  command(c: RTCCommand): void {
    switch (c.op) {
      case "open":
        return this.#open(c.pc, c.config);
      case "call":
        return void this.#call(c.pc, c.call, c.method, c.arg);
      case "channel":
        return this.#create(c.pc, c.channel, c.label);
      case "close":
        return this.#close(c.pc);
      case "send":
        return this.#send(c.channel, c.data);
      case "low": {
        const dc = this.#proxied.get(c.channel);
        if (dc) dc.bufferedAmountLowThreshold = c.threshold;
        return;
      }
      case "shut":
        return this.#proxied.get(c.channel)?.close();
    }
  }

  /** Closes everything at once: consent was withdrawn, or the engine ended. */
  closeAll(): void {
    for (const pc of [...this.#pcs.keys()]) {
      this.#close(pc);
    }
  }

  #open(number: number, config: RTCConfiguration | undefined): void {
    let pc: RTCPeerConnection;
    try {
      pc = new RTCPeerConnection(config);
    } catch (error) {
      return this.post({ kind: "rtc", op: "refused", pc: number, error: String(error) });
    }
    this.#pcs.set(number, pc);
    for (const type of EVENTS) {
      pc.addEventListener(type, () => this.post({ kind: "rtc", op: "event", pc: number, type, state: stateOf(pc) }));
    }
    pc.addEventListener("datachannel", (e) => this.#hand(number, this.#incoming--, e.channel, true));
  }

  async #call(number: number, call: number, method: (RTCCommand & { op: "call" })["method"], arg: unknown): Promise<void> {
    const pc = this.#pcs.get(number);
    if (!pc) return;
    try {
      const value = (await (pc[method] as (a: unknown) => Promise<RTCSessionDescriptionInit | void>).call(pc, arg)) ?? undefined;
      this.post({ kind: "rtc", op: "answer", pc: number, call, state: stateOf(pc), ...(value && { value: { type: value.type, sdp: value.sdp ?? "" } }) });
    } catch (error) {
      this.post({ kind: "rtc", op: "answer", pc: number, call, state: stateOf(pc), error: error instanceof Error ? error.message : String(error) });
    }
  }

  #create(number: number, channel: number, label: string): void {
    const pc = this.#pcs.get(number);
    if (!pc || pc.signalingState === "closed") return;
    this.#hand(number, channel, pc.createDataChannel(label), false);
  }

  /** Must run in the task that created the channel. */
  #hand(pc: number, channel: number, dc: RTCDataChannel, incoming: boolean): void {
    const said = { kind: "rtc", op: "channel", pc, channel, incoming, state: channelState(dc) } as const;
    if (!this.proxyAll) {
      try {
        return this.post({ ...said, real: dc }, [dc as unknown as Transferable]);
      } catch {
        // Not transferable in this browser: carried by messages instead.
      }
    }
    this.#proxied.set(channel, dc);
    dc.binaryType = "arraybuffer";
    dc.onmessage = (e: MessageEvent) => {
      if (e.data instanceof ArrayBuffer) this.post({ kind: "rtc", op: "message", channel, data: e.data }, [e.data]);
    };
    for (const type of ["open", "closing", "close", "bufferedamountlow"]) {
      dc.addEventListener(type, () => {
        this.post({ kind: "rtc", op: "channel event", channel, type, state: channelState(dc) });
        if (type === "close") this.#proxied.delete(channel);
      });
    }
    this.post(said);
  }

  #send(channel: number, data: ArrayBuffer): void {
    const dc = this.#proxied.get(channel);
    if (dc?.readyState !== "open") return;
    try {
      dc.send(data);
      this.post({ kind: "rtc", op: "taken", channel, bytes: data.byteLength, state: channelState(dc) });
    } catch {
      dc.close(); // its queue is full (W3C WebRTC §6.2): what would follow makes no sense without this message
    }
  }

  #close(number: number): void {
    const pc = this.#pcs.get(number);
    this.#pcs.delete(number);
    pc?.close();
  }
}
