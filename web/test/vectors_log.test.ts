// Checks the published vectors of the public log with nothing but the specification (vectors/log.json, "about") and Node's own crypto, so
// that a mistake of the Go code cannot hide in code shared with it.

import assert from "node:assert/strict";
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

interface Vectors {
  key: { origin: string; public_key: string; text: string };
  receipts: { salt: string; serial: string; amount: string; epoch: number; hash: string; record: string; leaf: string }[];
  records: { record: string; leaf: string }[];
  trees: { size: number; root: string }[];
  checkpoints: { size: number; root: string; signed: string }[];
  promises: { leaf: string; by: string; bytes: string }[];
  refused: { kind: string; why: string; note: string; text?: string; bytes?: string }[];
}

const vectors = JSON.parse(readFileSync(find("vectors/log.json"), "utf8")) as Vectors;

/** The file in the working directory or in one above it. */
function find(path: string): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path);
    if (folder === dirname(folder)) throw new Error(`${path}: not found above ${process.cwd()}`);
  }
}

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const sha256 = (...parts: (Buffer | string)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafOf = (record: string): Buffer => sha256(Buffer.of(0), record);

function integer(value: string | number, size: 4 | 8): Buffer {
  const b = Buffer.alloc(size);
  if (size === 4) b.writeUInt32BE(Number(value));
  else b.writeBigUInt64BE(BigInt(value));
  return b;
}

const publicKey: KeyObject = createPublicKey({
  key: { kty: "OKP", crv: "Ed25519", x: bytes(vectors.key.public_key).toString("base64url") }, format: "jwk",
});

const receipt = (salt: string, serial: string, amount: string | number, epoch: number): string =>
  `receipt\nhash ${sha256("fanseed log receipt v1\n", bytes(salt), bytes(serial), integer(String(amount), 8), integer(epoch, 4)).toString("hex")}\n`;

/** RFC 6962, section 2.1, as it is written. */
function root(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), root(leaves.slice(0, k)), root(leaves.slice(k)));
}

/** Why a checkpoint must be refused, or "" when it is good: C2SP signed-note, with one signature. */
function judgeCheckpoint(signed: string): string {
  const { origin, public_key } = vectors.key;
  const [, text = "", name, signature = ""] = /^((?:.+\n){3})\n— (\S+) (\S+)\n$/.exec(signed) ?? [];
  if (!text) return "form";
  const id = sha256(`${origin}\n`, Buffer.of(1), bytes(public_key)).subarray(0, 4);
  const raw = Buffer.from(signature, "base64");
  return name === origin && raw.subarray(0, 4).equals(id) && verify(null, Buffer.from(text), publicKey, raw.subarray(4)) ? "" : "signature";
}

function judgePromise(b: Buffer): string {
  const signed = 19 + 32 + 8;
  if (b.length !== signed + 64 || b.toString("latin1", 0, 19) !== "fanseed promise v1\n") return "form";
  return verify(null, b.subarray(0, signed), publicKey, b.subarray(signed)) ? "" : "signature";
}

test("a log's key has the text of a signed note's", () => {
  const { origin, public_key, text } = vectors.key;
  const key = Buffer.concat([Buffer.of(1), bytes(public_key)]);
  assert.equal(text, `${origin}+${sha256(`${origin}\n`, key).toString("hex", 0, 4)}+${key.toString("base64")}`);
});

test("a receipt is in the log as a salted hash", () => {
  assert.ok(vectors.receipts.length > 0);
  for (const v of vectors.receipts) {
    assert.equal(receipt(v.salt, v.serial, v.amount, v.epoch), v.record);
    assert.ok(v.record.includes(v.hash));
    assert.equal(leafOf(v.record).toString("hex"), v.leaf);
  }
});

test("a record is lines, and its leaf a hash of them", () => {
  assert.ok(vectors.records.length > 0);
  for (const v of vectors.records) {
    assert.match(v.record, /^[a-z]+\n([a-z]+( [0-9a-z_]+)+\n)+$/);
    assert.equal(leafOf(v.record).toString("hex"), v.leaf);
  }
});

test("a tree's root is that of RFC 6962", () => {
  assert.ok(vectors.trees.length > 0);
  const none = "0".repeat(32);
  const most = Math.max(...vectors.trees.map(({ size }) => size));
  const leaves = Array.from({ length: most }, (_, amount) => leafOf(receipt(none, none, amount, 0)));
  for (const v of vectors.trees) assert.equal(root(leaves.slice(0, v.size)).toString("hex"), v.root, `${v.size} records`);
});

test("a checkpoint is a note of three lines that the log's key signed", () => {
  assert.ok(vectors.checkpoints.length > 0);
  for (const v of vectors.checkpoints) {
    assert.ok(v.signed.startsWith(`${vectors.key.origin}\n${v.size}\n${bytes(v.root).toString("base64")}\n\n— `));
    assert.equal(judgeCheckpoint(v.signed), "");
  }
});

test("a promise has a leaf, a time and the log's signature", () => {
  assert.ok(vectors.promises.length > 0);
  for (const v of vectors.promises) {
    const message = Buffer.concat([Buffer.from("fanseed promise v1\n"), bytes(v.leaf), integer(v.by, 8)]);
    assert.equal(message.toString("hex"), v.bytes.slice(0, -128));
    assert.equal(judgePromise(bytes(v.bytes)), "");
  }
});

test("what must be refused of the log is refused for its own reason", () => {
  for (const kind of ["checkpoint", "promise", "record"]) assert.ok(vectors.refused.some((v) => v.kind === kind), kind);
  for (const v of vectors.refused) {
    if (v.kind === "checkpoint") assert.equal(judgeCheckpoint(v.text!), v.why, v.note);
    if (v.kind === "promise") assert.equal(judgePromise(bytes(v.bytes!)), v.why, v.note);
  }
});
