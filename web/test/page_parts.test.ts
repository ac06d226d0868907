/** The pure parts of the page: what a person pastes, what a .torrent says, what is drawn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { percent, size } from "../page/format";
import { duration, growing, rate } from "../page/format_live";
import { route } from "../page/route";
import { deep, emblem, hue } from "../page/seedhead";
import { pieceMap } from "../page/seedhead_pieces";
import { source } from "../page/source";
import { readTorrent } from "../page/torrent";
import { webseedFile, webseeds } from "../page/webseed";
import { fixture } from "./harness";

const leaves = "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36";
const origin = "https://seeds.example";

test("what a person pastes is understood", () => {
  const work = { kind: "work", infohash: leaves };
  const magnet = `magnet:?xt=urn:btih:${leaves.toUpperCase()}&dn=Leaves+of+Grass&tr=wss%3A%2F%2Fx`;
  const base32 = "2JDU5BWJLMM3RPH5XEV4CLE5IRTHZ6RW"; // the same 20 bytes, RFC 4648
  for (const [pasted, want] of [
    [leaves, work],
    [`  ${leaves.toUpperCase()}\n`, work],
    [base32, work],
    [`${origin}/w/${leaves}`, work],
    [`${origin}/v1/works/${leaves}.torrent`, work],
    [magnet, { ...work, magnet, name: "Leaves of Grass" }],
    [`magnet:?xt=urn:btmh:1220ab&xt=urn:btih:${base32}`, { ...work, magnet: `magnet:?xt=urn:btmh:1220ab&xt=urn:btih:${base32}` }],
    [`https://other.example/w/${leaves}`, { kind: "elsewhere", url: `https://other.example/w/${leaves}` }],
    ["https://other.example/a.torrent", { kind: "torrent", url: "https://other.example/a.torrent" }],
    ["", undefined],
    ["hello", undefined],
    [leaves.slice(1), undefined],
    ["magnet:?dn=nothing", undefined],
    ["magnet:?xt=urn:btih:zz", undefined],
    ["javascript:alert(1)", undefined],
    ["http://", undefined],
  ] as const) {
    assert.deepEqual(source(pasted, origin), want, pasted);
  }
});

test("webseeds come from magnets, and only those of the web", () => {
  const magnet = `magnet:?xt=urn:btih:${leaves}&ws=${encodeURIComponent("https://a.example/x/")}&ws=ftp%3A%2F%2Fb&ws=javascript%3A1&ws=http%3A%2F%2F`;
  assert.deepEqual(webseeds(magnet), ["https://a.example/x/"]);
  assert.equal(webseedFile("https://a.example/x/", "one file.txt", "one file.txt", true), "https://a.example/x/one%20file.txt");
  assert.equal(webseedFile("https://a.example/x.txt", "x.txt", "x.txt", true), "https://a.example/x.txt");
  assert.equal(webseedFile("https://a.example/x", "album", "cd 1/#1.flac", false), "https://a.example/x/album/cd%201/%231.flac");
});

test("every view has its address", () => {
  for (const [path, view] of [["/", "home"], ["/earnings", "earnings"], [`/w/${leaves}`, "work"], ["/w/", "lost"], [`/w/${leaves}0`, "lost"], ["/x", "lost"]] as const) {
    assert.equal(route(path).view, view, path);
  }
  assert.deepEqual(route(`/w/${leaves.toUpperCase()}/`), { view: "work", infohash: leaves });
});

test("a real .torrent is read", async () => {
  const info = await readTorrent(new Uint8Array(fixture("leaves.torrent")));
  assert.equal(info.infohash, leaves);
  assert.equal(info.length, 362017);
  assert.deepEqual(info.files, [{ path: info.name, length: 362017 }]);
});

test("the infohash is over the info dictionary's own bytes", async () => {
  // SHA-1 of "d6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces0:e", whatever stands around it.
  const info = "d6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces0:e";
  const digest = Buffer.from(await crypto.subtle.digest("SHA-1", Buffer.from(info))).toString("hex");
  for (const torrent of [`d4:info${info}e`, `d8:announce3:abc4:info${info}3:zzzd4:infoi1eee`]) {
    assert.equal((await readTorrent(new Uint8Array(Buffer.from(torrent)))).infohash, digest);
  }
});

test("what is no torrent is refused", async () => {
  const whole = fixture("leaves.torrent");
  const broken = ["", "hello", "de", "d4:infoi1ee", "d4:infod4:name1:aee", "l".repeat(100_000), "d99:x", "d4:info", "i1", "9999999999:a", "d-1:ae"];
  for (const bytes of [...broken.map((text) => Buffer.from(text)), whole.subarray(0, 500)]) {
    await assert.rejects(readTorrent(new Uint8Array(bytes)), String(bytes.subarray(0, 20)));
  }
});

test("numbers keep their digits", () => {
  for (const [got, want] of [
    [size(0), /^0\sB$/],
    [size(1023), /^1.?023\sB$/],
    [size(1024), /^1\sKiB$/],
    [size(1024 ** 2 - 1), /^1\sMiB$/],
    [growing(1024 ** 2), /^1.0\sMiB$/],
    [rate(1536 * 1024), /^1.5\sMiB\/s$/],
    [percent(0.9999), /^99\s?%$/],
    [percent(1), /^100\s?%$/],
    [duration(59), /^59\s\S+$/],
    [duration(3600 + 5 * 60 + 9), /^1\s\S+\s5\s\S+$/],
    [duration(86_400), /^1\s\S+$/],
    [duration(0.2), /^1\s\S+$/],
  ] as const) {
    assert.match(got, want);
  }
});

test("the piece map shows no piece that is not here", () => {
  assert.deepEqual(pieceMap(Uint8Array.of(0b1010_0000), 4), [2, 0, 2, 0]);
  assert.deepEqual(pieceMap(new Uint8Array(), 3), [0, 0, 0]);
  const many = 2000;
  const bits = new Uint8Array(many / 8).fill(0xff);
  assert.ok(pieceMap(bits, many).every((level) => level === 2));
  bits[0] = 0x7f;
  const map = pieceMap(bits, many);
  assert.ok(map.length < many);
  assert.equal(map[0], 1);
  assert.ok(map.slice(1).every((level) => level === 2));
});

test("a work's emblem is its own, and stays", () => {
  const other = "0".repeat(39) + "1";
  assert.deepEqual(emblem(leaves), emblem(leaves));
  assert.notDeepEqual(emblem(leaves), emblem(other));
  assert.deepEqual([hue(leaves), deep(leaves)], [0xd247 % 360, 0x4e % 3 === 0]);
});
