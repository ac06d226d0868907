/**
 * The engine's dedicated worker: runs the Go engine, keeps the account's key, receipts and list of works, and speaks to the server over
 * HTTP. The page only owns the peer connections. The Go engine is loaded when there is a work, not before.
 */
import "wasm_exec";
import { FanseedError, type Account, type Limits, type Storage } from "../types/engine.js";
import { addMoved, forgetReceipt, keepPromise, keepReceipt, loadPromises, loadReceipts, type Moved } from "./database.js";
import { hash } from "./digests.js";
import { hashPieces } from "./hash.js";
import { accountID, identity, makeIdentity, sign, verify } from "./identity.js";
import { Library } from "./library.js";
import { useMemory } from "./memory.js";
import type { Boot, Call, Event, Methods, Promised, Receipt, Reply, RTCCommand, RTCEvent, Snapshot } from "./messages.js";
import { installRTC, takeRTC } from "./rtc_worker.js";
import { appeal, iceServers, register, stake, statement, statementFile, torrentOf } from "./server.js";
import { near } from "./near.js";
import { closeBodies, serve } from "./stream_worker.js";

declare const __WASM_URL__: string;

/** What is to be published, before it is hashed. */
interface Publication {
  name: string;
  format: "hybrid" | "v1" | "v2";
  pieceLength: number | undefined;
  private: boolean;
  files: { path: string; length: number }[];
}

/** What the Go engine offers; see wasm/bridge. Errors are objects {code, message}. */
interface Engine {
  configure(options: { server: string; publicKey: Uint8Array | undefined; iceServers: RTCIceServer[]; limits: Limits; receipts: Receipt[] }): Promise<void>;
  layout(options: Publication): Promise<{ pieceLength: number; order: number[]; padding: number[] }>;
  root(options: { leaves: Uint8Array; width: number }): Promise<Uint8Array>;
  create(options: Publication & { comment: string; webseeds: string[]; pieces: Uint8Array; roots: Uint8Array; blobs: Blob[] }): Promise<{ infohash: string; torrent: Uint8Array<ArrayBuffer> }>;
  /** `helps`: it was handed out by the server, and is not dropped for another one for so many milliseconds. */
  add(options: { torrent?: Uint8Array; so?: string | undefined; magnet?: string; helps?: number }): Promise<{ infohash: string }>;
  attach(options: Publication & { torrent: Uint8Array; blobs: Blob[] }): Promise<void>;
  torrent(options: { infohash: string }): Promise<Uint8Array<ArrayBuffer>>;
  storage(options: object): Promise<Storage>;
  share(options: { on: boolean }): Promise<void>;
  limits(options: { limits: Limits }): Promise<void>;
  budget(options: Moved): Promise<void>;
  start(options: { infohash: string }): Promise<void>;
  stop(options: { infohash: string }): Promise<void>;
  remove(options: { infohash: string; deleteData: boolean }): Promise<void>;
  prioritize(options: { infohash: string; file: number }): Promise<void>;
  select(options: { infohash: string; files?: number[] | undefined }): Promise<void>;
  blob(options: { infohash: string; file: number }): Promise<Blob>;
  length(options: { infohash: string; file: number }): Promise<number>;
  read(options: { infohash: string; file: number; begin: number; end: number }): Promise<Uint8Array<ArrayBuffer>>;
  close(options: object): Promise<void>;
}

const describing = new Set<string>();
const aborted = new Set<string>();
let boot: Boot;
let library: Library;
let running: Promise<Engine> | undefined;
let sharing = false;

const say = (event: Event | Reply, transfer: Transferable[] = []): void => postMessage(event, { transfer });

function engine(): Promise<Engine> {
  return (running ??= start());
}

async function start(): Promise<Engine> {
  const go = new Go();
  const loaded = await WebAssembly.instantiateStreaming(fetch(__WASM_URL__), go.importObject).catch((error: unknown) => {
    running = undefined; // the next call tries again
    throw new FanseedError("unreachable", `the engine could not be loaded: ${String(error)}`);
  });
  useMemory(loaded.instance.exports["mem"] as WebAssembly.Memory);
  const made = new Promise<Engine>((resolve) => Object.assign(globalThis, { fanseedHost: host(resolve) }));
  void go.run(loaded.instance).then(() => say({ kind: "failed", code: "internal", message: "the engine has ended" }));
  const it = await made;
  await configure(it);
  say({ kind: "storage", storage: await it.storage({}) });
  await restore(it);
  setInterval(() => void countMoved(0, 0), 60_000); // the day may have changed, or other tabs sent
  return it;
}

async function configure(it: Engine): Promise<void> {
  const [pair, ice, receipts] = await Promise.all([identity(), iceServers(boot.server).catch(() => []), loadReceipts(boot.server).catch(() => [])]);
  await it.configure({ server: boot.server, publicKey: pair?.publicKey, iceServers: ice, limits: boot.limits, receipts });
}

