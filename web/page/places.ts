/** Where somebody was in what they played, per file, in this browser: the last hundred. */
const key = "fanseed places";
const most = 100;

type Places = Record<string, number>;

function places(): Places {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return kept && typeof kept === "object" && !Array.isArray(kept) ? (kept as Places) : {};
  } catch {
    return {}; // no storage, or somebody else's
  }
}

/** Seconds from the start of a file; 0 where nothing is known. */
export function place(infohash: string, index: number): number {
  const at = places()[`${infohash}/${index}`];
  return typeof at === "number" && Number.isFinite(at) && at > 0 ? at : 0;
}

/** 0 forgets. */
export function rememberPlace(infohash: string, index: number, seconds: number): void {
  const name = `${infohash}/${index}`;
  const others = Object.entries(places()).filter(([other]) => other !== name);
  const list = seconds > 0 ? [...others, [name, Math.round(seconds * 10) / 10] as const] : others;
  try {
    localStorage.setItem(key, JSON.stringify(Object.fromEntries(list.slice(-most))));
  } catch {
    return; // it begins at the start next time
  }
}
