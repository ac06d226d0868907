/** What the tabs, the page that leads and the engine's worker say to each other. Everything here survives structured cloning. */
import type { Account, Appeal, AppealSubject, Boost, Cap, ErrorCode, Limits, Peer, Pool, ShareMode, Storage, Webseed, WorkState } from "../types/engine.js";

/** A call of a tab; answered by exactly one Reply with the same id. Ids are unique among the tabs; nobody waits for the answer to "". */
export interface Call {
  kind: "call";
  id: string;
  method: string;
  args: unknown;
  /** Made by another tab than the one that runs the engine. */
  far?: true;
}

export interface Reply {
  kind: "reply";
  id: string;
  value?: unknown;
  error?: { code: ErrorCode; message: string };
}

/** What the page starts the worker with. */
export interface Boot {
  kind: "boot";
  server: string;
  limits: Limits;
  /** Data channels are carried by messages even where they could be transferred. */
  proxied: boolean;
}

/** What the person has said; it holds for all tabs. */
export interface State {
  share: ShareMode;
  limits: Limits;
}

/** What tabs say to each other, beside calls, replies and events. */
export type Said =
  /** A tab is new here, or follows a new leader. */
  | { kind: "hello"; tab: string }
  /** Somebody leads from now on; and, as the answer to a hello, how everything stands. */
  | { kind: "leads"; tab: string; now?: { state: State; storage: Storage | undefined; works: Snapshot[]; restored: boolean } }
  | { kind: "set"; change: Partial<State> }
  | Call
  | Reply
  | Event;

/** One work as it stands; sent whenever it changed, at most four times a second. */
export interface Snapshot {
  infohash: string;
  magnet: string;
  name: string;
  length: number;
  pieceLength: number;
  pieces: number;
  /** Left out while it is as it was told before, as is `got`: there may be ten thousand files. */
  files?: { path: string; length: number }[];
  /** Verified bytes of each file. */
  got?: Float64Array;
  /** The files that are fetched, by number; left out where all are. */
  selected?: number[];
  bitfield: Uint8Array;
  state: WorkState;
  error?: { code: ErrorCode; message: string };
  progress: number;
  missing: number;
  kept: boolean;
  /** Until when the work, which the server has handed out, is not dropped for another one: by this browser's clock. Left out where a person has added it. */
  helps?: number;
  caps: Cap[];
  webseeds: Webseed[];
  peers: Peer[];
  downRate: number;
  upRate: number;
  downloaded: number;
  uploaded: number;
  /** Bytes in receipts that we hold or have settled for this work in this run. */
  earned: number;
}

/** The newest receipt of a ticket that the server has not acknowledged. */
export interface Receipt {
  serial: string;
  amount: number;
  /** The amount that the server has acknowledged already. */
  acknowledged: number;
  signature: string;
}

/** What the server promises to have in its public log: the newest of a ticket. Bytes are hex. */
export interface Promised {
  serial: string;
  amount: number;
  salt: string;
  epoch: number;
  /** Unix milliseconds. */
  by: number;
  signature: string;
}

export type Event =
  /** The works of earlier visits are these, and have been told of. */
  | { kind: "ready"; works: string[] }
  | { kind: "failed"; code: ErrorCode; message: string }
  /** The engine runs, and keeps its works there. */
  | { kind: "storage"; storage: Storage }
  | { kind: "work"; work: Snapshot }
  | { kind: "removed"; infohash: string }
  /** A body was opened (1) or ended (-1). */
  | { kind: "streams"; change: 1 | -1 }
  | { kind: "hashed"; id: string; hashed: number; total: number }
  | { kind: "receipts"; account: string; receipts: Receipt[] };

/** Credits to be locked. The id is the calling tab's, so that a call which is repeated locks them once. */
interface Stake {
  id: string;
  infohash: string;
  epochs: number;
}

