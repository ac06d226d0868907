/** Credits end to end: earned, put on a work, taken away as a file, appealed about, and proven to be in the public log; and a log that lies. */
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Page } from "puppeteer-core";
import { accountOf, arrived, browsers, fill, launch, openSeeder, press, publish, refusedReceipt, startProxy, startServer, text, until, visit, type BrowserName, type Proxy, type Server, type Tamper } from "./harness";

declare global {
  /** What the page has saved, by its name. */
  var kept: Record<string, string>;
}

const epoch = 3; // seconds

/** Somebody who has published a work that somebody else has fetched, on the page with what that earned. */
interface Artist {
  server: Server;
  proxy: Proxy;
  page: Page;
  infohash: string;
  account: string;
}

async function says(page: Page, what: RegExp, seconds = 60): Promise<void> {
  await until(String(what), async () => what.test(await text(page)), seconds).catch(async (error: Error) => {
    throw new Error(`${error.message}; it says:\n${await text(page)}`);
  });
}

async function begin(t: TestContext, name: BrowserName): Promise<Artist> {
  const server = await startServer(t, ["-epoch", `${epoch}s`]);
  const proxy = await startProxy(t);
  const window = await launch(t, name, proxy.options);
  window.allow(/log\/(find|tile|checkpoint)/, /v1\/(boosts|pools|appeals)/, /status of 40[249]/); // what is not in the log yet, and what is refused
  const page = await window.page();
  await page.evaluateOnNewDocument(() => {
    globalThis.kept = {};
    const blobs = new Map<string, Blob>();
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob: Blob) => {
      const url = create.call(URL, blob);
      blobs.set(url, blob);
      return url;
    };
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function () {
      const blob = blobs.get(this.href);
      if (blob) void blob.text().then((text) => (globalThis.kept[this.download] = text));
      else click.call(this);
    };
  });
  await page.goto(server.url);
  await publish(page, "Slow Rivers.flac", 3);
  const infohash = await page.evaluate(async () => ((await (await fetch("/v1/works")).json()) as { works: { infohash: string }[] }).works[0]!.infohash);
  const fan = await openSeeder(await launch(t, name), server);
  await fan.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
  await arrived(fan, infohash);
  await visit(page, "/earnings");
  const account = await accountOf(page);
  return { server, proxy, page, infohash, account };
}

async function locks({ server, page, infohash, account }: Artist): Promise<void> {
  await visit(page, `/w/${infohash}`);
  await press(page, "Boost this work");
  await says(page, /./);
  await until("the dialog without credits", async () => /You have nothing to spend yet/.test(await text(page, "dialog")));
  await page.keyboard.press("Escape");
  await until("no dialog", async () => (await page.$("dialog")) === null);

  await server.credit(account, 10_000_000);
  await press(page, "Boost this work");
  await fill(page, "amount", "2");
  await fill(page, "epochs", "60");
  await until("the sum", async () => /1\.96 credits for those who share it over[^]*0\.04 is the fee/.test(await text(page, "dialog")));
  await press(page, "Boost it");
  await until("the boost", async () => /Done\. It is boosted until/.test(await text(page, "dialog")));
  await press(page, "Close");
  await says(page, /Boosts: 1\.\d+ credits until/);

  await press(page, "Fund a pool");
  await fill(page, "amount", "5");
  await fill(page, "rate", "0.5");
  await press(page, "Fund it");
  await until("the pool", async () => /Done\. The pool pays until/.test(await text(page, "dialog")));
  await press(page, "Close");
  await says(page, /The artist’s pool: 0\.5 credits for each GiB, until[^]*left/);

  await press(page, "Boost this work");
  await page.waitForSelector("#stake-amount");
  await page.$eval("#stake-amount", (input) => input.removeAttribute("max")); // as if it were spent elsewhere meanwhile
  await fill(page, "amount", "999");
  await press(page, "Boost it");
  await until("the refusal", async () => /You do not have that much to spend/.test(await text(page, "dialog")));
  await press(page, "Cancel");
  await visit(page, "/earnings");
  await says(page, /What you have locked[^]*Boost[^]*Pool, 0\.5 credits for each GiB/);
}

