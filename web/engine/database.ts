/**
 * What the browser keeps between visits: the account's key, receipts that the server has not acknowledged, what it has promised for
 * those that it has, how much was sent today, and the list of works.
 * Where IndexedDB is refused (a sandboxed frame, some private windows) the same is kept in memory, and ends with the tab.
 */
import type { Promised, Receipt } from "./messages.js";

export interface KeyPair {
  privateKey: CryptoKey;
  publicKey: Uint8Array<ArrayBuffer>;
}

/** A work that goes on after a reload: by its .torrent, or by its magnet as long as nobody has told its metadata. */
export interface Kept {
  server: string;
  infohash: string;
  magnet: string;
  torrent?: Uint8Array<ArrayBuffer>;
  /** The files that are fetched, by number; all where it is left out. */
  selected?: number[] | undefined;
  /** Handed out by the server, and not to be dropped for another before: see Snapshot. */
  helps?: number | undefined;
  /** Not stopped by hand. */
  started: boolean;
  /** When, by this browser's clock, in milliseconds. */
  added: number;
}

type Store = "identity" | "receipts" | "promises" | "sent" | "works";

const memory: Record<Store, Map<string, unknown>> = { identity: new Map(), receipts: new Map(), promises: new Map(), sent: new Map(), works: new Map() };

const opened: Promise<IDBDatabase | undefined> = new Promise((resolve) => {
  try {
    const request = indexedDB.open("fanseed", 3);
    request.onupgradeneeded = () => {
      const there = request.result.objectStoreNames;
      for (const name of Object.keys(memory)) if (!there.contains(name)) request.result.createObjectStore(name);
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close(); // a later release in another tab must not wait for us
      resolve(request.result);
    };
    request.onerror = () => resolve(undefined);
  } catch {
    resolve(undefined);
  }
});

/**
 * Runs one transaction and resolves, once it is durable, with what it gave. Without a database `inMemory` does the same.
 */
async function transact<T>(store: Store, f: (s: IDBObjectStore, give: (value: T) => void) => void, inMemory: (m: Map<string, unknown>) => T): Promise<T> {
  const db = await opened;
  if (!db) return inMemory(memory[store]);
  return new Promise((resolve, reject) => {
    const tx = db.transaction(store, "readwrite");
    let given: T;
    f(tx.objectStore(store), (value) => (given = value));
    tx.oncomplete = () => resolve(given);
    tx.onabort = () => reject(tx.error ?? new Error("transaction was aborted"));
  });
}

/** Replaces what is kept under a key by what `f` makes of it, and gives that. */
function replace<T>(store: Store, key: string, f: (before: T | undefined) => T): Promise<T> {
  return transact<T>(
    store,
    (s, give) => {
      const before = s.get(key) as IDBRequest<T | undefined>;
      before.onsuccess = () => {
        const after = f(before.result);
        s.put(after, key);
        give(after);
      };
    },
    (m) => {
      const after = f(m.get(key) as T | undefined);
      m.set(key, after);
      return after;
    },
  );
}

/** The key of this browser's account, or undefined before one was made. */
export function loadKey(): Promise<KeyPair | undefined> {
  return transact<KeyPair | undefined>(
    "identity",
    (s, give) => {
      const found = s.get("own") as IDBRequest<KeyPair | undefined>;
      found.onsuccess = () => give(found.result);
    },
    (m) => m.get("own") as KeyPair | undefined,
  );
}

/** Keeps the key, unless another tab was first: what is kept is handed back. */
export function keepKey(pair: KeyPair): Promise<KeyPair> {
  return replace<KeyPair>("identity", "own", (before) => before ?? pair);
}

/** Everything in a store, in the order of its keys. */
function all<T>(store: Store): Promise<T[]> {
  return transact<T[]>(
    store,
    (s, give) => {
      const found = s.getAll() as IDBRequest<T[]>;
      found.onsuccess = () => give(found.result);
    },
    (m) => [...m.values()] as T[],
  );
}

function forget(store: Store, key: string): Promise<void> {
  return transact<void>(store, (s) => void s.delete(key), (m) => void m.delete(key));
}

/** Receipts and works belong to one server: an engine for another one must not touch them. */
const keyOf = (server: string, id: string): string => `${server} ${id}`;

export async function keepReceipt(server: string, r: Receipt): Promise<void> {
  await replace("receipts", keyOf(server, r.serial), () => ({ ...r, server }));
}

export function forgetReceipt(server: string, serial: string): Promise<void> {
  return forget("receipts", keyOf(server, serial));
}

export async function loadReceipts(server: string): Promise<Receipt[]> {
  return (await all<Receipt & { server: string }>("receipts")).filter((r) => r.server === server);
}

/** So many are kept; the oldest go first. */
const mostPromises = 200;

type KeptPromise = Promised & { server: string };

/** Amounts are cumulative: the newest promise of a ticket is about all of its bytes. */
export async function keepPromise(server: string, p: Promised): Promise<void> {
  await replace<KeptPromise>("promises", keyOf(server, p.serial), (before) => (before && before.amount > p.amount ? before : { ...p, server }));
}

/** Newest first. */
export async function loadPromises(server: string): Promise<Promised[]> {
  const list = (await all<KeptPromise>("promises")).filter((p) => p.server === server).sort((a, b) => b.by - a.by);
  for (const { serial } of list.splice(mostPromises)) await forget("promises", keyOf(server, serial));
  return list.map(({ server: _, ...p }) => p);
}

export async function keepWork(work: Kept): Promise<void> {
  await replace("works", keyOf(work.server, work.infohash), () => work);
}

export function forgetWork({ server, infohash }: Kept): Promise<void> {
  return forget("works", keyOf(server, infohash));
}

/** Oldest first. */
export async function loadWorks(server: string): Promise<Kept[]> {
  return (await all<Kept>("works")).filter((work) => work.server === server).sort((a, b) => a.added - b.added);
}

/** What all tabs have moved, in bytes. */
export interface Moved {
  sentToday: number;
  sentThisMonth: number;
  receivedThisMonth: number;
}

/** Adds bytes that went to peers and bytes that came, in whichever tab, and gives the sums of this day and month. */
export async function addMoved(sent: number, received: number): Promise<Moved> {
  const day = new Date().toISOString().slice(0, 10);
  const month = day.slice(0, 7);
  const add = (key: string, bytes: number): Promise<number> => replace<number>("sent", key, (before) => (before ?? 0) + bytes);
  const [sentToday, sentThisMonth, receivedThisMonth] = await Promise.all([add(day, sent), add(month, sent), add(`${month} received`, received)]);
  return { sentToday, sentThisMonth, receivedThisMonth };
}