/** Brings back the works of earlier visits. Nothing is shared yet, so none of them runs before it may. */
async function restore(it: Engine): Promise<void> {
  for (const { infohash, magnet, torrent, selected, started, helps } of library.works()) {
    try {
      await it.add(torrent ? { torrent, ...(helps && { helps: Math.max(0, helps - Date.now()) }) } : { magnet });
      if (torrent && selected) await it.select({ infohash, files: selected });
      if (!started) await it.stop({ infohash });
    } catch (error) {
      if (failure(error).code.startsWith("bad_")) await library.forget(infohash); // else there may be better days
    }
  }
}

/** What the Go engine may ask of its worker. */
function host(ready: (engine: Engine) => void): object {
  return {
    ready,
    sign,
    verify,
    hash,
    work: (work: Snapshot) => {
      say({ kind: "work", work });
      void keepUp(work);
    },
    removed: (infohash: string) => {
      say({ kind: "removed", infohash });
      void library.forget(infohash); // one that the server had handed out, and whose room was needed
    },
    torrent: async (infohash: string) => new Uint8Array(await torrentOf(boot.server, infohash)),
    keep: (r: Receipt) => void keepReceipt(boot.server, r).then(() => receiptsChanged(0)),
    forget: (serial: string) => void forgetReceipt(boot.server, serial).then(() => receiptsChanged(0)),
    promised: (p: Promised) => void keepPromise(boot.server, p),
    moved: (sent: number, received: number) => void countMoved(sent, received),
  };
}

/**
 * The metadata of a magnet is kept once it is known, and which files are selected; so is a work that the server has handed out. What the
 * server has withdrawn is not kept at all.
 */
async function keepUp({ infohash, error, length, selected, helps, magnet }: Snapshot): Promise<void> {
  if (error?.code === "revoked") return library.forget(infohash);
  const kept = library.get(infohash);
  if (kept && length > 0 && String(kept.selected) !== String(selected)) await library.change(infohash, { selected });
  if (kept?.helps && !helps) await library.change(infohash, { helps: undefined });
  if (kept ? kept.torrent : !helps) return;
  if (length === 0 || describing.has(infohash)) return;
  describing.add(infohash);
  await (await engine())
    .torrent({ infohash })
    .then((torrent) => (kept ? library.change(infohash, { torrent }) : library.add(infohash, magnet, torrent, helps)))
    .catch(() => undefined); // removed meanwhile, or not all of it is known
  describing.delete(infohash);
}

async function countMoved(sent: number, received: number): Promise<void> {
  await (await engine()).budget(await addMoved(sent, received));
}

/** A seeder gets dozens of receipts a second: the page hears of them together. */
const receiptsChanged = throttled(() => void tellReceipts());

/** The page must be able to hand these in by itself when it is closed. */
async function tellReceipts(): Promise<void> {
  const pair = await identity();
  if (!pair) return;
  say({ kind: "receipts", account: await accountID(pair.publicKey), receipts: await loadReceipts(boot.server) });
}

async function publish(o: Methods["publish"][0]): Promise<Methods["publish"][1]> {
  if (!sharing) throw new FanseedError("not_sharing", "publishing needs sharing to be on");
  const total = o.files.reduce((sum, f) => sum + f.size, 0);
  if (total === 0) throw new FanseedError("no_files", "there is nothing in these files to publish");
  const it = await engine();
  const publication = publicationOf(o);
  const { order, padding, pieceLength } = await it.layout(publication);
  const files = order.map((n, at) => ({ blob: o.files[n]!, padding: padding[at]! }));
  const hashes = await hashPieces({ files, pieceLength, v1: publication.format !== "v2", v2: publication.format !== "v1" }, {
    progress: throttled((n: number) => say({ kind: "hashed", id: o.call, hashed: n, total })),
    aborted: () => aborted.has(o.call),
    root: (leaves, width) => it.root({ leaves, width }),
  });
  const zeros = new Blob([new Uint8Array(padding.reduce((most, n) => Math.max(most, n), 0))]);
  const blobs = files.flatMap(({ blob, padding }) => (padding ? [blob, zeros.slice(0, padding)] : [blob]));
  const made = await it.create({ ...publication, ...hashes, comment: o.comment ?? "", webseeds: o.webseeds ?? [], blobs });
  try {
    await register(boot.server, made.torrent, o.copy ?? true);
  } catch (error) {
    await it.remove({ infohash: made.infohash, deleteData: true });
    throw error;
  }
  await library.add(made.infohash, "", made.torrent);
  await methods.start({ infohash: made.infohash });
  return { infohash: made.infohash };
}

function publicationOf(o: Methods["publish"][0]): Publication {
  const files = o.files.map((f, n) => ({ path: o.paths[n]!, length: f.size }));
  const root = rootOf(files);
  return {
    name: o.name || root,
    format: o.format ?? "hybrid",
    pieceLength: o.pieceLength,
    private: o.private ?? false,
    files: files.map(({ path, length }) => ({ path: files.length > 1 ? withoutRoot(path, root) : path, length })),
  };
}

/** The folder that all files share, or the first file's name. */
function rootOf(files: { path: string }[]): string {
  const first = files[0]!.path.split("/");
  const shared = first.length > 1 && files.every((f) => f.path.startsWith(`${first[0]}/`));
  return shared || files.length === 1 ? first[0]! : `${first.at(-1)} and ${files.length - 1} more`;
}

