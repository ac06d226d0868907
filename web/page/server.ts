/** What anyone may ask of the server over HTTP. No engine, no key. Errors: not_found, unreachable, refused. */
import { FanseedError } from "../types/engine.js";

export interface ServerInfo {
  name: string;
  /** µ-credits per GiB. */
  rate: number;
  /** It makes copies of what is published, unless the publisher declines. */
  copies: boolean;
  /** How long an epoch is, ms. */
  epoch: number;
  /** The key of its public log, as text. */
  logKey: string;
}

/** What is locked on a work, in sums: µ-credits, and until when, Unix milliseconds. */
export interface Locked {
  count: number;
  left: number;
  /** µ-credits per GiB, of pools. */
  rate?: number;
  ends?: number;
}

/** What the server has of a work itself. */
export interface ServerCopy {
  state: "pulling" | "whole" | "declined" | "no_room";
  /** 0…1. */
  progress: number;
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
  boosts?: Locked;
  pools?: Locked;
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
  const { name, rate_per_gib: rate, copies = false, epoch, log_key: logKey = "" } = (await get("/v1/server")) as { name: string; rate_per_gib: number; copies?: boolean; epoch?: { starts: number; ends: number }; log_key?: string };
  return { name, rate, copies, epoch: epoch ? epoch.ends - epoch.starts : 0, logKey };
}

export async function listWorks(): Promise<WorkSummary[]> {
  return ((await get("/v1/works")) as { works: WorkSummary[] | null }).works ?? [];
}

export async function workInfo(infohash: string): Promise<WorkInfo> {
  const { piece_length: pieceLength, ...work } = (await get(`/v1/works/${infohash}`)) as Omit<WorkInfo, "pieceLength"> & { piece_length: number };
  return { ...work, pieceLength };
}

export const torrentPath = (infohash: string): string => `/v1/works/${infohash}.torrent`;
