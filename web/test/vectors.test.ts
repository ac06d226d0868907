// Checks the published vectors of the signed formats with nothing but the
// specification (vectors/credit.json, "about") and Node's own WebCrypto, so that a
// mistake of the Go code cannot hide in code shared with it.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

interface Vectors {
  keys: { name: string; public_key: string; account: string }[];
  infohashes: { v1: string; infohash: string }[];
  channels: { offer: string; answer: string; channel?: string; refused?: string }[];
  logins: { origin: string; nonce: string; message: string; public_key: string; signature: string }[];
  requests: {
    origin: string; method: string; path: string; time: string; body: string;
    message: string; public_key: string; signature: string;
  }[];
  tickets: {
    serial: string; epoch: number; seeder: string; leecher: string; infohash: string; channel: string;
    limit: string; issued: string; expires: string; settle_by: string; flags: number;
    server_key: string; bytes: string;
  }[];
  receipts: { serial: string; amount: string; public_key: string; bytes: string }[];
  refused: { kind: string; why: string; note: string; public_key?: string; bytes: string }[];
}

const vectors = JSON.parse(readFileSync(find("vectors/credit.json"), "utf8")) as Vectors;

/** The file in the working directory or in one above it. */
function find(path: string): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path);
    if (folder === dirname(folder)) throw new Error(`${path}: not found above ${process.cwd()}`);
  }
}

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (b: Uint8Array) => Buffer.from(b).toString("hex");
const text = (s: string) => new TextEncoder().encode(s);
const join8 = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

function integer(value: string | number, size: 4 | 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setUint32(0, Number(value));
  else view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer);
}

async function sha256(b: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest("SHA-256", b));
}

async function verify(publicKey: string, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = await webcrypto.subtle.importKey("raw", bytes(publicKey), { name: "Ed25519" }, false, ["verify"]);
  return webcrypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
}

const sizes: Record<string, { prefix: string; message: number }> = {
  ticket: { prefix: "fanseed ticket v1\n", message: 18 + 16 + 4 + 4 * 32 + 8 + 3 * 8 + 4 },
  receipt: { prefix: "fanseed receipt v1\n", message: 19 + 16 + 8 },
};

/** Why these bytes must be refused, or "" when they are good. */
async function judge(kind: string, publicKey: string, b: Uint8Array): Promise<string> {
  const { prefix, message } = sizes[kind]!;
  if (b.length !== message + 64) return "size";
  if (hex(b.subarray(0, prefix.length)) !== hex(text(prefix))) return "version";
  return (await verify(publicKey, b.subarray(0, message), b.subarray(message))) ? "" : "signature";
}

/** The one SHA-256 fingerprint of an SDP, or the reason why it has none. */
function fingerprint(sdp: string): Uint8Array | string {
  const found = new Set<string>();
  for (const line of sdp.split("\n")) {
    const value = /^a=fingerprint:(.*?)\r?$/.exec(line)?.[1];
    if (value === undefined || !/^sha-256( |$)/i.test(value)) continue;
    if (!/^.{8}([0-9a-f]{2}:){31}[0-9a-f]{2}$/i.test(value)) return "malformed";
    found.add(value.slice(8).replaceAll(":", "").toLowerCase());
  }
  if (found.size > 1) return "several";
  const [only] = found;
  return only === undefined ? "none" : bytes(only);
}

/** Whether eight times the point is the neutral element, by the curve's own equation. */
function smallOrder(key: Uint8Array): boolean {
  const p = 2n ** 255n - 19n;
  const mod = (n: bigint) => ((n % p) + p) % p;
  const power = (base: bigint, exponent: bigint) => {
    let result = 1n;
    for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
    return result;
  };
  const invert = (n: bigint) => power(n, p - 2n);
  const d = mod(-121665n * invert(121666n));
  let y = mod(BigInt("0x" + hex(key.map((b, i) => (i === 31 ? b & 0x7f : b)).reverse())));
  let x2 = mod((y * y - 1n) * invert(d * y * y + 1n));
  for (let doubling = 0; doubling < 3; doubling++) {
    // With a = -1: x' = 2xy / (1 + d·x²y²), y' = (y² + x²) / (1 − d·x²y²).
    const y2 = mod(y * y), k = mod(d * x2 * y2);
    y = mod((y2 + x2) * invert(1n - k));
    x2 = mod(4n * x2 * y2 * invert(mod((1n + k) * (1n + k))));
  }
  return x2 === 0n && y === 1n;
}

test("an account id is the beginning of a hash of its public key", async () => {
  assert.ok(vectors.keys.length > 0);
  for (const v of vectors.keys) {
    const id = await sha256(join8(text("fanseed id v1\n"), bytes(v.public_key)));
    assert.equal(hex(id.subarray(0, 16)), v.account, v.name);
  }
});

test("an infohash of version 1 is hashed again", async () => {
  assert.ok(vectors.infohashes.length > 0);
  for (const v of vectors.infohashes) {
    assert.equal(hex(await sha256(join8(text("v1"), bytes(v.v1)))), v.infohash);
  }
});

