/**
 * Whether what an account was told is in the server's public log: each settled receipt, and each line of pay in the table of its epoch. What
 * was proven once is remembered, since the log only grows, and every later look proves that it did.
 */
import type { Account, AccountLine, SettledReceipt } from "../types/engine.js";
import { read, site, write } from "./kept.js";
import { Doubt, leafOf, leafOfRecord, look, promised, table, type Checkpoint, type Found, type Why } from "./proof.js";

/** "late": it was promised by a time that has passed, and is not there. "unpromised": the log's key has not signed the promise. "unpaid": the published table has another line, or none. */
export type Alarm = { why: Why | "late" | "unpromised" | "unpaid"; message: string };

export type InLog =
  /** Record `index`, from 0. */
  | { state: "yes"; index: number }
  /** Not there yet; by then it must be, where there is a promise. */
  | { state: "soon"; by?: number }
  | { state: "no"; why: Alarm["why"] }
  /** It could not be found out. */
  | { state: "unknown" };

export interface LogCheck {
  checkpoint?: Checkpoint;
  /** By the salt of the receipt. */
  receipts: Map<string, InLog>;
  /** By `lineKey`. */
  lines: Map<string, InLog>;
  /** The server contradicts itself. */
  alarms: Alarm[];
  /** Why nothing could be found out. */
  fault?: Why;
  /** What proves an alarm to others. */
  evidence: string;
}

const most = 40; // receipts that are asked for in one look: the server bounds how fast anybody may ask
const mostEpochs = 8;
const largestTable = 8 * 2 ** 20; // bytes
const remembered = 400; // records

/** Names a line of an account's statement. */
export const lineKey = ({ kind, epoch, infohash = "", source = "" }: Pick<AccountLine, "kind" | "epoch" | "infohash" | "source">): string => `${kind} ${epoch} ${infohash} ${source}`;

/** Faults that say nothing about what the server did. */
const harmless = new Set<Why>(["unreachable", "malformed", "unsupported"]);

/** What was proven earlier: leaves with their numbers. It is only a memory of this browser; a record that is not in it is proven again. */
class Proven {
  readonly #place: string;
  readonly #known: Map<string, number>;

  constructor(server: string) {
    this.#place = `fanseed proven ${server}`;
    this.#known = new Map((read(site, this.#place) ?? "").split(" ").map((word) => word.split("=") as [string, string]).map(([leaf, index]) => [leaf, Number(index)]));
  }

  get(leaf: string): number | undefined {
    return this.#known.get(leaf);
  }

  keep(leaf: string, index: number): void {
    this.#known.set(leaf, index);
    write(site, this.#place, [...this.#known].slice(-remembered).map(([leaf, index]) => `${leaf}=${index}`).join(" "));
  }
}

interface Closed {
  number: number;
  record: string;
  leaf: string;
}

/** What the server says that the log has of an epoch. */
async function closed(server: string, epoch: number): Promise<Closed | undefined> {
  const response = await fetch(`${server}/v1/epochs/${epoch}`, { signal: AbortSignal.timeout(15_000) }).catch(() => undefined);
  const told = response?.ok ? ((await response.json().catch(() => undefined)) as { record?: unknown } | undefined) : undefined;
  if (typeof told?.record !== "string" || !told.record.startsWith("epoch\n") || !told.record.includes(`\nnumber ${epoch}\n`)) return undefined;
  return { number: epoch, record: told.record, leaf: await leafOfRecord(told.record) };
}

const zeros = (digits: number): string => "0".repeat(digits);

/** Whether a table of payouts has a line of an account. What a grant was computed from is not told to its account, so it is not compared. */
export function pays(payouts: string, account: string, line: AccountLine): boolean {
  const head = `pay ${line.kind} ${account} ${line.infohash ?? zeros(40)} ${line.source ?? zeros(32)} `;
  const basis = line.kind === "grant" ? "" : `${line.kind === "availability" ? line.minutes : line.bytes} `;
  const tail = ` ${line.counted} ${line.weight} ${line.credits} ${line.reason}`;
  return payouts.split("\n").some((one) => one.startsWith(head + basis) && one.endsWith(tail));
}

class Check implements LogCheck {
  readonly receipts = new Map<string, InLog>();
  readonly lines = new Map<string, InLog>();
  readonly alarms: Alarm[] = [];
  checkpoint?: Checkpoint;
  fault?: Why;
  evidence = "";
  readonly #proven: Proven;
  readonly #promises: object[] = [];

  constructor(
    private readonly server: string,
    private readonly key: string,
    private readonly account: Account,
  ) {
    this.#proven = new Proven(server);
  }

