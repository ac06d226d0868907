/** What the person has said about sharing, kept for this site until it is withdrawn. Where the browser keeps nothing, it holds for this visit. */
import type { ShareMode } from "../types/engine.js";

export type Consent = Exclude<ShareMode, "ask">;

const key = "fanseed.share";
let visit: ShareMode = "ask";

export function consent(): ShareMode {
  try {
    const said = localStorage.getItem(key);
    return said === "on" || said === "playing" || said === "off" ? said : visit;
  } catch {
    return visit;
  }
}

export function remember(mode: Consent): void {
  visit = mode;
  try {
    localStorage.setItem(key, mode);
  } catch {
    // Private browsing may refuse to keep anything; `visit` holds it.
  }
}

const stopKey = "fanseed.stopped";

/** "Stop" holds for this tab, reloads included, until "Resume". */
export function stopped(): boolean {
  try {
    return sessionStorage.getItem(stopKey) === "1";
  } catch {
    return false;
  }
}

export function rememberStopped(on: boolean): void {
  try {
    if (on) sessionStorage.setItem(stopKey, "1");
    else sessionStorage.removeItem(stopKey);
  } catch {
    // Nothing is kept: a reload starts anew.
  }
}