test("a channel is the hash of both fingerprints, or is refused", async () => {
  for (const v of vectors.channels) {
    const offer = fingerprint(v.offer), answer = fingerprint(v.answer);
    const refused = [offer, answer].find((f) => typeof f === "string");
    assert.equal(refused, v.refused);
    if (refused !== undefined) continue;
    assert.equal(hex(await sha256(join8(offer as Uint8Array, answer as Uint8Array))), v.channel);
  }
  assert.deepEqual(new Set(vectors.channels.map((v) => v.refused)), new Set([undefined, "none", "several", "malformed"]));
});

test("a login is signed over origin and nonce", async () => {
  assert.ok(vectors.logins.length > 0);
  for (const v of vectors.logins) {
    const message = join8(text("fanseed login v1\n"), text(v.origin), bytes(v.nonce));
    assert.equal(hex(message), v.message);
    assert.ok(await verify(v.public_key, message, bytes(v.signature)), v.origin);
    assert.ok(!(await verify(v.public_key, join8(message, text("x")), bytes(v.signature))));
  }
});

test("a request is signed over everything that it says", async () => {
  assert.ok(vectors.requests.length > 0);
  for (const v of vectors.requests) {
    const body = hex(await sha256(bytes(v.body)));
    const message = text(["fanseed request v1", v.origin, v.method, v.path, v.time, body].join("\n"));
    assert.equal(hex(message), v.message);
    assert.ok(await verify(v.public_key, message, bytes(v.signature)), v.path);
  }
});

test("a ticket has its fields at fixed places and the server's signature", async () => {
  assert.ok(vectors.tickets.length > 0);
  for (const v of vectors.tickets) {
    const message = join8(
      text("fanseed ticket v1\n"), bytes(v.serial), integer(v.epoch, 4), bytes(v.seeder), bytes(v.leecher),
      bytes(v.infohash), bytes(v.channel), integer(v.limit, 8), integer(v.issued, 8), integer(v.expires, 8),
      integer(v.settle_by, 8), integer(v.flags, 4),
    );
    assert.equal(hex(message), v.bytes.slice(0, -128));
    assert.equal(await judge("ticket", v.server_key, bytes(v.bytes)), "");
  }
});

test("a receipt has its amount and the leecher's signature", async () => {
  assert.ok(vectors.receipts.length > 0);
  for (const v of vectors.receipts) {
    const message = join8(text("fanseed receipt v1\n"), bytes(v.serial), integer(v.amount, 8));
    assert.equal(hex(message), v.bytes.slice(0, -128));
    assert.equal(await judge("receipt", v.public_key, bytes(v.bytes)), "");
  }
});

test("what must be refused is refused for its own reason", async () => {
  assert.ok(vectors.refused.length > 0);
  for (const v of vectors.refused) {
    if (v.kind === "public_key") {
      assert.equal(v.why, "small_order");
      assert.ok(smallOrder(bytes(v.bytes)), v.bytes);
    } else {
      assert.equal(await judge(v.kind, v.public_key!, bytes(v.bytes)), v.why, v.note);
    }
  }
  for (const v of vectors.keys) assert.ok(!smallOrder(bytes(v.public_key)), v.name);
});

interface Proofs {
  asked: { nonce: string; public_key: string; infohash: string; parts: number; asked: number[] }[];
  proofs: {
    piece_length: number; files: number[]; part: number; file: number; begin: number; length: number; path: string; node: string;
  }[];
}

const proofs = JSON.parse(readFileSync(find("vectors/proof.json"), "utf8")) as Proofs;

test("what a challenge asks for follows from nonce, account and work", async () => {
  assert.ok(proofs.asked.length > 0);
  for (const v of proofs.asked) {
    const key = await webcrypto.subtle.importKey("raw", bytes(v.nonce), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    for (const [i, want] of v.asked.entries()) {
      const message = join8(bytes(v.public_key), bytes(v.infohash), integer(i, 4));
      const mac = new DataView(await webcrypto.subtle.sign("HMAC", key, message));
      assert.equal(Number(mac.getBigUint64(0) % BigInt(v.parts)), want);
    }
  }
});

test("leaves are numbered over all files, and their paths lead to the nodes of their pieces", async () => {
  let part = 0, file = 0, begin = 0; // of the leaf that comes next
  for (const v of proofs.proofs) {
    while (begin >= v.files[file]!) [file, begin] = [file + 1, 0];
    const length = Math.min(16384, v.files[file]! - begin);
    assert.deepEqual([v.part, v.file, v.begin, v.length], [part, file, begin, length]);
    let node = await sha256(Uint8Array.from({ length }, (_, n) => (begin + n) % 251));
    const path = bytes(v.path);
    for (let at = 0, index = (begin % v.piece_length) / 16384; at < path.length; at += 32, index >>= 1) {
      const uncle = path.subarray(at, at + 32);
      node = await sha256(index % 2 === 0 ? join8(node, uncle) : join8(uncle, node));
    }
    assert.equal(hex(node), v.node, `part ${part}`);
    [part, begin] = [part + 1, begin + length];
  }
  assert.ok(part > 0);
});
