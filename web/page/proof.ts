/**
 * Whether a record is in a server's public log, without believing the server: the checkpoint is signed by the log's key (C2SP signed-note,
 * tlog-checkpoint), it contains the one that this browser saw last, and it contains the record (C2SP tlog-tiles; RFC 6962, section 2.1).
 */
import { read, site, write } from "./kept.js";

/** A settled receipt, as the server tells its seeder of it. Bytes are hex. */
export interface Settled {
  salt: string;
  serial: string;
  /** Bytes, cumulative. */
  amount: bigint;
  epoch: number;
}

export interface Question {
  /** Origin of the server. */
  server: string;
  /** The text of the log's key: name+id+base64. */
  key: string;
  /** The record's hash in the tree as hex, such as a promise names, or the receipt that it is of. */
  record: string | Settled;
}

/**
 * unreachable: no answer; malformed: an answer that is none; forged: not signed by the log's key; rekeyed: the key is another than before;
 * rewritten: history is; changed: the tiles are not those that were signed; dropped: what must be there is not; unsupported: this browser
 * cannot verify signatures.
 */
export type Why = "unreachable" | "malformed" | "forged" | "rekeyed" | "rewritten" | "changed" | "dropped" | "unsupported";

export interface Checkpoint {
  /** How many records there are. */
  size: number;
  /** Base64. */
  root: string;
}

/** `checkpoint` is there once its signature is verified, `index` is the record's number from 0. */
export type Answer = { held: true; index: number; checkpoint: Checkpoint } | { held: false; why: Why; message: string; checkpoint?: Checkpoint };

