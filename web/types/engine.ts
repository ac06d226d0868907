/**
 * The page's API: what `import { connect } from "https://HOST/engine.js"` gives, and what the npm package ships.
 *
 * Units everywhere: sizes in bytes, rates in bytes a second, times in Unix milliseconds of the server's clock, credits in whole
 * µ-credits (1 credit = 1,000,000 µ). Every integer is at most 2^53 - 1. No address of any peer is ever handed out.
 */

/**
 * Opens the engine. Nothing is sent to any peer before `share` is "on" or "playing".
 *
 * There is one engine for all tabs and frames of one origin that use the same `server`: it runs in one of them, every tab sees the same
 * works, and when its tab closes or crashes another tab goes on with it, within two seconds. Where the browser has no Web Locks or no
 * BroadcastChannel every tab has an engine of its own. Resolves once the works of earlier visits are in `works()`.
 * Errors: unsupported.
 */
export type Connect = (options?: ConnectOptions) => Promise<Seeder>;

export interface ConnectOptions {
  /** Origin of the Fanseed server, such as "https://fanseed.example". Default: the origin that served the engine. */
  server?: string;
  /** Said for all tabs, as by setting `seeder.share`; but "ask", the default, says nothing and follows what the other tabs do. */
  share?: ShareMode;
  /** Said for all tabs, as by setting `seeder.limits`. */
  limits?: Partial<Limits>;
}

/**
 * What the person has said about sharing.
 * - "ask": not asked yet. "off": said no. In both the engine makes no RTCPeerConnection, no STUN request and no announce, and no
 *   identity key; works that are added stay "stopped".
 * - "on": every started work is fetched and shared.
 * - "playing": as "on", but only while a work is fetched or played: the page calls `work.stop()` when that has ended.
 */
export type ShareMode = "ask" | "on" | "playing" | "off";

/** Infinity: no limit. */
export interface Limits {
  /** Most that is sent to all peers together, bytes a second. Default 1 MiB. */
  uploadRate: number;
  /** Most that is sent in a day, bytes. Default 1 GiB. */
  uploadPerDay: number;
  /** Most that all works may keep in this browser, bytes. Default 2 GiB. */
  storage: number;
  /** Most that is fetched from all peers and webseeds together, bytes a second. Default: no limit. */
  downloadRate?: number;
  /** Most that is sent in a month, bytes. Default: no limit. */
  uploadPerMonth?: number;
  /** Most that is fetched in a month, bytes. Default: no limit. */
  downloadPerMonth?: number;
  /**
   * While nothing is fetched and little is sent, this browser may be handed works of this server that others boost, one after the other and
   * four at most: it fetches and seeds them within the other limits, and earns for it. Only while `share` is "on". Default: false. Setting it
   * back to false takes no more of them; those that are here stay until they are removed, or their room is needed.
   */
  help?: boolean;
}

/** A limit that holds a work up until its day or month is over, or until it is raised. */
export type Cap = "upload_day" | "upload_month" | "download_month";

/** An HTTP server that a work may be fetched from (BEP 19). */
export interface Webseed {
  url: string;
  /** It is being used. */
  active: boolean;
  /** Payload bytes got from it. */
  downloaded: number;
}

/**
 * Where the browser lets works be kept, the best that it grants. "disk": the origin's private file system. "database": IndexedDB, which is
 * slower. "memory": nothing survives the tab. What is kept on a disk or in a database may be evicted when the browser runs short of room.
 */
export type Storage = "disk" | "database" | "memory";

/** Events carry no detail: read the seeder. */
export interface SeederEventMap {
  /** A work came or went, or `storage` is known. */
  works: Event;
  /** `share` or `limits` changed, in whichever tab. */
  share: Event;
}

export interface Seeder extends EventTarget {
  /** Origin of the server that introduces the peers. */
  readonly server: string;
  /**
   * One for all tabs: what was set last, in whichever tab, holds in all of them. Setting "off" or "ask" closes every peer connection within
   * a second. Setting "on" or "playing" starts the works that were not stopped by hand. It holds until the last tab is closed.
   */
  share: ShareMode;
  /** One for all tabs, as `share`. */
  get limits(): Limits;
  /** What is left out keeps its value. */
  set limits(limits: Partial<Limits>);

  /**
   * Hashes the files, registers the torrent with the server and seeds it. Needs `share` "on" or "playing".
   * One file without a folder makes a work of one file. Else a file's path is its `webkitRelativePath` without the first folder, or its `name`.
   * Errors: no_files, unreadable_file, too_large, disk_full, not_sharing, aborted, refused, unreachable.
   */
  publish(files: readonly File[], options?: PublishOptions): Promise<Work>;

