/** What the person has said about sharing, kept for this site until it is withdrawn. Where the browser keeps nothing, it holds for this visit. */
import type { ShareMode } from "../types/engine.js";

export type Consent = Exclude<ShareMode, "ask">;

export const agreed = (mode: ShareMode): boolean => mode === "on" || mode === "playing";

// Private browsing may refuse to keep anything, or even to be asked.

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string): void {
  try {
    if (value) storage().setItem(key, value);
    else storage().removeItem(key);
  } catch {
    // It holds for this visit alone.
  }
}

const site = (): Storage => localStorage;
const tab = (): Storage => sessionStorage;

const shareKey = "fanseed.share";
let visit: ShareMode = "ask";

export function consent(): ShareMode {
  const said = read(site, shareKey);
  return said === "on" || said === "playing" || said === "off" ? said : visit;
}

export function remember(mode: Consent): void {
  write(site, shareKey, (visit = mode));
}

/** A list of infohashes that is kept. Where the browser keeps nothing, it holds for this visit. */
class Kept {
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

/** What was published here: it is seeded by its publisher's own word, whatever was said about others' works. */
export const published = new Kept(site, "fanseed.published");

/** What "Stop" has stopped in this tab, so that "Resume" starts no more than that. */
export const halted = new Kept(tab, "fanseed.halted");

const stopKey = "fanseed.stopped";

/** "Stop" holds for this tab, reloads included, until "Resume". */
export const stopped = (): boolean => read(tab, stopKey) === "1";

export const rememberStopped = (on: boolean): void => write(tab, stopKey, on ? "1" : "");