/** The arguments and values of the worker's methods. */
export interface Methods {
  /** `paths` are those of the files, with their folder: a File that has come from elsewhere may not know its own any more. */
  publish: [{ call: string; files: File[]; paths: string[]; name?: string; comment?: string; webseeds?: string[]; pieceLength?: number; private?: boolean; copy?: boolean; format?: "hybrid" | "v1" | "v2" }, { infohash: string }];
  abort: [{ call: string }, void];
  /** The files of a work that was published, for an engine that does not have them any more. */
  hand: [{ infohash: string; files: File[]; paths: string[] }, void];
  /** `so` names files of a .torrent as a magnet does (BEP 53). */
  add: [{ magnet?: string; torrent?: ArrayBuffer; so?: string; infohash?: string }, { infohash: string }];
  share: [{ on: boolean }, void];
  limits: [{ limits: Limits }, void];
  start: [{ infohash: string }, void];
  stop: [{ infohash: string }, void];
  remove: [{ infohash: string; deleteData: boolean }, void];
  prioritize: [{ infohash: string; file: number }, void];
  /** Without files: all. */
  select: [{ infohash: string; files?: number[] }, void];
  blob: [{ infohash: string; file: number }, Blob];
  stream: [{ infohash: string; file: number; port: MessagePort }, void];
  account: [Record<string, never>, Account];
  boost: [Stake & { price: number; promo: boolean }, Boost];
  fund: [Stake & { amount: number; rate: number }, Pool];
  appeal: [{ about: AppealSubject; note: string }, Appeal];
  statement: [{ format: "json" | "csv" }, Blob];
  close: [Record<string, never>, void];
}

/** The service worker asks a page for a file, with a port for the answers. */
export interface StreamRequest {
  kind: "stream";
  infohash: string;
  file: number;
}

/** Bytes of the file, from begin to before end; begin −1 ends the stream. */
export interface StreamPull {
  begin: number;
  end: number;
}

/**
 * First the file's length, then the bytes of each pull: at least one, and at most those that were asked for. While they do not come, a sign
 * of life every second. "elsewhere": no engine runs in this tab; "closed": it does not run here any more, and another tab may go on.
 */
export type StreamAnswer = { length: number } | { data: ArrayBuffer } | { alive: true } | { error: ErrorCode | "elsewhere" };

/** The page's half of a peer connection, and the worker's. */
export type RTCCommand =
  | { kind: "rtc"; op: "open"; pc: number; config: RTCConfiguration | undefined }
  | { kind: "rtc"; op: "call"; pc: number; call: number; method: "createOffer" | "createAnswer" | "setLocalDescription" | "setRemoteDescription"; arg: unknown }
  | { kind: "rtc"; op: "channel"; pc: number; channel: number; label: string }
  | { kind: "rtc"; op: "close"; pc: number }
  | { kind: "rtc"; op: "send"; channel: number; data: ArrayBuffer }
  | { kind: "rtc"; op: "low"; channel: number; threshold: number }
  | { kind: "rtc"; op: "shut"; channel: number };

/** What the engine reads synchronously; mirrored with every event and answer. */
export interface PCState {
  signalingState: RTCSignalingState;
  iceGatheringState: RTCIceGatheringState;
  connectionState: RTCPeerConnectionState;
  localDescription: RTCSessionDescriptionInit | null;
}

export interface ChannelState {
  readyState: RTCDataChannelState;
  bufferedAmount: number;
}

export type RTCEvent =
  | { kind: "rtc"; op: "answer"; pc: number; call: number; state: PCState; value?: RTCSessionDescriptionInit; error?: string }
  | { kind: "rtc"; op: "event"; pc: number; state: PCState; type: string }
  /** transferred: the real channel is in `real`; else it is proxied by the messages below. `number` is negative for a channel of the peer's. */
  | { kind: "rtc"; op: "channel"; pc: number; channel: number; incoming: boolean; state: ChannelState; real?: RTCDataChannel }
  | { kind: "rtc"; op: "channel event"; channel: number; type: string; state: ChannelState }
  | { kind: "rtc"; op: "message"; channel: number; data: ArrayBuffer }
  /** A proxied channel has taken so many bytes of what the worker sent. */
  | { kind: "rtc"; op: "taken"; channel: number; bytes: number; state: ChannelState }
  | { kind: "rtc"; op: "refused"; pc: number; error: string };