  async run(): Promise<this> {
    const receipts = await Promise.all(this.account.settled.map(async (r) => ({ r, leaf: await leafOf({ ...r, amount: BigInt(r.amount) }) })));
    const asked = receipts.filter(({ leaf }) => this.#proven.get(leaf) === undefined).slice(0, most);
    const epochs = await this.#epochs();
    const seen = await look(this.server, this.key, [...asked.map(({ leaf }) => leaf), ...epochs.map(({ leaf }) => leaf)]);
    if (seen.checkpoint) this.checkpoint = seen.checkpoint;
    if (seen.fault && harmless.has(seen.fault.why)) this.fault = seen.fault.why;
    else if (seen.fault) this.#alarm(seen.fault.why, seen.fault.message);
    const unknown = seen.fault && { state: "unknown" as const };
    for (const { r, leaf } of receipts) {
      const index = this.#proven.get(leaf);
      const at = asked.findIndex((one) => one.leaf === leaf);
      if (index !== undefined) this.receipts.set(r.salt, unknown ?? { state: "yes", index });
      else this.receipts.set(r.salt, at < 0 || unknown ? { state: "unknown" } : await this.#receipt(r, leaf, seen.found[at]!));
    }
    if (!unknown) for (const [i, epoch] of epochs.entries()) await this.#epoch(epoch, seen.found[asked.length + i]!);
    this.evidence = JSON.stringify({ server: this.server, key: this.key, alarms: this.alarms, checkpoint: seen.note, before: seen.before, promises: this.#promises }, null, 2);
    return this;
  }

  /** The epochs of the newest lines that were paid. */
  async #epochs(): Promise<Closed[]> {
    const numbers = [...new Set(this.account.lines.filter(({ state }) => state === "confirmed").map(({ epoch }) => epoch))].slice(0, mostEpochs);
    return (await Promise.all(numbers.map((n) => closed(this.server, n)))).filter((one) => one !== undefined);
  }

  #alarm(why: Alarm["why"], message: string): void {
    if (!this.alarms.some((one) => one.why === why && one.message === message)) this.alarms.push({ why, message });
  }

  async #receipt(r: SettledReceipt, leaf: string, found: Found): Promise<InLog> {
    if (found.held) {
      this.#proven.keep(leaf, found.index);
      return { state: "yes", index: found.index };
    }
    if (harmless.has(found.why)) return { state: "unknown" };
    if (!found.absent) return this.#no(found.why, found.message);
    if (!r.promise) return { state: "soon" };
    this.#promises.push({ ...r, leaf });
    const genuine = await promised(this.key, leaf, r.promise).catch(() => undefined);
    if (genuine === undefined) return { state: "unknown" };
    if (!genuine) return this.#no("unpromised", `the promise about ticket ${r.serial} is not signed by the log's key`);
    if (r.promise.by < this.account.time) return this.#no("late", `the log lacks ${r.amount} bytes of ticket ${r.serial}, which it was promised to have`);
    return { state: "soon", by: r.promise.by };
  }

  #no(why: Alarm["why"], message: string): InLog {
    this.#alarm(why, message);
    return { state: "no", why };
  }

  /** An epoch's record is in the log as it is closed: there is no later. */
  async #epoch({ number, record }: Closed, found: Found): Promise<void> {
    const lines = this.account.lines.filter((line) => line.epoch === number && line.state === "confirmed");
    const all = (state: InLog): void => lines.forEach((line) => this.lines.set(lineKey(line), state));
    if (!found.held) return all(harmless.has(found.why) ? { state: "unknown" } : this.#no(found.why, found.absent ? `the log lacks the record of epoch ${number}` : found.message));
    const [, hash = "", size = ""] = /\npayouts ([0-9a-f]{64}) (\d+)\n/.exec(record) ?? [];
    if (Number(size) > largestTable) return all({ state: "unknown" });
    const payouts = await table(this.server, hash, largestTable).catch((error: unknown) => error as Error);
    if (payouts instanceof Doubt && !harmless.has(payouts.why)) return all(this.#no(payouts.why, `epoch ${number}: ${payouts.message}`));
    if (typeof payouts !== "string") return all({ state: "unknown" });
    for (const line of lines) {
      const there = pays(payouts, this.account.id, line);
      this.lines.set(lineKey(line), there ? { state: "yes", index: found.index } : this.#no("unpaid", `the published table of epoch ${number} does not have what this account is told about it`));
    }
  }
}

/** Asks the server, and proves what it says. `key` is the text of the log's key. */
export const checkLog = (server: string, key: string, account: Account): Promise<LogCheck> => new Check(server, key, account).run();