function withoutRoot(path: string, root: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** At most ten calls a second, and always the last one. */
function throttled(f: (n: number) => void): (n: number) => void {
  let last = 0;
  let most = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = (): void => {
    timer = undefined;
    last = Date.now();
    f(most);
  };
  return (n) => {
    most = Math.max(most, n);
    timer ??= setTimeout(now, Math.max(0, last + 100 - Date.now()));
  };
}

async function add(o: Methods["add"][0]): Promise<Methods["add"][1]> {
  const it = await engine();
  const torrent = o.infohash !== undefined ? await torrentOf(boot.server, o.infohash) : o.torrent;
  const bytes = torrent && new Uint8Array(torrent);
  const magnet = o.magnet ?? "";
  const added = await it.add(bytes ? { torrent: bytes, so: o.so } : { magnet });
  await library.add(added.infohash, magnet, bytes);
  await library.change(added.infohash, { helps: undefined });
  return added;
}

/** A work that was published from these files is read from them again, unless the browser has a copy by now. */
async function hand({ infohash, files, paths }: Methods["hand"][0]): Promise<void> {
  const kept = library.get(infohash);
  if (!kept?.torrent) return;
  const it = await engine();
  await it.attach({ ...publicationOf({ call: "", files, paths }), torrent: kept.torrent, blobs: files });
  if (kept.started) await it.start({ infohash });
}

async function share(on: boolean): Promise<void> {
  sharing = on;
  if (on) {
    const pair = await makeIdentity();
    const it = await engine();
    if (pair) await configure(it);
    void countMoved(0, 0);
    await it.share({ on: true });
    void tellReceipts();
  } else if (running) {
    await (await engine()).share({ on: false });
  }
}

async function stream({ port, ...file }: Methods["stream"][0]): Promise<void> {
  await serve(port, {
    length: async () => (await engine()).length(file),
    read: async (begin, end) => (await engine()).read({ ...file, begin, end }),
    codeOf: (error) => failure(error).code,
    count: (change) => say({ kind: "streams", change }),
  });
}

async function account(): Promise<Account> {
  const [held, promises] = await Promise.all([loadReceipts(boot.server), loadPromises(boot.server)]);
  return statement(boot.server, held.reduce((sum, r) => sum + r.amount - r.acknowledged, 0), promises);
}

const methods: { [M in keyof Methods]: (o: Methods[M][0]) => Promise<Methods[M][1]> } = {
  publish,
  add,
  account,
  boost: (asked) => stake(boot.server, "boosts", asked),
  fund: (asked) => stake(boot.server, "pools", asked),
  appeal: ({ about, note }) => appeal(boot.server, about, note),
  statement: ({ format }) => statementFile(boot.server, format),
  abort: async ({ call }) => void aborted.add(call),
  share: ({ on }) => share(on),
  limits: async ({ limits }) => {
    boot.limits = limits;
    if (running) await (await engine()).limits({ limits });
  },
  hand,
  start: async ({ infohash }) => {
    await library.change(infohash, { started: true });
    await (await engine()).start({ infohash });
  },
  stop: async ({ infohash }) => {
    await library.change(infohash, { started: false });
    await (await engine()).stop({ infohash });
  },
  remove: async (o) => {
    await library.forget(o.infohash);
    await (await engine()).remove(o);
  },
  prioritize: async (o) => (await engine()).prioritize(o),
  select: async (o) => (await engine()).select(o),
  blob: async (o) => (await engine()).blob(o),
  stream,
  close: async () => {
    closeBodies();
    if (running) await (await engine()).close({});
  },
};

/** Every failure reaches the page as a code of the closed list. */
function failure(error: unknown): { code: FanseedError["code"]; message: string } {
  const e = error as Partial<FanseedError> | undefined;
  if (typeof e?.code === "string" && typeof e.message === "string") return { code: e.code, message: e.message };
  return { code: "internal", message: String(error) };
}

async function call(c: Call): Promise<void> {
  try {
    const args = c.far ? await near(c.args as { files?: File[] }) : c.args;
    const value = await (methods[c.method as keyof Methods] as (o: unknown) => Promise<unknown>)(args);
    say({ kind: "reply", id: c.id, value });
  } catch (error) {
    say({ kind: "reply", id: c.id, error: failure(error) });
  }
}

/** Loads the engine at once where there are works to go on with, and tells of them. Calls wait for that. */
async function begin(): Promise<void> {
  library = await Library.open(boot.server);
  void loadPromises(boot.server).catch(() => undefined); // which leaves so many as are to be kept
  const works = library.works();
  if (works.length > 0) await engine().catch(() => undefined); // the next call tries again
  say({ kind: "ready", works: works.map(({ infohash }) => infohash) });
}

let begun: Promise<void>;

self.addEventListener("message", ({ data }: MessageEvent<Boot | Call | RTCEvent>) => {
  if (data.kind === "rtc") return takeRTC(data);
  if (data.kind === "call") return void begun.then(() => call(data));
  boot = data;
  installRTC((command: RTCCommand, transfer = []) => postMessage(command, { transfer }));
  begun = begin();
});
