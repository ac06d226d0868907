/**
 * What the browser keeps between visits: the account's key, receipts that the server has not acknowledged, and how much was sent today.
 * Where IndexedDB is refused (a sandboxed frame, some private windows) the same is kept in memory, and ends with the tab.
 */
import type { Receipt } from "./messages.js";

export interface KeyPair {
  privateKey: CryptoKey;
  publicKey: Uint8Array<ArrayBuffer>;
}

type Store = "identity" | "receipts" | "sent";

const memory: Record<Store, Map<string, unknown>> = { identity: new Map(), receipts: new Map(), sent: new Map() };

const opened: Promise<IDBDatabase | undefined> = new Promise((resolve) => {
  try {
    const request = indexedDB.open("fanseed", 1);
    request.onupgradeneeded = () => {
      for (const name of Object.keys(memory)) request.result.createObjectStore(name);
    };
    request.onsuccess = () => resolve(request.result);
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

export async function keepReceipt(r: Receipt): Promise<void> {
  await replace<Receipt>("receipts", r.serial, () => r);
}

export function forgetReceipt(serial: string): Promise<void> {
  return transact<void>("receipts", (s) => void s.delete(serial), (m) => void m.delete(serial));
}

export function loadReceipts(): Promise<Receipt[]> {
  return transact<Receipt[]>(
    "receipts",
    (s, give) => {
      const found = s.getAll() as IDBRequest<Receipt[]>;
      found.onsuccess = () => give(found.result);
    },
    (m) => [...m.values()] as Receipt[],
  );
}

/** Adds bytes that were sent to peers today, in whichever tab, and gives today's sum. */
export function addSent(bytes: number): Promise<number> {
  return replace<number>("sent", new Date().toISOString().slice(0, 10), (before) => (before ?? 0) + bytes);
}
