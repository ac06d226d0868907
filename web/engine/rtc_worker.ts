/**
 * The worker's half of the peer connections: an RTCPeerConnection as far as the engine uses one, over the one that the page owns.
 *
 * What the engine reads synchronously is mirrored with every event and before every promise resolves. A channel's messages are never lost:
 * the handler is set in the task in which a transferred channel arrives, and what comes is kept in order until the engine takes it. Payload
 * goes by `take` and `put`, straight from and into the engine's memory.
 */
import { bytesAt } from "./memory.js";
import type { ChannelState, PCState, RTCCommand, RTCEvent } from "./messages.js";

type Handler = ((event: unknown) => void) | null;
type Post = (command: RTCCommand, transfer?: Transferable[]) => void;

let post: Post = () => undefined;
let numbers = 0;
const pcs = new Map<number, PeerConnection>();
const channels = new Map<number, Channel>();

/** The most bytes that wait for the engine: a peer that sends more than it can take is left. */
const MOST_ARRIVED = 16 << 20;

/** Firefox takes messages of 1 GiB; no message of the protocol is so long. */
const MOST_MESSAGE = 2 << 20;

/** A data channel: the transferred one behind it, or messages through the page. */
class Channel {
  onopen: Handler = null;
  onclose: Handler = null;
  onbufferedamountlow: Handler = null;

  /** The engine's: called when `take` has bytes. */
  onreadable: (() => void) | null = null;

  #arrived: Uint8Array[] = [];
  #size = 0; // bytes in #arrived
  #real: RTCDataChannel | undefined;
  #state: ChannelState = { readyState: "connecting", bufferedAmount: 0 };
  #threshold = 0;
  #untaken = 0; // bytes on their way to a proxied channel
  #shut = false;

  constructor(readonly number: number) {
    channels.set(number, this);
  }

