/** The public log is read as by somebody who does not believe the server: the same honest and tampered logs as for the reader in Go. */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { pays } from "../page/in_log";
import { leafOf, promised, prove, type Settled } from "../page/proof";
import type { AccountLine } from "../types/engine";

interface Tampered {
  key: string;
  size: number;
  root: string;
  question: { salt: string; serial: string; amount: string; epoch: number; leaf: string };
  files: Record<string, string>;
  cases: {
    name: string; key?: string; amount?: string; kept?: string; proof: string;
    edits?: { path: string; gone?: boolean; text?: string; at?: number; cut?: number; insert?: string }[];
  }[];
}

/** The file in the working directory or in one above it. */
function find(path: string): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path);
    if (folder === dirname(folder)) throw new Error(`${path}: not found above ${process.cwd()}`);
  }
}

const tampered = JSON.parse(readFileSync(find("vectors/log_tampered.json"), "utf8")) as Tampered;
const vectors = JSON.parse(readFileSync(find("vectors/log.json"), "utf8")) as {
  key: { text: string };
  receipts: { salt: string; serial: string; amount: string; epoch: number; leaf: string }[];
  promises: { leaf: string; by: string; bytes: string }[];
};

/** What the page keeps: Node has no localStorage of its own. */
const storage = new Map<string, string>();
globalThis.localStorage = {
  getItem: (key: string) => storage.get(key) ?? null,
  setItem: (key: string, value: string) => void storage.set(key, value),
} as Storage;

type Files = (path: string) => Buffer | undefined;

