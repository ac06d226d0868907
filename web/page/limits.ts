/** The caps that the page promises before consent, and hands to the engine after it; kept for this site once they were changed. */
import type { Limits } from "../types/engine.js";
import { read, site, write } from "./kept.js";

const key = "fanseed.limits";

/** In the order in which they are shown. Infinity: no limit. */
export type Amounts = Required<Omit<Limits, "help">>;
export type Caps = Required<Limits>;

const defaults: Amounts = {
  uploadRate: 1024 ** 2,
  uploadPerDay: 1024 ** 3,
  uploadPerMonth: Infinity,
  downloadRate: Infinity,
  downloadPerMonth: Infinity,
  storage: 2 * 1024 ** 3,
};

let visit: Partial<Caps> = {};

/** What was kept may be anything: only amounts are taken from it. JSON has no Infinity; null stands for it. */
export function limits(): Caps {
  const caps: Caps = { ...defaults, help: false };
  let kept: unknown = visit;
  try {
    kept = JSON.parse(read(site, key) ?? "") ?? {};
  } catch {
    // Nothing is kept, or nothing of ours.
  }
  caps.help = (kept as Partial<Caps>).help === true;
  for (const name of Object.keys(defaults) as (keyof Amounts)[]) {
    const amount = (kept as Record<string, unknown>)[name];
    if (amount === null) caps[name] = Infinity;
    else if (typeof amount === "number" && amount >= 1) caps[name] = amount;
  }
  return caps;
}

export const limitsChosen = (): boolean => read(site, key) !== null || Object.keys(visit).length > 0;

export function rememberLimits(caps: Caps): void {
  visit = caps;
  write(site, key, JSON.stringify(caps));
}