  get readyState(): RTCDataChannelState {
    return this.#real ? this.#real.readyState : this.#state.readyState;
  }
  get bufferedAmount(): number {
    return this.#real ? this.#real.bufferedAmount : this.#state.bufferedAmount + this.#untaken;
  }
  get bufferedAmountLowThreshold(): number {
    return this.#threshold;
  }
  set bufferedAmountLowThreshold(n: number) {
    this.#threshold = n;
    if (this.#real) this.#real.bufferedAmountLowThreshold = n;
    else post({ kind: "rtc", op: "low", channel: this.number, threshold: n });
  }

  /** Moves what has arrived to an address of the engine: at most `room` bytes. Gives how many; the wire is a byte stream, so messages need not stay apart. */
  readonly take = (address: number, room: number): number => {
    const into = bytesAt(address, room);
    let taken = 0;
    while (this.#arrived.length > 0 && taken < room) {
      const first = this.#arrived[0]!;
      const part = first.subarray(0, room - taken);
      into.set(part, taken);
      taken += part.length;
      if (part.length < first.length) this.#arrived[0] = first.subarray(part.length);
      else this.#arrived.shift();
    }
    this.#size -= taken;
    return taken;
  };

  /** Sends one message from an address of the engine. Gives whether the channel took it. */
  readonly put = (address: number, length: number): boolean => {
    if (this.readyState !== "open") return false;
    const message = bytesAt(address, length);
    if (!this.#real) {
      this.#untaken += length;
      const copy = message.slice().buffer;
      post({ kind: "rtc", op: "send", channel: this.number, data: copy }, [copy]);
      return true;
    }
    try {
      this.#real.send(message);
      return true;
    } catch {
      return false; // its queue is full (W3C WebRTC §6.2)
    }
  };

  /** Bytes that were put and still wait. */
  readonly queued = (): number => this.bufferedAmount;

  close(): void {
    this.#shut = true;
    this.#arrived = [];
    this.#size = 0;
    if (this.#real) this.#real.close();
    else post({ kind: "rtc", op: "shut", channel: this.number });
  }

  /** The page has made the channel; must run in the task in which it arrived. */
  arrive(state: ChannelState, real: RTCDataChannel | undefined): void {
    this.#state = state;
    if (!real) {
      if (this.#threshold) this.bufferedAmountLowThreshold = this.#threshold;
      return;
    }
    this.#real = real;
    real.binaryType = "arraybuffer";
    real.bufferedAmountLowThreshold = this.#threshold;
    real.onmessage = ({ data }) => this.message(data);
    real.onopen = () => this.onopen?.({});
    real.onclose = () => this.closed();
    real.onbufferedamountlow = () => this.onbufferedamountlow?.({});
    if (this.#shut) real.close();
    else if (real.readyState === "open") queueMicrotask(() => this.onopen?.({}));
  }

  /** What the peer wire protocol has no use for ends the channel: text, and messages that no client sends. */
  message(data: unknown): void {
    if (this.#shut) return;
    if (!(data instanceof ArrayBuffer) || data.byteLength > MOST_MESSAGE) return this.close();
    this.#size += data.byteLength;
    if (this.#size > MOST_ARRIVED) return this.close();
    if (data.byteLength > 0) this.#arrived.push(new Uint8Array(data));
    this.onreadable?.();
  }

  /** An event of a proxied channel. */
  event(type: string, state: ChannelState): void {
    this.update(state, 0);
    if (type === "open") this.onopen?.({});
    else if (type === "close") this.closed();
  }

  /** Mirrors a proxied channel that has taken more bytes. What is low here need never have been high at the page. */
  update(state: ChannelState, taken: number): void {
    const before = this.bufferedAmount;
    this.#state = state;
    this.#untaken -= taken;
    if (before > this.#threshold && this.bufferedAmount <= this.#threshold) this.onbufferedamountlow?.({});
  }

  closed(): void {
    if (!channels.delete(this.number)) return;
    this.#state.readyState = "closed";
    this.#arrived = [];
    this.onclose?.({});
  }
}

class PeerConnection {
  onicegatheringstatechange: Handler = null;
  onconnectionstatechange: Handler = null;
  ondatachannel: Handler = null;

  readonly #number = ++numbers;
  readonly #calls = new Map<number, { resolve: (v: unknown) => void; reject: (e: Error) => void }>();
  readonly #channels = new Set<Channel>();
  #state: PCState = {
    signalingState: "stable",
    iceGatheringState: "new",
    connectionState: "new",
    localDescription: null,
  };

  constructor(config?: RTCConfiguration) {
    pcs.set(this.#number, this);
    post({ kind: "rtc", op: "open", pc: this.#number, config });
  }

  get iceGatheringState() { return this.#state.iceGatheringState; }
  get connectionState() { return this.#state.connectionState; }
  get localDescription() { return this.#state.localDescription; }

  createOffer() { return this.#call("createOffer", undefined); }
  createAnswer() { return this.#call("createAnswer", undefined); }
  setLocalDescription(d: RTCSessionDescriptionInit) { return this.#call("setLocalDescription", { type: d.type, sdp: d.sdp }); }
  setRemoteDescription(d: RTCSessionDescriptionInit) { return this.#call("setRemoteDescription", { type: d.type, sdp: d.sdp }); }

  createDataChannel(label: string): Channel {
    const channel = new Channel(++numbers);
    this.#channels.add(channel);
    post({ kind: "rtc", op: "channel", pc: this.#number, channel: channel.number, label });
    return channel;
  }

  close(): void {
    if (!pcs.delete(this.#number)) return;
    this.#state = { ...this.#state, signalingState: "closed", connectionState: "closed" };
    this.#fail("peer connection was closed");
    post({ kind: "rtc", op: "close", pc: this.#number });
    // Closing the connection closes its channels, but tells nobody (W3C WebRTC §4.4.1.4): what was transferred is told here.
    for (const channel of this.#channels) queueMicrotask(() => channel.closed());
  }

  take(e: RTCEvent & { pc: number }): void {
    switch (e.op) {
      case "refused":
        this.#state = { ...this.#state, connectionState: "failed" };
        this.#fail(e.error);
        this.onconnectionstatechange?.({});
        return;
      case "answer": {
        this.#state = e.state;
        const call = this.#calls.get(e.call);
        this.#calls.delete(e.call);
        if (e.error !== undefined) call?.reject(new Error(e.error));
        else call?.resolve(e.value);
        return;
      }
      case "event":
        this.#state = e.state;
        this.#handler(e.type)?.({});
        return;
      case "channel":
        return this.#arrive(e);
    }
  }

  #arrive(e: RTCEvent & { op: "channel" }): void {
    if (!e.incoming) return channels.get(e.channel)?.arrive(e.state, e.real);
    const channel = new Channel(e.channel);
    this.#channels.add(channel);
    channel.arrive(e.state, e.real);
    this.ondatachannel?.({ channel });
  }

  #handler(type: string): Handler {
    switch (type) {
      case "icegatheringstatechange": return this.onicegatheringstatechange;
      case "connectionstatechange": return this.onconnectionstatechange;
      default: return null;
    }
  }

  #call(method: (RTCCommand & { op: "call" })["method"], arg: unknown): Promise<unknown> {
    if (this.#state.signalingState === "closed") return Promise.reject(new Error("peer connection is closed"));
    const call = ++numbers;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      post({ kind: "rtc", op: "call", pc: this.#number, call, method, arg });
    });
  }

  #fail(why: string): void {
    for (const call of this.#calls.values()) call.reject(new Error(why));
    this.#calls.clear();
  }
}

/** Makes the worker look to the engine like a page with WebRTC. */
export function installRTC(send: Post): void {
  post = send;
  Object.assign(globalThis, { RTCPeerConnection: PeerConnection });
}

/** Takes an event of the page; must run in the task in which it arrived. */
export function takeRTC(e: RTCEvent): void {
  switch (e.op) {
    case "message":
      return channels.get(e.channel)?.message(e.data);
    case "taken":
      return channels.get(e.channel)?.update(e.state, e.bytes);
    case "channel event":
      return channels.get(e.channel)?.event(e.type, e.state);
    default: {
      const pc = pcs.get(e.pc);
      if (pc) pc.take(e);
      else if (e.op === "channel") e.real?.close();
    }
  }
}
