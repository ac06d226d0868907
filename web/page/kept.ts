/** What the page keeps in this browser. Private browsing may refuse to keep anything, or even to be asked: then it holds for this visit. */

export const site = (): Storage => localStorage;
export const tab = (): Storage => sessionStorage;

export function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

/** Empty: nothing is kept any more. */
export function write(storage: () => Storage, key: string, value: string): void {
  try {
    if (value) storage().setItem(key, value);
    else storage().removeItem(key);
  } catch {
    // It holds for this visit alone.
  }
}

/** A list of infohashes that is kept. */
export class Kept {
  #visit: readonly string[] = [];

  constructor(
    private readonly storage: () => Storage,
    private readonly key: string,
  ) {}

  get list(): readonly string[] {
    return read(this.storage, this.key)?.split(" ") ?? this.#visit;
  }

  set list(infohashes: readonly string[]) {
    write(this.storage, this.key, (this.#visit = infohashes).join(" "));
  }
}
