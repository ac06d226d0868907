/** What the elements are told. Plain values only: no element ever holds a Work or a Seeder. */
import type { Account, AppealSubject, Cap, Peer, ShareMode, WorkState } from "../types/engine.js";
import type { Consent } from "./consent.js";
import type { Fault } from "./fault.js";
import type { LogCheck } from "./in_log.js";
import type { Caps } from "./limits.js";
import type { Route } from "./route.js";
import type { Level } from "./seedhead.js";
import type { ServerCopy, ServerInfo, WorkInfo, WorkSummary } from "./server.js";

/** Something that is asked for: on its way, here, or refused with its reason. */
export type Loadable<T> = { state: "loading" } | { state: "ready"; value: T } | { state: "error"; error: Fault };

/** A work in this browser, as it is now. */
export interface LiveWork {
  infohash: string;
  magnet: string;
  name: string;
  length: number;
  /** `url`: where it streams from, if this page can. */
  files: { path: string; length: number; progress: number; selected: boolean; url?: string }[];
  pieces: number;
  /** Pieces that are here. */
  have: number;
  /** The map of the pieces, while some are missing. */
  levels: Level[] | undefined;
  state: WorkState;
  error: Fault | undefined;
  progress: number;
  missing: number;
  peers: number;
  peerList: Peer[];
  downRate: number;
  upRate: number;
  downloaded: number;
  uploaded: number;
  credits: number | undefined;
  /** What is here is here after a reload, too. */
  kept: boolean;
  /** It was published in this browser. */
  own: boolean;
  /** The server has asked this browser to seed it. */
  helping: boolean;
  /** The limits that hold it up now. */
  caps: readonly Cap[];
  /** Servers that it is, or was, fetched from; only their hosts. */
  servers: { host: string; active: boolean; downloaded: number }[];
}

/** Publishing, step by step. */
export type PublishStep =
  | { step: "idle" }
  | { step: "chosen"; files: File[]; name: string; fault?: Fault }
  /** `levels`: how far it is, as a seed head. */
  | { step: "hashing"; name: string; hashed: number; total: number; levels: Level[] }
  /** `copy`: what the server has of it by now. */
  | { step: "published"; infohash: string; name: string; copy?: ServerCopy };

export type Earnings =
  /** The engine is not running and sharing is not agreed to: it is loaded when the person asks. */
  | { state: "asleep" }
  | { state: "loading" }
  /** No key has been made in this browser. */
  | { state: "none" }
  | { state: "ready"; account: Account }
  | { state: "error"; error: Fault };

/** Credits that are about to be locked on a work: a boost of somebody's, or a pool of its creator's. */
export interface Stake {
  kind: "boost" | "pool";
  infohash: string;
  name: string;
  /** Names it to the server: asking again, after an answer that was lost, locks nothing twice. */
  id: string;
  /** "none": no key has been made in this browser. */
  account: Loadable<Account> | { state: "none" };
  busy: boolean;
  fault?: Fault;
  /** It is locked until then, Unix milliseconds. */
  ends?: number;
}

/** µ-credits. */
export type StakeTerms = { price: number; epochs: number; promo: boolean } | { amount: number; rate: number; epochs: number };

export interface Facts {
  route: Route;
  /** Origin of this page. */
  origin: string;
  /** Said for this site. */
  consent: ShareMode;
  /** The engine's own mode; "off" while it is not running. */
  sharing: ShareMode;
  /** Stop was pressed in this tab. */
  stopped: boolean;
  limits: Caps;
  /** The dialog for them is open. */
  limiting: boolean;
  server: ServerInfo | undefined;
  listing: Loadable<WorkSummary[]>;
  /** Works in this browser. */
  works: LiveWork[];
  /** What is known of the work in the address before any peer is asked. */
  info: Loadable<WorkInfo>;
  /** The work in the address is being handed to the engine. */
  joining: { state: "no" } | { state: "yes" } | { state: "failed"; error: Fault };
  publishing: PublishStep;
  earnings: Earnings;
  /** What the person has asked to play: a track of a work, as `album` has them. */
  playing: { infohash: string; track: number } | undefined;
  /** What the public log has of these; undefined as long as it is not known. */
  inLog: LogCheck | undefined;
  /** The dialog for it is open. */
  staking: Stake | undefined;
  /** Files that are being put together for saving, as `saveKey` has them. */
  saving: readonly string[];
  /** Why what was pasted could not be opened. */
  openFault: Fault | undefined;
  /** A part of the page is on its way, and takes its time. */
  waiting: boolean;
  /** What went wrong that no view has a place for; shown until it is dismissed. `again` is what was asked for, where asking again may help. */
  fault: (Fault & { again?: Request }) | undefined;
}

/** What the elements ask for. */
export type Request =
  | { do: "choose"; mode: Consent }
  | { do: "ask again" }
  | { do: "withdraw" }
  | { do: "stop all" }
  | { do: "resume all" }
  | { do: "start"; infohash: string }
  | { do: "stop"; infohash: string }
  | { do: "save"; infohash: string; index: number }
  | { do: "play"; infohash: string; track: number }
  | { do: "fetch"; infohash: string; index: number }
  | { do: "pick"; files: File[] }
  | { do: "drop"; entries: FileSystemEntry[]; files: File[] }
  | { do: "publish"; name: string; copy: boolean }
  | { do: "cancel publish" }
  | { do: "open"; source: string | File }
  | { do: "show earnings" }
  | { do: "remove"; infohash: string }
  | { do: "edit limits" }
  | { do: "set limits"; limits: Caps }
  | { do: "close limits" }
  | { do: "stake"; kind: Stake["kind"]; infohash: string }
  | { do: "stake"; terms: StakeTerms }
  | { do: "stake"; close: true }
  | { do: "statement"; save: "json" | "csv" | "evidence" }
  | { do: "statement"; about: AppealSubject; note: string }
  | { do: "dismiss" }
  | { do: "retry" };

export const saveKey = (infohash: string, index: number): string => `${infohash}/${index}`;

/** The one event of the page's elements; it bubbles up to whoever mounted them. */
export class RequestEvent extends Event {
  readonly request: Request;

  constructor(request: Request) {
    super("request", { bubbles: true, composed: true });
    this.request = request;
  }
}
