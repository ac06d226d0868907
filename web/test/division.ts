/**
 * An epoch's division a second time, by docs/rewards.md and not by the server's code: from the published table of inputs to the table of payouts.
 * Every number is a bigint; nothing is rounded but where a rule says so.
 */
type Row = string[];

const caps = { pair: 2n << 30n, net: 8n << 30n };
const zeros = "0".repeat(32);

/** Shares in proportion, exactly: what is left over goes one each to the largest remainders, of equal ones to the first. */
export function split(pool: bigint, weights: bigint[]): bigint[] {
  const total = sum(weights);
  if (total === 0n) return weights.map(() => 0n);
  const shares = weights.map((w) => (pool * w) / total);
  const order = weights.map((w, i) => ({ i, rest: (pool * w) % total })).sort((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest < b.rest ? 1 : -1));
  for (const { i } of order.slice(0, Number(pool - sum(shares)))) shares[i]!++;
  return shares;
}

const sum = (list: bigint[]): bigint => list.reduce((a, b) => a + b, 0n);
const least = (...list: bigint[]): bigint => list.reduce((a, b) => (a < b ? a : b));
const most = (...list: bigint[]): bigint => list.reduce((a, b) => (a > b ? a : b));

/** The indexes of rows, grouped by a name, in the order in which the names come first. */
function groups<T>(list: T[], name: (item: T) => string): number[][] {
  const map = new Map<string, number[]>();
  list.forEach((item, i) => map.set(name(item), [...(map.get(name(item)) ?? []), i]));
  return [...map.values()];
}

function root(n: bigint): bigint {
  let low = 0n, high = 1n << 64n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= n) low = middle;
    else high = middle;
  }
  return low;
}

/** ⌊65,536 · log₂ n⌋, as the largest e with 2^e ≤ n^65536. */
function log2(n: bigint): bigint {
  return BigInt((n ** 65_536n).toString(2).length - 1);
}

/** Takes from those rows in proportion what they have together above a bound. */
function clip(amounts: bigint[], rows: number[], bound: bigint): boolean {
  const chosen = rows.map((row) => amounts[row]!);
  if (sum(chosen) <= bound) return false;
  split(bound, chosen).forEach((share, i) => (amounts[rows[i]!] = share));
  return true;
}

interface Pay {
  row: Row;
  seeder: number;
  weight: bigint;
  amount: bigint;
}

