/** What is known of works before any engine runs: from the server, from a .torrent that was opened here, or from the magnet in the history entry. */
import type { FanseedError } from "../types/engine.js";
import { torrentPath, workInfo, type WorkInfo } from "./server.js";

/** What a magnet said, kept in the history entry so that it survives a reload. */
export interface Entry {
  magnet?: string;
  name?: string;
}

export class KnownWorks {
  readonly #torrents = new Map<string, { info: WorkInfo; bytes: ArrayBuffer }>();

  /** Keeps a .torrent that was opened here. */
  keep(info: WorkInfo, bytes: ArrayBuffer): void {
    this.#torrents.set(info.infohash, { info, bytes });
  }

  /** `entry` is the history entry's. Errors: not_found, unreachable, refused. */
  async find(infohash: string, entry: Entry): Promise<WorkInfo> {
    const so = /[?&]so=([\d,-]+)/.exec(entry.magnet ?? "")?.[1];
    try {
      return { ...(await workInfo(infohash)), ...(so && { so }) };
    } catch (error) {
      const torrent = this.#torrents.get(infohash);
      if (torrent) return torrent.info;
      const { magnet, name = "" } = entry;
      if (!magnet || (error as FanseedError).code !== "not_found") throw error;
      return { infohash, magnet, name, length: 0, pieceLength: 0, files: [] };
    }
  }

  /** The best description for the engine: the .torrent where there is one, since then no peer has to be asked for the names. */
  source({ infohash, magnet, length, so }: WorkInfo): string | ArrayBuffer {
    const torrent = this.#torrents.get(infohash);
    return torrent?.bytes ?? (length ? new URL(torrentPath(infohash) + (so ? `#so=${so}` : ""), location.origin).href : magnet);
  }
}
