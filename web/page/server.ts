/** What anyone may ask of the server over HTTP. No engine, no key. Errors: not_found, unreachable, refused. */
import { FanseedError } from "../types/engine.js";

export interface ServerInfo {
  name: string;
  /** It makes copies of what is published. */
  copies: boolean;
  /** µ-credits per GiB. */
  rate: number;
}

export interface WorkSummary {
  infohash: string;
  name: string;
  length: number;
  files: number;
  /** Unix milliseconds. */
  published: number;
  seeders: number;
}

export interface WorkInfo {
  infohash: string;
  name: string;
  length: number;
  pieceLength: number;
  files: { path: string; length: number }[];
  magnet: string;
  /** The files that the link has named (BEP 53 "so"). */
  so?: string;
  /** These three are the server's; a work that came from a .torrent has none. */
  published?: number;
  seeders?: number;
  leechers?: number;
  copy?: ServerCopy;
}

/** The server's own copy of a work. */
export interface ServerCopy {
  state: "pulling" | "whole" | "declined" | "no_room" | "evicted";
  /** The part of it that is there, 0 to 1. */
  progress: number;
}

async function get(path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
  } catch {
    throw new FanseedError("unreachable", "no answer");
  }
  if (response.status === 404) throw new FanseedError("not_found", "not found");
  if (response.status >= 500) throw new FanseedError("unreachable", `status ${response.status}`);
  const body = (await response.json().catch(() => undefined)) as { message?: unknown } | undefined;
  if (!response.ok || !body) throw new FanseedError("refused", typeof body?.message === "string" ? body.message : `status ${response.status}`);
  return body;
}

export async function serverInfo(): Promise<ServerInfo> {
  const body = (await get("/v1/server")) as { name: string; rate_per_gib: number; copies?: boolean };
  return { name: body.name, rate: body.rate_per_gib, copies: body.copies === true };
}

export async function listWorks(): Promise<WorkSummary[]> {
  return ((await get("/v1/works")) as { works: WorkSummary[] | null }).works ?? [];
}

export async function workInfo(infohash: string): Promise<WorkInfo> {
  const { piece_length: pieceLength, ...work } = (await get(`/v1/works/${infohash}`)) as Omit<WorkInfo, "pieceLength"> & { piece_length: number };
  return { ...work, pieceLength };
}

export const torrentPath = (infohash: string): string => `/v1/works/${infohash}.torrent`;
