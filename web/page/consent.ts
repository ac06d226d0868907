/** What the person has said about sharing, kept for this site until it is withdrawn. */
import type { ShareMode } from "../types/engine.js";
import { Kept, read, site, tab, write } from "./kept.js";

export type Consent = Exclude<ShareMode, "ask">;

export const agreed = (mode: ShareMode): boolean => mode === "on" || mode === "playing";

const shareKey = "fanseed.share";
let visit: ShareMode = "ask";

export function consent(): ShareMode {
  const said = read(site, shareKey);
  return said === "on" || said === "playing" || said === "off" ? said : visit;
}

export function remember(mode: Consent): void {
  write(site, shareKey, (visit = mode));
}

/** What was published here: it is seeded by its publisher's own word, whatever was said about others' works. */
export const published = new Kept(site, "fanseed.published");

/** What "Stop" has stopped in this tab, so that "Resume" starts no more than that. */
export const halted = new Kept(tab, "fanseed.halted");

const stopKey = "fanseed.stopped";

/** "Stop" holds for this tab, reloads included, until "Resume". */
export const stopped = (): boolean => read(tab, stopKey) === "1";

export const rememberStopped = (on: boolean): void => write(tab, stopKey, on ? "1" : "");