/** Why something that a server says is not believed. */
export class Doubt extends Error {
  constructor(
    readonly why: Why,
    message: string,
  ) {
    super(message);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

const hashSize = 32;
const width = 256; // hashes of a full tile
const largestCheckpoint = 16_384; // bytes
const mostRecords = 2 ** 48;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const hex = (bytes: Bytes): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const unbase64 = (text: string): Bytes => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const same = (a: Bytes, b: Bytes): boolean => hex(a) === hex(b);

async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

const node = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(Uint8Array.of(1), left, right);

/** The hash in the tree of a settled receipt's record. */
export async function leafOf({ salt, serial, amount, epoch }: Settled): Promise<string> {
  const numbers = new DataView(new ArrayBuffer(12));
  numbers.setBigUint64(0, amount);
  numbers.setUint32(8, epoch);
  const hash = await sha256(utf8("fanseed log receipt v1\n"), unhex(salt), unhex(serial), new Uint8Array(numbers.buffer));
  return hex(await sha256(Uint8Array.of(0), utf8(`receipt\nhash ${hex(hash)}\n`)));
}

/** What is at a path of the log: `limit` bytes at most. */
async function get(log: string, path: string, limit: number): Promise<Bytes> {
  const gone = (): never => {
    throw new Doubt("unreachable", `no answer to ${path}`);
  };
  const response = await fetch(log + path, { signal: AbortSignal.timeout(15_000) }).catch(gone);
  if (response.status === 404 || response.status === 204) throw new Doubt("dropped", `the server has no ${path}`);
  if (!response.ok || !response.body) return gone();
  const bytes = new Uint8Array(limit);
  const body = response.body.getReader();
  for (let size = 0; ; ) {
    const { done, value } = await body.read().catch(gone);
    if (done) return bytes.subarray(0, size);
    if (size + value.length > limit) {
      void body.cancel().catch(() => undefined);
      throw new Doubt("malformed", `${path} has more than ${limit} bytes`);
    }
    bytes.set(value, size);
    size += value.length;
  }
}

/** The public key of a log. */
class Key {
  private constructor(
    readonly name: string,
    readonly id: string,
    readonly bytes: Bytes,
  ) {}

  static async read(text: string): Promise<Key> {
    const [, name = "", id = "", base64 = ""] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text) ?? [];
    const bytes = name ? unbase64(base64) : new Uint8Array();
    const hash = await sha256(utf8(`${name}\n`), bytes);
    if (bytes[0] !== 1 || hex(hash.subarray(0, 4)) !== id) throw new Doubt("malformed", "the log's key is none");
    return new Key(name, id, bytes.subarray(1));
  }

  async verifies(message: Bytes, signature: Bytes): Promise<boolean> {
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("raw", this.bytes, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      throw new Doubt("unsupported", "this browser cannot verify signatures");
    }
    return crypto.subtle.verify("Ed25519", key, signature, message);
  }

  /** Verifies a signed checkpoint. Signatures of other keys may stand beside the log's. */
  async open(note: string): Promise<Checkpoint> {
    const end = note.lastIndexOf("\n\n");
    const lines = note.slice(end + 2, -1).split("\n");
    const signatures = lines.map((line) => /^— ([^+\s]+) ((?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(line));
    if (end < 0 || !note.endsWith("\n") || signatures.includes(null)) throw new Doubt("malformed", "the checkpoint is no signed note");
    const text = note.slice(0, end + 1);
    const ours = signatures.map((s) => [s![1], unbase64(s![2]!)] as const).find(([name, s]) => name === this.name && hex(s.subarray(0, 4)) === this.id);
    if (!ours || !(await this.verifies(utf8(text), ours[1].subarray(4)))) throw new Doubt("forged", "the checkpoint is not signed by the log's key");
    const [, name, size, root = ""] = /^(.+)\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
    if (name !== this.name || Number(size) > mostRecords || btoa(atob(root)) !== root) throw new Doubt("malformed", "the checkpoint has not its form");
    return { size: Number(size), root };
  }
}

/** A tile's number in its address: 1234067 is x001/x234/067. */
function number(n: number): string {
  const digits = String(n);
  return digits.padStart(Math.ceil(digits.length / 3) * 3, "0").replace(/...(?=.)/g, "x$&/");
}

/** The tree that a checkpoint signs. Of its tiles nothing is believed: what is computed from them is compared with the root. */
class Tree {
  readonly #tiles = new Map<string, Promise<Bytes>>();

  constructor(
    private readonly log: string,
    private readonly size: number,
  ) {}

  /** The largest power of two below n > 1: where a tree of n records divides. */
  static #half(n: number): number {
    let k = 1;
    while (k * 2 < n) k *= 2;
    return k;
  }

  #tile(level: number, n: number): Promise<Bytes> {
    const hashes = Math.min(width, Math.floor(this.size / width ** level) - n * width);
    const path = `tile/${level}/${number(n)}${hashes < width ? `.p/${hashes}` : ""}`;
    let tile = this.#tiles.get(path);
    if (!tile) {
      tile = get(this.log, path, hashes * hashSize).then((bytes) => {
        if (bytes.length !== hashes * hashSize) throw new Doubt("malformed", `${path} has ${bytes.length} bytes`);
        return bytes;
      });
      this.#tiles.set(path, tile);
    }
    return tile;
  }

  /** The root over 2**height records, the n-th such. */
  async #subtree(height: number, n: number): Promise<Bytes> {
    const inTile = 2 ** (height % 8);
    const tile = await this.#tile(Math.floor(height / 8), Math.floor((n * inTile) / width));
    let hashes = Array.from({ length: inTile }, (_, i) => tile.subarray((((n * inTile) % width) + i) * hashSize).subarray(0, hashSize));
    while (hashes.length > 1) {
      hashes = await Promise.all(hashes.flatMap((left, i) => (i % 2 ? [] : [node(left, hashes[i + 1]!)])));
    }
    return hashes[0]!;
  }