  /**
   * Adds a work by magnet, by infohash (40 hex digits), by URL of a .torrent, or by the .torrent itself; a work that is already here is
   * handed back. A magnet may name the files that are to be fetched ("so=0,2-4", BEP 53); so may the URL, after its "#". Resolves as soon as the infohash is known: until a magnet's metadata has come from a peer, `length` is 0 and `files` is empty.
   * Errors: bad_link, bad_torrent, not_found, unreachable, refused.
   */
  add(source: string | ArrayBuffer | File): Promise<Work>;

  /** Undefined before the first work. */
  readonly storage: Storage | undefined;

  /** Every work in this browser, those of earlier visits included, oldest first. */
  works(): Work[];

  /**
   * This browser's account, by a signed request; opens no peer connection, announces nothing and never makes a key.
   * Errors: no_account (no key has been made yet), unreachable, refused.
   */
  account(): Promise<Account>;

  /**
   * Locks credits on a work: each of the next `epochs` (1 unless told otherwise, at most 60) pays its part to those who serve the work, or
   * gives it back where nobody does. 2 % of `price`, in µ-credits, are a fee. `promo`: out of what was granted, which nothing else can be
   * spent on. `id`, 32 hex digits, names it: the same one again is locked once. Errors: no_account, funds, not_found, unreachable, refused.
   */
  boost(infohash: string, options: { price: number; epochs?: number; promo?: boolean; id?: string }): Promise<Boost>;

  /**
   * Locks `amount` µ-credits to pay those who serve a work on top, at `rate` µ-credits per GiB, for so many epochs (30 unless told
   * otherwise, at most 60); what is left then comes back. Errors as of boost.
   */
  fund(infohash: string, options: { amount: number; rate: number; epochs?: number; id?: string }): Promise<Pool>;

  /**
   * Writes to the operator about a line of a closed epoch, or about a refused receipt: 1 to 500 bytes of text. The same note about the same
   * is kept once. Errors: no_account, not_found, unreachable, refused (another note about the same, too many in this epoch).
   */
  appeal(about: AppealSubject, note: string): Promise<Appeal>;

  /** The whole statement, up to 100,000 lines, as the server has it. Errors: no_account, unreachable, refused. */
  statement(format: "json" | "csv"): Promise<Blob>;

  /**
   * Ends this tab's part: every later call gives "closed". Where the engine runs in this tab it closes every peer connection, settles what
   * can be settled, and another tab goes on, if there is one.
   */
  close(): Promise<void>;

