/** Requests to the Fanseed server's HTTP API, signed where the account must be known. */
import { FanseedError, type Account, type AccountLine, type Appeal, type AppealSubject, type SettledReceipt } from "../types/engine.js";
import type { Promised } from "./messages.js";
import { accountID, hex, identity, sign } from "./identity.js";

let ahead = 0; // milliseconds by which the server's clock is ahead of ours

async function ask(server: string, path: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(server + path, { ...init, credentials: "omit" });
  } catch {
    throw new FanseedError("unreachable", "the server cannot be reached");
  }
}

async function refusal(response: Response): Promise<FanseedError> {
  let said = `the server answered ${response.status}`;
  try {
    const body = (await response.json()) as { message?: unknown };
    if (typeof body.message === "string") said = body.message;
  } catch {
    // No JSON: the status has to do.
  }
  const codes: Record<number, FanseedError["code"]> = { 402: "funds", 404: "not_found" };
  return new FanseedError(codes[response.status] ?? (response.status >= 500 ? "unreachable" : "refused"), said);
}

async function signedOnce(server: string, method: string, path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  const pair = await identity();
  if (!pair) throw new FanseedError("no_account", "no key has been made in this browser");
  const time = Date.now() + ahead;
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
  const message = `fanseed request v1\n${server}\n${method}\n${path}\n${time}\n${digest}`;
  const signature = await sign(new TextEncoder().encode(message));
  const headers = { Authorization: `Fanseed key=${hex(pair.publicKey)},time=${time},signature=${hex(signature)}` };
  return ask(server, path, { method, headers, ...(method === "POST" && { body }) });
}

/** A clock that is wrong here is put right once, by the time that the server's refusal tells. */
async function signed(server: string, method: string, path: string, body = new Uint8Array()): Promise<Response> {
  const first = await signedOnce(server, method, path, body);
  if (first.status !== 401) return first;
  const said = (await first.clone().json().catch(() => ({}))) as { time?: unknown };
  if (typeof said.time !== "number" || Math.abs(said.time - Date.now() - ahead) < 60_000) return first;
  ahead = said.time - Date.now();
  return signedOnce(server, method, path, body);
}

/** Publishes a work. `copy`: the server is to make one of its own. */
export async function register(server: string, torrent: Uint8Array<ArrayBuffer>, copy: boolean): Promise<void> {
  const response = await signed(server, "POST", copy ? "/v1/works" : "/v1/works?copy=false", torrent);
  if (!response.ok) throw await refusal(response);
}

/** The .torrent of a work that the server knows. */
export async function torrentOf(server: string, infohash: string): Promise<ArrayBuffer> {
  const response = await ask(server, `/v1/works/${infohash}.torrent`);
  if (!response.ok) throw await refusal(response);
  return response.arrayBuffer();
}

/** Asks for something in the account's name. The same request again is answered as the first time. */
async function post<T>(server: string, path: string, asked: object): Promise<T> {
  const response = await signed(server, "POST", path, new TextEncoder().encode(JSON.stringify(asked)));
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
}

/** Locks credits. */
export const stake = <T>(server: string, kind: "boosts" | "pools", asked: object): Promise<T> => post(server, `/v1/${kind}`, asked);

/** Writes to the operator. */
export const appeal = async (server: string, about: AppealSubject, note: string): Promise<Appeal> => appealOf(await post<AppealTold>(server, "/v1/appeals", { ...about, note }));

type AppealTold = Omit<Appeal, "reasonText" | "name" | "answer" | "answered"> & { reason_text: string; name?: string; answer?: string; answered?: number };

const appealOf = ({ reason_text: reasonText, name = "", answer = "", answered = 0, ...told }: AppealTold): Appeal => ({ ...told, reasonText, name, answer, answered });

async function accountPath(): Promise<string> {
  const pair = await identity();
  if (!pair) throw new FanseedError("no_account", "no key has been made in this browser");
  return `/v1/accounts/${await accountID(pair.publicKey)}`;
}

/** The whole statement. */
export async function statementFile(server: string, format: "json" | "csv"): Promise<Blob> {
  const response = await signed(server, "GET", `${await accountPath()}/export.${format}`);
  if (!response.ok) throw await refusal(response);
  return response.blob();
}

interface Statement {
  account: string;
  epoch: { number: number; ends: number };
  rate_per_gib: number;
  bytes_confirmed: number;
  credits_pending: number;
  credits_confirmed: number;
  credits_held: number;
  credits_payable: number;
  credits_promo: number;
  held: Account["held"];
  boosts: Account["boosts"];
  pools: Account["pools"];
  lines: (Omit<AccountLine, "reasonText"> & { reason_text: string })[];
  refused: { infohash?: string; serial: string; amount: number; reason: string; reason_text: string; time: number }[];
  records: Omit<SettledReceipt, "promise">[];
  appeals: AppealTold[];
  time: number;
}

/** What the server says was settled, and what it has promised here, even where it says so no more. */
function settledOf(records: Statement["records"], promises: Promised[]): SettledReceipt[] {
  const list = new Map<string, SettledReceipt>();
  for (const { salt, serial, amount, epoch, by, signature } of promises) list.set(salt, { salt, serial, amount, epoch, promise: { by, signature } });
  for (const record of records) if (!list.has(record.salt)) list.set(record.salt, record);
  return [...list.values()].sort((a, b) => b.epoch - a.epoch);
}

/** The account as the server has it; `bytesPending` and the promises are what only this browser knows. */
export async function statement(server: string, bytesPending: number, promises: Promised[]): Promise<Account> {
  const response = await signed(server, "GET", await accountPath());
  if (!response.ok) throw await refusal(response);
  const s = (await response.json()) as Statement;
  return {
    id: s.account,
    time: s.time,
    bytesPending,
    bytesConfirmed: s.bytes_confirmed,
    creditsPending: s.credits_pending,
    creditsConfirmed: s.credits_confirmed,
    creditsHeld: s.credits_held,
    creditsPayable: s.credits_payable,
    creditsPromo: s.credits_promo,
    rate: s.rate_per_gib,
    epochEnds: s.epoch.ends,
    held: s.held,
    boosts: s.boosts,
    pools: s.pools,
    lines: s.lines.map(({ reason_text, ...line }) => ({ ...line, reasonText: reason_text })),
    refused: s.refused.map(({ reason_text, ...line }) => ({ ...line, reasonText: reason_text })),
    appeals: s.appeals.map(appealOf),
    settled: settledOf(s.records, promises),
  };
}

/** ICE servers that the operator offers; none where the server cannot say. */
export async function iceServers(server: string): Promise<RTCIceServer[]> {
  const response = await ask(server, "/v1/ice");
  if (!response.ok) return [];
  return ((await response.json()) as { ice_servers?: RTCIceServer[] }).ice_servers ?? [];
}