  /** The root over the records from lo to hi. lo is a multiple of the largest power of two that is not above hi - lo. */
  async root(lo: number, hi: number): Promise<Bytes> {
    const n = hi - lo;
    if (n === 1) return this.leaf(lo);
    const k = Tree.#half(n);
    if (k * 2 === n) return this.#subtree(Math.log2(n), lo / n);
    return node(await this.root(lo, lo + k), await this.root(lo + k, hi));
  }

  leaf(n: number): Promise<Bytes> {
    return this.#subtree(0, n);
  }

  /** The root over lo to hi by the audit path of record n in it (RFC 6962, section 2.1.1). */
  async path(n: number, lo: number, hi: number): Promise<Bytes> {
    if (hi - lo === 1) return this.leaf(lo);
    const middle = lo + Tree.#half(hi - lo);
    if (n < middle) return node(await this.path(n, lo, middle), await this.root(middle, hi));
    return node(await this.root(lo, middle), await this.path(n, middle, hi));
  }

  /** The roots over lo to `was` and over lo to hi, from the same hashes: the consistency proof (RFC 6962, section 2.1.2). */
  async grown(was: number, lo: number, hi: number): Promise<[Bytes, Bytes]> {
    if (was === hi) {
      const root = await this.root(lo, hi);
      return [root, root];
    }
    const middle = lo + Tree.#half(hi - lo);
    if (was <= middle) {
      const [before, now] = await this.grown(was, lo, middle);
      return [before, await node(now, await this.root(middle, hi))];
    }
    const left = await this.root(lo, middle);
    const [before, now] = await this.grown(was, middle, hi);
    return [await node(left, before), await node(left, now)];
  }
}

/** Proves that `now`, whose tree it is, contains `before`. */
async function contains(tree: Tree, now: Checkpoint, before: Checkpoint): Promise<void> {
  if (now.size < before.size) throw new Doubt("rewritten", `the log had ${before.size} records and now has ${now.size}`);
  if (now.size === before.size && now.root !== before.root) throw new Doubt("rewritten", `there are two roots over ${now.size} records`);
  if (now.size === before.size || before.size === 0) return;
  const [was, is] = await tree.grown(before.size, 0, now.size);
  if (!same(is, unbase64(now.root))) throw new Doubt("changed", "the tiles do not make the root in the checkpoint");
  if (!same(was, unbase64(before.root))) throw new Doubt("rewritten", `the first ${before.size} records are not what they were`);
}

/** What this browser keeps of a log: the text of its key, and the checkpoint that it saw last. */
async function kept(place: string, key: Key, text: string): Promise<Checkpoint | undefined> {
  const value = read(site, place);
  const end = value?.indexOf("\n") ?? -1;
  if (!value || end < 0) return undefined;
  if (value.slice(0, end) !== text) throw new Doubt("rekeyed", "the log's key is another than before");
  return key.open(value.slice(end + 1)).catch(() => undefined); // somebody else wrote there
}

/** Where the server says that a record is. */
async function find(log: string, leaf: string): Promise<number> {
  const text = new TextDecoder().decode(await get(log, `find/${leaf}`, 32));
  if (!/^(0|[1-9]\d{0,14})\n$/.test(text)) throw new Doubt("malformed", "a record's place is not a number");
  return Number(text);
}

async function included(tree: Tree, { size, root }: Checkpoint, leaf: string, index: number): Promise<void> {
  if (index >= size) throw new Doubt("dropped", `the checkpoint has ${size} records, and none is number ${index}`);
  if (!same(await tree.path(index, 0, size), unbase64(root))) throw new Doubt("changed", "the tiles do not make the root in the checkpoint");
  if (hex(await tree.leaf(index)) !== leaf) throw new Doubt("dropped", `record ${index} is not this one`);
}

/** What became of one record. `absent`: the server says that it does not know it, which may be true of one that is new. */
export type Found = { held: true; index: number } | { held: false; why: Why; message: string; absent?: true };

