/** The public log as somebody reads it who does not believe the server: C2SP tlog-tiles, signed-note and tlog-checkpoint, RFC 6962. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import type { Server } from "./harness";

/** One record: its kind, and the words of its lines by their keys. */
export interface LogRecord {
  kind: string;
  lines: Map<string, string[]>;
}

const hash = (...parts: Uint8Array[]): Buffer => parts.reduce((h, part) => h.update(part), createHash("sha256")).digest();

function rootOf(leaves: Buffer[]): Buffer {
  if (leaves.length < 2) return leaves[0] ?? hash();
  const middle = 2 ** (31 - Math.clz32(leaves.length - 1));
  return hash(Buffer.of(1), rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)));
}

async function get(server: Server, path: string): Promise<Buffer> {
  const response = await fetch(`${server.url}/v1/log/${path}`);
  assert.equal(response.status, 200, path);
  return Buffer.from(await response.arrayBuffer());
}

/** The newest checkpoint's size and root, after its signature was checked. */
async function checkpoint(server: Server): Promise<{ size: number; root: Buffer }> {
  const [name = "", id = "", key = ""] = (await get(server, "key")).toString().trim().split(/\+(.*?)\+(.*)/);
  const [text = "", signatures = ""] = (await get(server, "checkpoint")).toString().split("\n\n");
  const raw = Buffer.from(key, "base64");
  assert.equal(hash(Buffer.from(`${name}\n`), raw).toString("hex", 0, 4), id, "the key's id");
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]); // RFC 8410
  const signature = Buffer.from(signatures.split(`— ${name} `)[1]!.trim(), "base64");
  assert.ok(verify(null, Buffer.from(`${text}\n`), createPublicKey({ key: der, format: "der", type: "spki" }), signature.subarray(4)), "the checkpoint's signature");
  const [origin, size, root] = text.split("\n");
  assert.equal(origin, name);
  return { size: Number(size), root: Buffer.from(root!, "base64") };
}

/** Every record of the log, after its root was computed from them. */
export async function readLog(server: Server): Promise<LogRecord[]> {
  const { size, root } = await checkpoint(server);
  const records: Buffer[] = [];
  for (let n = 0; n * 256 < size; n++) {
    const [millions, thousands] = [Math.floor(n / 1e6), Math.floor(n / 1e3) % 1e3];
    const width = Math.min(256, size - n * 256);
    const three = (n: number): string => `${n}`.padStart(3, "0");
    const path = [...(millions ? [`x${three(millions)}`] : []), ...(n > 999 ? [`x${three(thousands)}`] : []), three(n % 1e3)].join("/");
    const bundle = await get(server, `tile/entries/${path}${width < 256 ? `.p/${width}` : ""}`);
    for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) records.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)));
  }
  assert.equal(records.length, size);
  assert.deepEqual(rootOf(records.map((record) => hash(Buffer.of(0), record))), root, "the root of all records");
  return records.map((record) => {
    const [kind = "", ...lines] = record.toString().trimEnd().split("\n");
    return { kind, lines: new Map(lines.map((line) => [line.split(" ")[0]!, line.split(" ").slice(1)])) };
  });
}

/** An epoch's table, which has the hash that the log says. */
export async function readTable(server: Server, [sum, size]: string[]): Promise<string> {
  const table = await get(server, `table/${sum!}`);
  assert.deepEqual([hash(table).toString("hex"), `${table.length}`], [sum, size]);
  return table.toString();
}