/** Serves files below /v1/log/ for a test's scope, and gives the origin. */
async function serve(t: TestContext, files: Files): Promise<string> {
  const server = createServer((request, response) => {
    const body = files(request.url!.replace("/v1/log/", ""));
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as { port: number };
  return `http://127.0.0.1:${address.port}`;
}

function served({ edits = [] }: Tampered["cases"][number]): Files {
  const files = new Map(Object.entries(tampered.files).map(([path, text]) => [path, Buffer.from(text, "base64")]));
  for (const { path, gone, text, at = 0, cut = 0, insert = "" } of edits) {
    const was = files.get(path)!;
    if (gone) files.delete(path);
    else files.set(path, text === undefined ? Buffer.concat([was.subarray(0, at), Buffer.from(insert, "hex"), was.subarray(at + cut)]) : Buffer.from(text));
  }
  return (path) => files.get(path);
}

const settled = (v: { salt: string; serial: string; amount: string; epoch: number }): Settled => ({ ...v, amount: BigInt(v.amount) });

for (const c of tampered.cases) {
  test(`proof: ${c.name}`, async (t) => {
    const server = await serve(t, served(c));
    const key = c.key ?? tampered.key;
    storage.clear();
    const before = c.kept && `${key}\n${c.kept}`;
    if (before) storage.set(`fanseed log ${server}`, before);
    const question = settled({ ...tampered.question, amount: c.amount ?? tampered.question.amount });
    for (const record of [question, await leafOf(question)]) {
      const answer = await prove({ server, key, record });
      assert.equal(answer.held ? "" : answer.why, c.proof, JSON.stringify(answer));
      if (answer.held) assert.equal(answer.index, Number(question.amount));
    }
    const after = storage.get(`fanseed log ${server}`);
    if (c.proof === "rewritten") assert.equal(after, before, "the checkpoint that convicts the server is kept");
    if (c.proof === "") assert.match(after ?? "", new RegExp(`\n${tampered.size}\n`));
  });
}

test("the hash of a receipt is the published one", async () => {
  for (const v of vectors.receipts) assert.equal(await leafOf(settled(v)), v.leaf);
});

test("the published promises are believed, and no others", async () => {
  const promises = vectors.promises.filter(({ by }) => Number.isSafeInteger(Number(by))); // JSON has no larger numbers
  assert.ok(promises.length > 1);
  for (const { leaf, by, bytes } of promises) {
    const promise = { by: Number(by), signature: bytes.slice(-128) };
    assert.equal(await promised(vectors.key.text, leaf, promise), true);
    assert.equal(await promised(vectors.key.text, leaf, { ...promise, by: promise.by + 1 }), false);
    assert.equal(await promised(vectors.key.text, leaf.replace(/^./, (digit) => (digit === "0" ? "1" : "0")), promise), false);
    assert.equal(await promised(vectors.key.text, leaf, { ...promise, signature: "00".repeat(64) }), false);
    await assert.rejects(promised("no key", leaf, promise));
  }
});

test("a line is found in a table of payouts, and only as it is told", () => {
  const account = "ab".repeat(16);
  const work = "cd".repeat(20);
  const zeros = (digits: number): string => "0".repeat(digits);
  const table = [
    "fanseed payouts v1", "epoch 7",
    `pay bandwidth ${account} ${work} ${zeros(32)} 100 90 80 7 capped_copy`,
    `pay grant ${account} ${zeros(40)} ${zeros(32)} 1 1 1 5 confirmed`,
    `pay availability ${account} ${work} ${zeros(32)} 12 12 3 2 proof_failed`, "",
  ].join("\n");
  const line = { kind: "bandwidth", infohash: work, epoch: 7, bytes: 100, minutes: 0, counted: 90, weight: 80, credits: 7, reason: "capped_copy" } as AccountLine;
  assert.equal(pays(table, account, line), true);
  for (const other of [{ credits: 8 }, { bytes: 10 }, { weight: 8 }, { reason: "confirmed" }, { source: account }, { kind: "pool" }] as Partial<AccountLine>[]) {
    assert.equal(pays(table, account, { ...line, ...other }), false, JSON.stringify(other));
  }
  assert.equal(pays(table, account.replaceAll("b", "c"), line), false);
  assert.equal(pays(table, account, { kind: "grant", counted: 1, weight: 1, credits: 5, reason: "confirmed" } as AccountLine), true);
  assert.equal(pays(table, account, { ...line, kind: "availability", bytes: 0, minutes: 12, counted: 12, weight: 3, credits: 2, reason: "proof_failed" }), true);
});

test("a key that is another than before is not believed, nor one that is none", async (t) => {
  const server = await serve(t, served({ name: "", proof: "" }));
  const other = tampered.cases.find((c) => c.name === "the reader has another key")!.key!;
  storage.clear();
  const record = tampered.question.leaf;
  assert.equal((await prove({ server, key: tampered.key, record })).held, true);
  for (const [key, why] of [[other, "rekeyed"], ["", "malformed"], [tampered.key.replace(/.{4}$/, "AAAA"), "malformed"]] as const) {
    const answer = await prove({ server, key, record });
    assert.equal(answer.held ? "" : answer.why, why);
  }
  storage.set(`fanseed log ${server}`, `${tampered.key}\nsomething else`);
  assert.equal((await prove({ server, key: tampered.key, record })).held, true);
});

test("a server that does not answer is unreachable", async (t) => {
  const record = tampered.question.leaf;
  const broken = createServer((_, response) => void response.writeHead(500).end());
  await new Promise<void>((ready) => broken.listen(0, "127.0.0.1", ready));
  t.after(() => broken.close());
  const { port } = broken.address() as { port: number };
  for (const server of ["http://127.0.0.1:1", `http://127.0.0.1:${port}`]) {
    const answer = await prove({ server, key: tampered.key, record });
    assert.equal(answer.held ? "" : answer.why, "unreachable");
  }
});

/** A log of any size that is made here, by RFC 6962 as it is written. */
class Reference {
  readonly #leaves: Buffer[];
  readonly #numbers: Map<string, number>;
  readonly #pair = generateKeyPairSync("ed25519");
  readonly #known = new Map<string, Buffer>();
  readonly key: string;

  constructor(size: number) {
    this.#leaves = Array.from({ length: size }, (_, n) => hash(Buffer.from([0]), Buffer.from(`record ${n}\n`)));
    this.#numbers = new Map(this.#leaves.map((leaf, n) => [leaf.toString("hex"), n]));
    const key = Buffer.concat([Buffer.from([1]), this.#pair.publicKey.export({ type: "spki", format: "der" }).subarray(-32)]);
    this.key = `test.example+${hash(Buffer.from("test.example\n"), key).toString("hex", 0, 4)}+${key.toString("base64")}`;
  }

  leaf(n: number): string {
    return this.#leaves[n]!.toString("hex");
  }

  #root(lo: number, hi: number): Buffer {
    if (hi - lo === 1) return this.#leaves[lo]!;
    const name = `${lo} ${hi}`;
    let root = this.#known.get(name);
    if (!root) {
      const middle = lo + 2 ** (31 - Math.clz32(hi - lo - 1));
      this.#known.set(name, (root = hash(Buffer.from([1]), this.#root(lo, middle), this.#root(middle, hi))));
    }
    return root;
  }

  checkpoint(size: number): string {
    const text = `test.example\n${size}\n${this.#root(0, size).toString("base64")}\n`;
    const id = Buffer.from(this.key.split("+")[1]!, "hex");
    return `${text}\n— test.example ${Buffer.concat([id, sign(null, Buffer.from(text), this.#pair.privateKey)]).toString("base64")}\n`;
  }

  /** The files of the tree of so many records, and only of it. */
  files(size: number): Files {
    return (path) => {
      if (path === "checkpoint") return Buffer.from(this.checkpoint(size));
      const [, leaf] = /^find\/(.*)$/.exec(path) ?? [];
      if (leaf) return Buffer.from(`${this.#numbers.get(leaf)}\n`);
      const [, level = "", n = "", partial] = /^tile\/(\d)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? [];
      const span = 256 ** Number(level), first = Number(n.replaceAll(/[x/]/g, "")) * 256;
      const hashes = Math.min(256, Math.floor(size / span) - first);
      if (level === "" || hashes < 1 || Number(partial ?? 256) !== hashes) return undefined;
      return Buffer.concat(Array.from({ length: hashes }, (_, i) => this.#root((first + i) * span, (first + i + 1) * span)));
    };
  }
}

const hash = (...parts: Buffer[]): Buffer => parts.reduce((h, part) => h.update(part), createHash("sha256")).digest();

test("logs of every size are proven, and that they grew", async (t) => {
  const reference = new Reference(66_000);
  let size = 0;
  const server = await serve(t, (path) => reference.files(size)(path));
  const sizes = [1, 2, 3, 7, 255, 256, 257, 769, 65_535, 65_536, 65_537, 66_000];
  for (const [i, was] of sizes.entries()) {
    for (size of sizes.slice(i)) {
      for (const n of new Set([0, was - 1, size - 1])) {
        storage.clear();
        storage.set(`fanseed log ${server}`, `${reference.key}\n${reference.checkpoint(was)}`);
        const answer = await prove({ server, key: reference.key, record: reference.leaf(n) });
        assert.deepEqual([answer.held, answer.held && answer.index, answer.checkpoint?.size], [true, n, size], `${was} in ${size}: ${JSON.stringify(answer)}`);
      }
    }
  }
});