async function exports({ page, account }: Artist): Promise<void> {
  const saved = async (name: string, words: string): Promise<string> => {
    await press(page, words);
    return until(name, () => page.evaluate((name) => globalThis.kept[name], name));
  };
  await says(page, /Save the whole statement/);
  const json = JSON.parse(await saved("fanseed-statement.json", "JSON")) as { account: string; lines: { kind: string; reason: string }[] };
  assert.equal(json.account, account);
  assert.ok(json.lines.some(({ kind }) => kind === "bandwidth"));
  assert.match(await saved("fanseed-statement.csv", "CSV"), /^epoch,kind,infohash,name,bytes,[^]*\r\n\d+,bandwidth,[0-9a-f]{40},/);
}

/** A receipt that is refused, the note about it, and the operator's answer. */
async function appeals({ server, page, account }: Artist): Promise<void> {
  await refusedReceipt(server, account);
  await visit(page, "/");
  await visit(page, "/earnings");
  await says(page, /What earned nothing, and why[^]*no ticket with this serial/);
  await page.$eval("section[aria-labelledby=refused] details", (details) => details.setAttribute("open", ""));
  const note = "<img src=x onerror=alert(1)> It was signed.";
  await page.locator("section[aria-labelledby=refused] textarea").fill(note);
  await press(page, "Send");
  await says(page, /You wrote[^]*<img src=x[^]*Not answered yet/);
  const { appeals } = JSON.parse(await server.operate("GET", "/appeals")) as { appeals: { id: number; account: string; note: string }[] };
  assert.deepEqual(appeals.map((one) => [one.account, one.note]), [[account, note]]);
  await server.operate("PUT", `/appeals/${appeals[0]!.id}`, "No ticket of this server has that serial.");
  await visit(page, "/");
  await visit(page, "/earnings");
  await says(page, /Answered[^]*No ticket of this server has that serial\./);
  assert.equal(await page.$("main img"), null);
}

async function provesIt({ page }: Artist): Promise<void> {
  await until("everything is in the log", async () => {
    if (/settled receipts? (is|are) in it\./.test(await text(page)) && /Confirmed\s+Yes/.test(await text(page))) return true;
    await visit(page, "/");
    await visit(page, "/earnings");
    await new Promise((wake) => setTimeout(wake, 1_000));
    return false;
  }, 90);
  assert.doesNotMatch(await text(page), /contradicts/);
}