/** The table of payouts of a table of inputs. */
export function divide(inputs: string): string {
  const rows = inputs.trimEnd().split("\n").map((line) => line.split(" "));
  const of = (kind: string): Row[] => rows.filter(([first]) => first === kind).map((row) => row.slice(1));
  const [[number, , treasury, limit]] = of("epoch") as [[string, string, string, string]];
  const works = of("work").map(([infohash, leaves, nets, weak, common]) => ({ infohash: infohash!, leaves: BigInt(leaves!), nets: BigInt(nets!), weak: weak === "1", common: common === "1" }));
  const seeders = of("seeder").map(([account, net, reputation, isNew]) => ({ account: account!, net: net!, reputation: BigInt(reputation!), isNew: isNew === "1" }));
  const leechers = of("leecher").map(([, net, tickets, used]) => ({ net: net!, tickets: BigInt(tickets!), used: BigInt(used!) }));
  const transfers = of("transfer").map(([s, l, w, bytes, traded, capped]) => ({ s: Number(s), l: Number(l), w: Number(w), bytes: BigInt(bytes!), traded: BigInt(traded!), capped: capped === "1" }));
  const stays = of("stay").map(([s, w, minutes, asked, passed]) => ({ s: Number(s), w: Number(w), minutes: BigInt(minutes!), asked: BigInt(asked!), passed: BigInt(passed!) }));
  const emission = least(BigInt(treasury) / 400n, BigInt(limit));
  const parts = { bandwidth: (emission * 5n) / 10n, availability: (emission * 3n) / 10n, grant: (emission * 2n) / 10n };

  /** An amount by a seeder's reputation and by how many of those who take part are on its network. */
  const weighed = (seeder: number, n: bigint, takesPart: Set<number>): bigint => {
    const mine = seeders[seeder]!;
    const k = BigInt([...takesPart].filter((i) => seeders[i]!.net === mine.net).length);
    return (n * mine.reputation * (k > 1n ? root(10n ** 12n / k) : 10n ** 6n)) / 10n ** 9n;
  };

  // Bytes that count.
  const counted = transfers.map(({ bytes }) => bytes);
  const reasons = transfers.map(({ capped }): string => (capped ? "capped_copy" : "confirmed"));
  for (const pair of groups(transfers, ({ s, l }) => `${s} ${l}`)) if (clip(counted, pair, caps.pair)) for (const i of pair) reasons[i] = "capped_pair";
  for (const net of groups(transfers, ({ l }) => leechers[l]!.net)) if (clip(counted, net, caps.net)) for (const i of net) reasons[i] = "capped_net";
  transfers.forEach(({ l }, i) => {
    const same = leechers.filter(({ net }) => net === leechers[l]!.net);
    const [tickets, used] = [sum(same.map(({ tickets }) => tickets)), 4n * sum(same.map(({ used }) => used))];
    if (used < tickets) [counted[i], reasons[i]] = [(counted[i]! * used) / tickets, "low_demand"];
  });
  const gave = groups(transfers, ({ s, w }) => `${s} ${w}`).map((rows) => {
    const [all, first] = [rows.map((i) => transfers[i]!), transfers[rows[0]!]!];
    const given = sum(all.map(({ bytes }) => bytes));
    const basis = given + sum(all.map(({ traded }) => traded));
    const why = rows.map((i) => reasons[i]!).filter((reason) => reason !== "confirmed").at(-1) ?? "confirmed";
    return { s: first.s, w: first.w, basis, given, counted: sum(rows.map((i) => counted[i]!)), reason: given === 0n && basis > 0n ? "traded" : why, weight: 0n };
  });
  const giving = new Set(gave.filter(({ counted }) => counted > 0n).map(({ s }) => s));
  for (const g of gave) g.weight = weighed(g.s, g.counted, giving);
  const served = (g: (typeof gave)[number], kind: string, from: string, weight: bigint, amount: bigint, reason = g.reason): Pay => ({
    row: [kind, seeders[g.s]!.account, works[g.w]!.infohash, from, `${g.basis}`, `${g.counted}`, `${weight}`, "", reason], seeder: g.s, weight, amount,
  });

  const lines: Pay[] = [];
  const pots: string[] = [];
  /** Pays out of a common pool: no network gets more than a hundredth of it, or three times its share where that is more. */
  const payCommon = (kind: string, pool: bigint, list: Pay[], weights: bigint): void => {
    const paid = list.map((_, i) => i).filter((i) => list[i]!.amount > 0n);
    const nets = groups(paid, (i) => seeders[list[i]!.seeder]!.net).map((rows) => rows.map((row) => paid[row]!));
    const bound = nets.length ? least(pool, most(pool / 100n, (pool * 3n) / BigInt(nets.length))) : pool;
    const amounts = list.map(({ amount }) => amount);
    for (const net of nets) if (clip(amounts, net, bound)) for (const i of net) list[i]!.row[8] = "capped_net";
    amounts.forEach((amount, i) => (list[i]!.amount = amount));
    pots.push(`pot ${kind} ${pool} ${weights} ${sum(amounts)}`);
    lines.push(...list);
  };

  const common = gave.map((g) => (works[g.w]!.common ? g.weight : 0n));
  const shares = split(parts.bandwidth, common);
  const forBytes = gave.map((g, i) => served(g, "bandwidth", zeros, common[i]!, shares[i]!, works[g.w]!.common || g.given === 0n ? g.reason : "not_common"));
  payCommon("bandwidth", parts.bandwidth, forBytes, sum(common));

  // Time: first among the works, then among those who were there.
  const staying = new Set(stays.filter(({ w, minutes, passed }) => works[w]!.common && minutes > 0n && passed > 0n).map(({ s }) => s));
  const there = stays.map(({ s, minutes, asked, passed }) => (passed > 0n ? weighed(s, (minutes * 1_000_000n * passed) / asked, staying) : 0n));
  const values = works.map(({ leaves, nets, weak, common }, w) => {
    if (!common || !stays.some((stay, i) => stay.w === w && there[i]! > 0n)) return 0n;
    const value = (root(leaves << 16n) * (65_536n + log2(1n + nets))) >> 16n;
    return weak ? value / 4n : value;
  });
  const time = stays.map(() => 0n);
  split(parts.availability, values).forEach((pool, w) => {
    const mine = stays.map((_, i) => i).filter((i) => stays[i]!.w === w);
    split(pool, mine.map((i) => there[i]!)).forEach((amount, j) => (time[mine[j]!] = amount));
  });
  const forTime = stays.map(({ s, w, minutes, asked, passed }, i): Pay => {
    const reason = !works[w]!.common ? "not_common" : passed === 0n ? "no_proof" : passed < asked ? "proof_failed" : "confirmed";
    return { row: ["availability", seeders[s]!.account, works[w]!.infohash, zeros, `${minutes}`, `${minutes}`, `${there[i]!}`, "", reason], seeder: s, weight: there[i]!, amount: time[i]! };
  });
  payCommon("availability", parts.availability, forTime, sum(values));

  const fresh = groups(seeders.filter(({ isNew }) => isNew), ({ net }) => net).map(([first]) => seeders.filter(({ isNew }) => isNew)[first!]!);
  const grants = split(parts.grant, fresh.map(() => 1n)).map((share) => least(share, 1_000_000n));
  pots.push(`pot grant ${parts.grant} ${fresh.length} ${sum(grants)}`);
  fresh.forEach(({ account }, i) => lines.push({ row: ["grant", account, "0".repeat(40), zeros, "0", "0", "1", "", "confirmed"], seeder: 0, weight: 1n, amount: grants[i]! }));

  for (const [id, work, rate, left] of of("pool")) {
    const mine = gave.filter(({ w }) => w === Number(work));
    const asked = mine.map(({ weight }) => (weight * BigInt(rate!)) >> 30n);
    const short = sum(asked) > BigInt(left!);
    const prices = short ? split(BigInt(left!), asked) : asked;
    mine.forEach((g, i) => lines.push(served(g, "pool", id!, g.weight, prices[i]!, short ? "pool_short" : g.reason)));
  }
  const refunds: string[] = [];
  works.forEach((_, w) => {
    const mine = gave.filter((g) => g.w === w);
    const boosts = of("boost").filter(([, work]) => Number(work) === w);
    if (mine.every(({ weight }) => weight === 0n)) refunds.push(...boosts.map(([id, , amount]) => `refund ${id!} ${amount!}`));
    else if (boosts.length) split(sum(boosts.map(([, , amount]) => BigInt(amount!))), mine.map(({ weight }) => weight)).forEach((share, i) => lines.push(served(mine[i]!, "boost", zeros, mine[i]!.weight, share)));
  });
  refunds.sort(); // by id, as the inputs have them
  const pays = lines.map(({ row, amount }) => `pay ${[...row.slice(0, 7), `${amount}`, row[8]!].join(" ")}`);
  return ["fanseed payouts v1", `epoch ${number}`, ...pots, ...pays, ...refunds, ""].join("\n");
}
