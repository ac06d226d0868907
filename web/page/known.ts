/** What is known of works before any engine runs: from the server, from a .torrent that was opened here, or from the magnet in the history entry. */
import { FanseedError } from "../types/engine.js";
import { torrentPath, workInfo, type WorkInfo } from "./server.js";
import { source } from "./source.js";
import { readTorrent } from "./torrent.js";

const largestTorrent = 10 * 1024 * 1024; // bytes

/** What a magnet said, kept in the history entry so that it survives a reload. */
export interface Entry {
  magnet?: string;
  name?: string;
}

/** Where what was opened is to be seen. */
export type Opened = { at: "here"; infohash: string; entry: Entry } | { at: "elsewhere"; url: string };

export class KnownWorks {
  readonly #torrents = new Map<string, { info: WorkInfo; bytes: ArrayBuffer }>();

  /** Errors: bad_link, bad_torrent, unreachable. */
  async open(from: string | File): Promise<Opened> {
    if (typeof from !== "string") return this.#keep(await from.arrayBuffer());
    const found = source(from, location.origin);
    if (!found) throw new FanseedError("bad_link", from);
    if (found.kind === "elsewhere") return { at: "elsewhere", url: found.url };
    if (found.kind === "torrent") return this.#keep(await fetchTorrent(found.url));
    const { infohash, magnet, name } = found;
    return { at: "here", infohash, entry: { ...(magnet && { magnet }), ...(name && { name }) } };
  }

  async #keep(bytes: ArrayBuffer): Promise<Opened> {
    const info = bytes.byteLength > largestTorrent ? undefined : await readTorrent(new Uint8Array(bytes)).catch(() => undefined);
    if (!info) throw new FanseedError("bad_torrent", "no torrent that can be read");
    this.#torrents.set(info.infohash, { info, bytes });
    return { at: "here", infohash: info.infohash, entry: { magnet: info.magnet, name: info.name } };
  }

  /** `entry` is the history entry's. Errors: not_found, unreachable, refused. */
  async find(infohash: string, entry: Entry): Promise<WorkInfo> {
    try {
      return await workInfo(infohash);
    } catch (error) {
      const torrent = this.#torrents.get(infohash);
      if (torrent) return torrent.info;
      const { magnet, name = "" } = entry;
      if (!magnet || (error as FanseedError).code !== "not_found") throw error;
      return { infohash, magnet, name, length: 0, pieceLength: 0, files: [] };
    }
  }

  /** The best description for the engine: the .torrent where there is one, since then no peer has to be asked for the names. */
  source({ infohash, magnet, length }: WorkInfo): string | ArrayBuffer {
    const torrent = this.#torrents.get(infohash);
    return torrent?.bytes ?? (length ? new URL(torrentPath(infohash), location.origin).href : magnet);
  }
}

async function fetchTorrent(url: string): Promise<ArrayBuffer> {
  try {
    const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(15_000) });
    if (response.ok) return await response.arrayBuffer();
  } catch {
    // Said below: another site's file often cannot be read from here.
  }
  throw new FanseedError("unreachable", url);
}