/** A log's key, as the operator has it. */
function keyOf(server: Server): KeyObject {
  const seed = readFileSync(join(server.data, "log.key"), "utf8").trim();
  return createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${seed}`, "hex"), format: "der", type: "pkcs8" });
}

/** A checkpoint with another text, signed by a key. */
function resigned(note: Buffer, key: KeyObject, change: (lines: string[]) => void): Buffer {
  const [body = "", signature = ""] = note.toString().split("\n\n");
  const lines = body.split("\n");
  change(lines);
  const text = `${lines.join("\n")}\n`;
  const [, name = "", old = ""] = signature.split(" ");
  return Buffer.from(`${text}\n— ${name} ${Buffer.concat([Buffer.from(old, "base64").subarray(0, 4), sign(null, Buffer.from(text), key)]).toString("base64")}\n`);
}

const at = (path: string, change: (body: Buffer) => Buffer | undefined): Tamper => (asked, body) => (asked.startsWith(path) ? change(body) : body);

/** What a server may do to its log, or one between, and what the page must say of it. `fresh`: this browser has not seen the log before; `unpaid`: the receipts are there. */
function tampers(server: Server): Record<string, { tamper: Tamper; says: RegExp; fresh?: boolean; unpaid?: boolean }> {
  const flip = (body: Buffer): Buffer => Buffer.from(body.map((byte, i) => (i === 5 ? byte ^ 1 : byte)));
  const root = (lines: string[]): void => void (lines[2] = Buffer.alloc(32, 7).toString("base64"));
  return {
    "a record is changed": { tamper: at("/v1/log/tile/0/", flip), says: /The log’s content is not what its signed checkpoint says/, fresh: true },
    "a record is dropped": {
      tamper: (path, body) => {
        if (path.startsWith("/v1/log/find/")) return undefined;
        const later = (_: string, time: string): string => `"time":${Number(time) + 2 * 3_600_000}`;
        return path.startsWith("/v1/accounts/") ? Buffer.from(body.toString().replace(/"time":(\d+)/, later)) : body;
      },
      says: /A receipt of yours that the server has promised to log is not in the log/,
      fresh: true,
    },
    "another record is named": { tamper: at("/v1/log/find/", () => Buffer.from("0\n")), says: /A record that the server names is not in the log/, fresh: true },
    "history is rewritten": { tamper: at("/v1/log/checkpoint", (note) => resigned(note, keyOf(server), root)), says: /History was rewritten|The log’s content is not/ },
    "history is shorter": {
      tamper: at("/v1/log/checkpoint", (note) => resigned(note, keyOf(server), (lines) => (root(lines), (lines[1] = "1")))), says: /History was rewritten/,
    },
    "the checkpoint is forged": {
      tamper: at("/v1/log/checkpoint", (note) => resigned(note, generateKeyPairSync("ed25519").privateKey, root)), says: /checkpoint is not signed by the log’s key/,
    },
    "the statement is not what was published": {
      tamper: at("/v1/accounts/", (body) => Buffer.from(body.toString().replaceAll(/"credits":(\d+),"state":"confirmed"/g, (_, n) => `"credits":${Number(n) + 1},"state":"confirmed"`))),
      says: /The published payouts are not what your statement says/,
      fresh: true,
      unpaid: true,
    },
  };
}

async function refusesLies({ server, proxy, page }: Artist): Promise<void> {
  for (const [what, { tamper, says: said, fresh = false, unpaid = false }] of Object.entries(tampers(server))) {
    await page.evaluate((fresh) => {
      const ours = Object.keys(localStorage).filter((key) => /^fanseed (log|proven) /.test(key));
      if (fresh) for (const key of ours) localStorage.removeItem(key);
    }, fresh);
    proxy.tamper = tamper;
    await page.goto(`${server.url}/earnings`);
    await says(page, /This server contradicts its own public log/).catch((error: Error) => {
      throw new Error(`${what}: ${error.message}`);
    });
    assert.match(await text(page, ".alarm"), said, what);
    assert.equal(await page.$eval(".alarm", (alarm) => alarm.getAttribute("role")), "alert");
    if (!unpaid) assert.doesNotMatch(await text(page), /receipts? (is|are) in it\./, what);
    await press(page, "Save the evidence");
    const evidence = JSON.parse(await until("the evidence", () => page.evaluate(() => globalThis.kept["fanseed-log-evidence.json"]))) as { key: string; alarms: unknown[] };
    assert.match(evidence.key, /\+[0-9a-f]{8}\+/);
    assert.ok(evidence.alarms.length > 0, what);
  }
  proxy.tamper = undefined;
  await page.goto(`${server.url}/earnings`);
  await says(page, /settled receipts? (is|are) in it\./);
  assert.equal(await page.$(".alarm"), null);
}

for (const name of browsers) {
  test(`credits in ${name}`, async (t) => {
    const artist = await begin(t, name);
    await t.test("what was earned is in the public log", () => provesIt(artist));
    await t.test("credits are locked on a work", () => locks(artist));
    await t.test("the statement is saved", () => exports(artist));
    await t.test("an appeal is answered", () => appeals(artist));
    await t.test("a log that lies is refused", () => refusesLies(artist));
  });
}
