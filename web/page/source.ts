/** Reads what a person pastes to open a work. Pure: nothing is fetched here. */
import { route } from "./route.js";

export type Source =
  | { kind: "work"; infohash: string; magnet?: string; name?: string }
  /** Address of a .torrent that has to be fetched. */
  | { kind: "torrent"; url: string }
  /** A page of another server. */
  | { kind: "elsewhere"; url: string };

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Infohash as a magnet writes it (40 hex or 32 base32 digits, BEP 9) as 40 lower-case hex digits. */
export function infohash(text: string): string | undefined {
  if (/^[0-9a-f]{40}$/i.test(text)) return text.toLowerCase();
  if (!/^[a-z2-7]{32}$/i.test(text)) return undefined;
  let bits = 0n;
  for (const digit of text.toLowerCase()) bits = (bits << 5n) | BigInt(base32.indexOf(digit));
  return bits.toString(16).padStart(40, "0");
}

function magnet(text: string): Source | undefined {
  const query = new URLSearchParams(text.slice(text.indexOf("?") + 1));
  for (const topic of query.getAll("xt")) {
    const found = topic.toLowerCase().startsWith("urn:btih:") ? infohash(topic.slice(9)) : undefined;
    if (!found) continue;
    const name = query.get("dn");
    return { kind: "work", infohash: found, magnet: text, ...(name && { name }) };
  }
  return undefined;
}

/** Undefined: it is none of what can be opened. `origin` is this page's own. */
export function source(input: string, origin: string): Source | undefined {
  const text = input.trim();
  const bare = infohash(text);
  if (bare) return { kind: "work", infohash: bare };
  if (/^magnet:\?/i.test(text)) return magnet(text);
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const place = route(url.pathname.replace(/^\/v1\/works\/([0-9a-f]{40})(\.torrent)?$/i, "/w/$1"));
  if (place.view !== "work") return { kind: "torrent", url: url.href };
  return url.origin === origin ? { kind: "work", infohash: place.infohash } : { kind: "elsewhere", url: url.href };
}