  addEventListener<K extends keyof SeederEventMap>(type: K, listener: (this: Seeder, event: SeederEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export interface PublishOptions {
  /** Name of the work. Default: the folder's name, else the first file's name. */
  name?: string;
  comment?: string;
  /** BEP 19 URLs under which the same files can be had over HTTP. */
  webseeds?: readonly string[];
  /** Bytes; a power of two from 16 KiB to 16 MiB. Default: by the length. */
  pieceLength?: number;
  /**
   * Default "hybrid": one torrent of both versions. Every client reads it but a few old ones, such as Transmission 3, which take "v1" only.
   * - "v1": BEP 3, SHA-1 of whole pieces.  - "v2": BEP 52, SHA-256 of every 16 KiB; `infohash` is then the first 40 digits of its infohash.
   * In "hybrid" and "v2" files stand in the order of their names.
   */
  format?: "hybrid" | "v1" | "v2";
  /** BEP 27: only peers that this server introduces. */
  private?: boolean;
  /** The server makes a copy of its own, if it makes any, so that the work outlives this tab. Default: true. */
  copy?: boolean;
  /** Called while hashing: bytes hashed and bytes in all, each from 0 to the length. */
  onprogress?: (hashed: number, total: number) => void;
  /** Ends the hashing with "aborted". */
  signal?: AbortSignal;
}

/**
 * - "checking": what the browser kept is being verified.  - "downloading": pieces are missing.  - "seeding": everything is here, and is shared.
 * - "stopped": by `stop()` or by `share`; no peer connection.  - "error": see `error`; `start()` tries again.
 */
export type WorkState = "checking" | "downloading" | "seeding" | "stopped" | "error";

/** Events carry no detail: read the work. */
export interface WorkEventMap {
  /** Any of the numbers changed; at most four times a second. */
  progress: Event;
  /** `state` changed, or the metadata of a magnet has come. */
  state: Event;
  /** `state` has become "error". */
  error: Event;
}

export interface Work extends EventTarget {
  /** Names the work: the infohash of v1, or the beginning of that of v2 where there is no other; 40 lower-case hex digits. */
  readonly infohash: string;
  readonly magnet: string;
  readonly name: string;
  /** Bytes of all files; 0 until the metadata is here. */
  readonly length: number;
  readonly files: readonly WorkFile[];
  readonly pieceLength: number;
  /** Number of pieces; 0 until the metadata is here. */
  readonly pieces: number;
  /** A copy of the verified pieces as BEP 3 has it: piece 0 is the high bit of byte 0; spare bits are zero. */
  bitfield(): Uint8Array;

  readonly state: WorkState;
  /** Set while `state` is "error". */
  readonly error: FanseedError | undefined;
  /** Share of the verified bytes of the selected files, 0…1. */
  readonly progress: number;
  /** Bytes of the selected files that are not here and verified yet. */
  readonly missing: number;
  /** It was not added here: the server has handed it out, see `Limits.help`. It goes when the others need its room, and `add` keeps it. */
  readonly helping: boolean;
  /** What is here is here after a reload, too. A work that was published is read from its files until a copy is complete. */
  readonly kept: boolean;
  /** The limits that hold this work up now. */
  readonly caps: readonly Cap[];
  readonly webseeds: readonly Webseed[];
  /** Peers connected now. */
  readonly peers: number;
  peerList(): Peer[];
  readonly downRate: number;
  readonly upRate: number;
  /** Payload bytes since the work was added, or the engine began: a reload, or another tab that takes over, counts from 0. */
  readonly downloaded: number;
  readonly uploaded: number;
  /** µ-credits that the receipts for these `uploaded` bytes are worth at the server's rate. Undefined where the server gives none. */
  readonly credits: number | undefined;

  start(): void;
  /** Closes this work's peer connections; what is here stays here. */
  stop(): void;
  /** Only these of its files are fetched from now on; without an argument, all. What is here of the others stays, and is shared. */
  select(files?: readonly WorkFile[]): void;
  /** Forgets the work, in all tabs. Without `deleteData` what the browser has kept stays for a later `add`. */
  remove(options?: { deleteData?: boolean }): Promise<void>;
  /** Resolves once every piece of the selected files is verified; rejects with "removed" or "closed". */
  readonly done: Promise<void>;

  addEventListener<K extends keyof WorkEventMap>(type: K, listener: (this: Work, event: WorkEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export interface WorkFile {
  /** Relative path with "/" between its parts; the plain file name for a work of one file. */
  readonly path: string;
  readonly length: number;
  /** Share of the verified bytes, 0…1. */
  readonly progress: number;
  /** It is fetched. A magnet link may name files (BEP 53 "so"), `select()` chooses; a file that is played or put first is fetched, too. */
  readonly selected: boolean;
  /** Address that streams the file through the service worker. Error: unsupported, where the page has none. */
  url(): string;
  /** The whole file, once it is here. Errors: removed, closed, storage. */
  blob(): Promise<Blob>;
  /** Fetches this file's pieces before the others. */
  prioritize(): void;
}

/** A peer as it may be shown: never its address. */
export interface Peer {
  /** Client as the peer says, such as "Fanseed 0.1" or "WebTorrent 3.0". Not to be trusted. */
  client: string;
  /** Share of the work that the peer has, 0…1. */
  progress: number;
  downRate: number;
  upRate: number;
  /** Payload bytes got from, and sent to, this peer. */
  downloaded: number;
  uploaded: number;
  /** We choke this peer: it waits for its turn. */
  choked: boolean;
  /** The server has given a ticket for this pair: what is sent to this peer earns. */
  ticket: boolean;
}

export interface Account {
  /** 32 hex digits. */
  id: string;
  /** When the server told this, by its clock. */
  time: number;
  /** Payload bytes in receipts that the server has not acknowledged yet. */
  bytesPending: number;
  /** Payload bytes in receipts that the server has accepted. */
  bytesConfirmed: number;
  /** µ-credits of the open epoch: an estimate until it closes. */
  creditsPending: number;
  /** µ-credits that were earned in closed epochs and are in this account: those held and those payable. */
  creditsConfirmed: number;
  /** Of those, µ-credits that are not to be spent yet, so that a fraud can be found first: see `held`. */
  creditsHeld: number;
  /** Of those, µ-credits that may be paid out or spent. */
  creditsPayable: number;
  /** µ-credits of a grant, beside those: they can be spent on boosts alone. */
  creditsPromo: number;
  /** Estimate, in µ-credits, of what a GiB that counts in full earns in the open epoch: it falls while others give, too. */
  rate: number;
  /** When the open epoch closes. */
  epochEnds: number;
  /** What becomes payable, the soonest first. */
  held: HeldCredits[];
  /** What this account has locked and still runs, the oldest first. */
  boosts: Boost[];
  pools: Pool[];
  /** Newest first: for each epoch one per work and kind of pay. */
  lines: AccountLine[];
  /** Newest first: receipts that earned nothing. */
  refused: RefusedReceipt[];
  /** Newest first: what was written to the operator. */
  appeals: Appeal[];
  /** Newest first: receipts that were settled, by which the server's public log can be checked. Those that this browser was promised are all there. */
  settled: SettledReceipt[];
}

/** What an appeal is about: a line, by what names it, or a receipt, by its serial. */
export type AppealSubject = { kind: AccountLine["kind"]; epoch: number; infohash?: string; source?: string } | { serial: string };

/** As the line or receipt was when the note was written. */
export interface Appeal {
  kind?: AccountLine["kind"];
  epoch?: number;
  infohash?: string;
  source?: string;
  serial?: string;
  name: string;
  bytes: number;
  minutes: number;
  credits: number;
  reason: string;
  reasonText: string;
  note: string;
  time: number;
  state: "open" | "answered";
  answer: string;
  /** 0: not yet. */
  answered: number;
}

/** What the public log has, or will have, of a receipt that was settled: its record is made of the first four. */
export interface SettledReceipt {
  salt: string;
  serial: string;
  /** Payload bytes, cumulative. */
  amount: number;
  /** In which it counts. */
  epoch: number;
  /** The log's signature that it will have the record by then. */
  promise?: { by: number; signature: string };
}

/** Amounts are µ-credits, times Unix milliseconds. */
export interface Boost {
  /** 32 hex digits. */
  id: string;
  infohash: string;
  price: number;
  /** Of the price. */
  fee: number;
  /** Epoch. */
  first: number;
  epochs: number;
  ends: number;
  promo: boolean;
}

/** Amounts are µ-credits, times Unix milliseconds. */
export interface Pool {
  /** 32 hex digits. */
  id: string;
  infohash: string;
  amount: number;
  left: number;
  /** Per GiB. */
  rate: number;
  /** Epoch. */
  last: number;
  ends: number;
}

export interface HeldCredits {
  /** In which they were earned. */
  epoch: number;
  /** Unix milliseconds. */
  until: number;
  /** µ-credits. */
  amount: number;
}

export interface AccountLine {
  /** What it pays for: bytes, time, being new; or whose pool or boost it comes from. */
  kind: "bandwidth" | "availability" | "grant" | "pool" | "boost";
  /** A grant is for no work. */
  infohash?: string;
  name: string;
  /** The pool or boost that pays it. */
  source?: string;
  epoch: number;
  /** Confirmed payload bytes; 0 for availability and grants. */
  bytes: number;
  /** For which the work was seeded; 0 but for availability. */
  minutes: number;
  /** Of the bytes or minutes, what no cap took away, and what that counted for in the division. */
  counted: number;
  weight: number;
  /** µ-credits. */
  credits: number;
  state: "pending" | "confirmed";
  /** Code of the server's closed list, such as "confirmed" or "capped_pair". */
  reason: string;
  /** The same as one plain English sentence. */
  reasonText: string;
}

export interface RefusedReceipt {
  infohash?: string;
  serial: string;
  /** Payload bytes that the receipt claimed. */
  amount: number;
  reason: string;
  reasonText: string;
  time: number;
}

/** The closed list. A code is never removed nor given another meaning. */
export type ErrorCode =
  /** Neither a magnet with an infohash, an infohash, nor the address of a .torrent. */
  | "bad_link"
  /** The bytes are no valid torrent. */
  | "bad_torrent"
  /** The server knows no such work. */
  | "not_found"
  /** Nothing to publish: no file, or only empty ones. */
  | "no_files"
  /** A chosen file cannot be read, or changed while it was read. */
  | "unreadable_file"
  /** More than the limits, or the format, allow. */
  | "too_large"
  /** The browser has no more room. */
  | "disk_full"
  /** What the browser kept cannot be read or written. */
  | "storage"
  /** `share` is "ask" or "off". */
  | "not_sharing"
  /** No key has been made in this browser yet. */
  | "no_account"
  /** The account has not as much that it may spend. */
  | "funds"
  /** The server cannot be reached. */
  | "unreachable"
  /** The server answered no; the message has its reason. */
  | "refused"
  /** The server has withdrawn the work. */
  | "revoked"
  /** Ended by the caller's signal. */
  | "aborted"
  /** The work was removed. */
  | "removed"
  /** The seeder was closed. */
  | "closed"
  /** This browser lacks something that is needed; the message names it. */
  | "unsupported"
  /** A fault of the engine itself. */
  | "internal";

/** The only error that the API throws or rejects with. `message` is an English sentence for the log; show your own words by `code`. */
export class FanseedError extends Error {
  override readonly name = "FanseedError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
