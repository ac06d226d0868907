/**
 * The parts of the page that come when they are first needed: nothing of them is loaded before the person has done something that needs
 * it. A part that cannot be had is asked for again, and then is an error in words; the next call tries anew.
 */
import { FanseedError } from "../types/engine.js";

/** The files of each part that are not here with the page's first script, by the part's name. The build fills it in. */
declare const __PARTS__: Record<string, readonly string[]>;

const waits = [0, 400, 1_600]; // ms before each try

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

async function isThere(file: string): Promise<boolean> {
  const response = await fetch(file).catch(() => undefined);
  return response?.ok === true && (await response.arrayBuffer().catch(() => undefined)) !== undefined;
}

/**
 * Waits until a script can be had, and has it in the browser's cache. A browser may remember for ever that an import has failed, so one is
 * only tried for what is there. Error: part.
 */
export async function reach(file: string): Promise<void> {
  for (const wait of waits) {
    await pause(wait);
    if (await isThere(file)) return;
  }
  throw new PartError(file);
}

/** A part of the page, or the engine, could not be loaded. */
export class PartError extends FanseedError {
  constructor(file: string) {
    super("unreachable", `${file} could not be loaded`);
  }
}

function part<T>(name: string, load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  const begin = async (): Promise<T> => {
    await Promise.all((__PARTS__[name] ?? []).map(reach));
    return load();
  };
  return () =>
    (loading ??= begin().catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
}

export const parts = {
  sharing: part("sharing", () => import("./sharing.js")),
  publishing: part("publishing", () => import("./publishing.js")),
  opening: part("opening", () => import("./opening.js")),
  statement: part("statement", () => import("./statement.js")),
  player: part("player", () => import("./player.js")),
  limits: part("limits_dialog", () => import("./limits_dialog.js")),
  staking: part("staking", () => import("./staking.js")),
  proving: part("proving", () => import("./proving.js")),
};