export interface Look {
  /** It is there once its signature is verified. */
  checkpoint?: Checkpoint;
  /** For each leaf, in order; empty where there is a fault. */
  found: Found[];
  /** What is wrong with the log as a whole. */
  fault?: { why: Why; message: string };
  /** The signed notes that the server gave now and, where it was compared with one, before: the evidence of what it did. */
  note?: string;
  before?: string;
}

const doubted = (error: unknown): { held: false; why: Why; message: string } => {
  if (!(error instanceof Doubt)) throw error;
  return { held: false, why: error.why, message: error.message };
};

/** The server's answer about each leaf, few at a time. */
async function places(log: string, leaves: string[]): Promise<(number | Doubt)[]> {
  const list: (number | Doubt)[] = [];
  for (let at = 0; at < leaves.length; at += 8) {
    const some = leaves.slice(at, at + 8).map((leaf) =>
      find(log, leaf).catch((error: unknown) => {
        if (error instanceof Doubt) return error;
        throw error;
      }),
    );
    list.push(...(await Promise.all(some)));
  }
  return list;
}

/** Asks the server about records, by their hashes in the tree, and proves what it says. Never throws for what a server does. */
export async function look(server: string, text: string, leaves: string[]): Promise<Look> {
  const log = `${server}/v1/log/`;
  const place = `fanseed log ${server}`;
  const seen: Look = { found: [] };
  try {
    const key = await Key.read(text);
    const at = await places(log, leaves); // first, for the checkpoint to be the newer
    const before = await kept(place, key, text);
    if (before) seen.before = read(site, place)!.slice(text.length + 1);
    seen.note = new TextDecoder().decode(await get(log, "checkpoint", largestCheckpoint));
    const now = await key.open(seen.note);
    seen.checkpoint = now;
    const tree = new Tree(log, now.size);
    if (before) await contains(tree, now, before);
    write(site, place, `${text}\n${seen.note}`);
    for (const [i, index] of at.entries()) {
      if (typeof index !== "number") seen.found.push({ ...doubted(index), ...(index.why === "dropped" && { absent: true }) });
      else seen.found.push(await included(tree, now, leaves[i]!, index).then(() => ({ held: true, index }) as const, doubted));
    }
  } catch (error) {
    const { why, message } = doubted(error);
    seen.fault = { why, message };
  }
  return seen;
}

/** The same for one record. */
export async function prove({ server, key, record }: Question): Promise<Answer> {
  const leaf = typeof record === "string" ? record : await leafOf(record);
  const { found, fault, checkpoint } = await look(server, key, [leaf]);
  const one = found[0];
  if (one?.held) return { held: true, index: one.index, checkpoint: checkpoint! };
  const { why, message } = one ?? fault!;
  return { held: false, why, message, ...(checkpoint && { checkpoint }) };
}

/** Whether a promise is signed by the log's key: "fanseed promise v1\n" | leaf 32 | by u64 big-endian. Throws only for a key that is none. */
export async function promised(text: string, leaf: string, { by, signature }: { by: number; signature: string }): Promise<boolean> {
  const time = new DataView(new ArrayBuffer(8));
  time.setBigUint64(0, BigInt(by));
  const message = new Uint8Array([...utf8("fanseed promise v1\n"), ...unhex(leaf), ...new Uint8Array(time.buffer)]);
  return (await Key.read(text)).verifies(message, unhex(signature));
}

/** A document of the log, of at most `limit` bytes, if the server has the one with this SHA-256. */
export async function table(server: string, hash: string, limit: number): Promise<string> {
  const bytes = await get(`${server}/v1/log/`, `table/${hash}`, limit);
  if (hex(await sha256(bytes)) !== hash) throw new Doubt("changed", "a table is not the one that the log names");
  return new TextDecoder().decode(bytes);
}

/** The hash in the tree of a record's text. */
export const leafOfRecord = async (record: string): Promise<string> => hex(await sha256(Uint8Array.of(0), utf8(record)));
