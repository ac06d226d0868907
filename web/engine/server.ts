/** Requests to the Fanseed server's HTTP API, signed where the account must be known. */
import { FanseedError, type Account, type AccountLine } from "../types/engine.js";
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
  return new FanseedError(response.status === 404 ? "not_found" : response.status >= 500 ? "unreachable" : "refused", said);
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

/** Locks credits. The same request again is answered as the first time. */
export async function stake<T>(server: string, kind: "boosts" | "pools", asked: object): Promise<T> {
  const response = await signed(server, "POST", `/v1/${kind}`, new TextEncoder().encode(JSON.stringify(asked)));
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
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
}

/** The account as the server has it; `bytesPending` is what only this browser knows. */
export async function statement(server: string, bytesPending: number): Promise<Account> {
  const pair = await identity();
  if (!pair) throw new FanseedError("no_account", "no key has been made in this browser");
  const response = await signed(server, "GET", `/v1/accounts/${await accountID(pair.publicKey)}`);
  if (!response.ok) throw await refusal(response);
  const s = (await response.json()) as Statement;
  return {
    id: s.account,
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
  };
}

/** ICE servers that the operator offers; none where the server cannot say. */
export async function iceServers(server: string): Promise<RTCIceServer[]> {
  const response = await ask(server, "/v1/ice");
  if (!response.ok) return [];
  return ((await response.json()) as { ice_servers?: RTCIceServer[] }).ice_servers ?? [];
}
