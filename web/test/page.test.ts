/** The page over an imaginary engine: every view in its states, what is asked before anything runs, and what a click does. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { HTTPRequest, Page } from "puppeteer-core";
import type { FakeSeeder } from "../engine/fake";
import type { Account } from "../types/engine";
import { browsers, fixture, launch, makeFile, pageScript, screenshot, startServer, temporary, until, watch, type Window } from "./harness";

declare global {
  /** The names of what was saved, with its bytes. */
  var saved: { name: string; bytes: number }[];
}

const leaves = "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36";
const rivers = "5".repeat(40);
const works = [
  { infohash: leaves, name: "Leaves of Grass", length: 362_017, files: [{ path: "leaves.epub", length: 362_017 }], seeders: 1, leechers: 0 },
  { infohash: rivers, name: "Slow Rivers", length: 40_000_000, files: ["a", "b"].map((name) => ({ path: `disc/${name}.flac`, length: 20_000_000 })), seeders: 12, leechers: 3 },
].map((work) => ({ ...work, published: 1_790_000_000_000, piece_length: 262_144, magnet: `magnet:?xt=urn:btih:${work.infohash}` }));

const account: Account = {
  id: "9f2c41d07be8a3550c1d7e6ab4420f9d",
  time: Date.now(),
  appeals: [],
  settled: [],
  bytesPending: 2 ** 20,
  bytesConfirmed: 5 * 2 ** 30,
  creditsPending: 1_250_000,
  creditsConfirmed: 3_750_001,
  creditsHeld: 2_500_000,
  creditsPayable: 1_250_001,
  creditsPromo: 400_000,
  boosts: [],
  pools: [],
  held: [{ epoch: 2, until: Date.now() + 600_000_000, amount: 2_500_000 }],
  rate: 1_000_000,
  epochEnds: Date.now() + 7_200_000,
  lines: [{ kind: "bandwidth", infohash: rivers, name: "Slow Rivers", epoch: 3, bytes: 2 ** 30, minutes: 0, counted: 2 ** 30, weight: 2 ** 28, credits: 1_250_000, state: "pending", reason: "pending", reasonText: "Paid when the epoch closes." }],
  refused: [{ infohash: rivers, serial: "00", amount: 2 ** 20, reason: "over_limit", reasonText: "More than the ticket allows.", time: Date.now() }],
};

/** A visitor: one page of the real server whose engine and whose /v1 are the test's. */
class Visit {
  /** Paths that the page asked for. */
  readonly asked: string[] = [];
  /** What /v1/works lists. Undefined: the server does not answer. */
  listed: typeof works | undefined = works;
  /** The server's copy of what is published here; undefined: it makes none. */
  copy: { state: string; progress: number } | undefined;
  /** How many requests for a part of the page, or for the engine, still fail. */
  failing = 0;

  constructor(
    readonly page: Page,
    readonly origin: string,
  ) {}

  async begin(): Promise<void> {
    await this.page.setRequestInterception(true);
    this.page.on("request", (request) => void this.#answer(request));
    await this.page.evaluateOnNewDocument(() => {
      globalThis.saved = [];
      // The page's security policy lets no script fetch a blob: address, so what it makes one for is remembered.
      const blobs = new Map<string, Blob>();
      const create = URL.createObjectURL;
      URL.createObjectURL = (blob: Blob) => {
        const url = create.call(URL, blob);
        blobs.set(url, blob);
        return url;
      };
      HTMLAnchorElement.prototype.click = function () {
        globalThis.saved.push({ name: this.download, bytes: blobs.get(this.href)!.size });
      };
    });
  }

  async #answer(request: HTTPRequest): Promise<void> {
    const path = new URL(request.url()).pathname;
    const first = 1; // priority over handlers that only look on
    this.asked.push(path);
    const json = (status: number, body: unknown): Promise<void> => request.respond({ status, contentType: "application/json", body: JSON.stringify(body) }, first);
    if (/^\/(page-[a-z]+-|engine\.js)/.test(path) && this.failing > 0) {
      this.failing--;
      return request.abort("connectionreset", first);
    }
    if (path === "/engine.js") return request.respond({ contentType: "text/javascript", body: pageScript("page_engine") }, first);
    if (path === "/v1/server") return json(200, { name: "test", rate_per_gib: 1_000_000, copies: this.copy !== undefined });
    if (path.startsWith("/v1/") && !this.listed) return json(503, { code: "unavailable", message: "down" });
    if (path === "/v1/works") return json(200, { works: this.listed?.map((work) => ({ ...work, files: work.files.length })) });
    const work = this.listed?.find(({ infohash }) => path === `/v1/works/${infohash}`);
    if (path.startsWith("/v1/works/") && !work && this.copy) return json(200, { ...works[0], copy: this.copy });
    if (path.startsWith("/v1/")) return work ? json(200, work) : json(404, { code: "not_found", message: "no such work" });
    return request.continue({}, 0); // lets other handlers decide
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.origin + path);
    await this.page.waitForSelector("main h1");
  }

  /** Everything that is to be read. */
  async text(selector = "body"): Promise<string> {
    const text = await this.page.$eval(selector, (element) => (element as HTMLElement).innerText);
    return text.replaceAll("\u00a0", " ");
  }

  /** Waits until the page says it. */
  async says(what: RegExp, selector = "body"): Promise<void> {
    let last = "";
    await until(String(what), async () => what.test((last = await this.text(selector).catch(() => ""))), 10).catch((error: Error) => {
      throw new Error(`${error.message}; it says:\n${last}`);
    });
  }

  /** Presses the button or link that begins with these words. */
  async press(words: string): Promise<void> {
    await until(words, () =>
      this.page.evaluate((words) => {
        const named = (element: HTMLElement): boolean => element.innerText.trim().startsWith(words) || element.ariaLabel === words;
        const found = [...document.querySelectorAll<HTMLElement>("button, a")].find((element) => named(element) && !element.matches(":disabled"));
        // A real click: the prototype's own is the test's, for downloads.
        found?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
        return found !== undefined;
      }, words),
    );
  }

  get engineLoaded(): boolean {
    return this.asked.includes("/engine.js");
  }

  /** Lets the engine's time pass. */
  async pass(seconds: number): Promise<void> {
    await until("the engine", () => this.page.evaluate(() => globalThis.fakeEngine !== undefined));
    for (let left = seconds; left > 0; left -= 0.25) await this.page.evaluate(() => (globalThis as unknown as { fakeEngine: FakeSeeder }).fakeEngine.tick(0.25));
  }

  calls(): Promise<string[]> {
    return this.page.evaluate(() => [...(globalThis.fakeEngine?.calls ?? [])]);
  }

  async runs(infohash: string): Promise<void> {
    await until(`${infohash} in the engine`, () => this.page.evaluate((infohash) => globalThis.fakeEngine?.works().some((work) => work.infohash === infohash) ?? false, infohash));
  }
}

for (const name of browsers) {
  test(`the page in ${name}`, async (t) => {
    const server = await startServer(t);
    const window = await launch(t, name);
    window.allow(/Failed to load resource/, /status (404|503)/);
    for (const [title, run] of Object.entries(cases)) {
      await t.test(title, async (t) => {
        const visit = await visitOf(window, server.url, t);
        await run(visit, t);
      });
    }
  });
}

/** A visitor whom this browser has never seen. */
async function visitOf(window: Window, origin: string, t: TestContext): Promise<Visit> {
  const page = await window.page();
  t.after(() => page.close());
  const visit = new Visit(page, origin);
  await visit.begin();
  await page.goto(`${origin}/v1/server`); // of the same origin, and not the page
  await page.evaluate(() => (localStorage.clear(), sessionStorage.clear()));
  visit.asked.length = 0;
  return visit;
}

const cases: Record<string, (visit: Visit, t: TestContext) => Promise<void>> = {
  async "nothing runs before consent"(visit) {
    const watched = await watch(visit.page);
    for (const path of ["/", `/w/${leaves}`, "/earnings", "/nowhere"]) await visit.go(path);
    await visit.go(`/w/${leaves}`);
    await visit.says(/see your IP address[^]*1 MiB a second[^]*1 GiB a day[^]*1 credit for each GiB/);
    await visit.press("Don’t share");
    await visit.says(/lives only among peers/);
    await visit.page.reload();
    await visit.says(/You chose not to share/);
    assert.equal(visit.engineLoaded, false);
    assert.deepEqual(await watched.contacts(), []);
  },

  async "the three answers look the same"(visit) {
    await visit.go(`/w/${leaves}`);
    await visit.page.waitForSelector(".choices button");
    const looks = await visit.page.$$eval(".choices button", (buttons) =>
      buttons.map((button) => {
        const { width, height } = button.getBoundingClientRect();
        const { color, backgroundColor, borderTopColor, borderTopWidth, fontSize } = getComputedStyle(button);
        return JSON.stringify([Math.round(width), Math.round(height), color, backgroundColor, borderTopColor, borderTopWidth, fontSize]);
      }),
    );
    assert.equal(looks.length, 3);
    assert.equal(new Set(looks).size, 1, looks.join("\n"));
  },

  async "a work is fetched, shared and saved"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.runs(rivers);
    await visit.says(/Finding peers/);
    await visit.pass(5);
    await visit.says(/Downloading[^]*3\s*peers|3\s*peers[^]*Downloading/);
    await visit.says(/Time left/);
    await visit.pass(40);
    await visit.says(/Complete\. Seeding/);
    await visit.says(/WebTorrent 3\.0\.21/, "fs-peers");
    await visit.press("Save disc/b.flac");
    await until("the file", () => visit.page.evaluate(() => globalThis.saved.length > 0));
    assert.deepEqual(await visit.page.evaluate(() => globalThis.saved), [{ name: "b.flac", bytes: 20_000_000 }]);
  },

  async "consent is remembered, and withdrawn in one click"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.runs(rivers);
    await visit.go(`/w/${leaves}`);
    await visit.runs(leaves);
    await visit.press("Withdraw consent");
    await until("share off", async () => (await visit.calls()).includes("share off"));
    await visit.says(/Sharing is off/);
    visit.asked.length = 0;
    await visit.go(`/w/${rivers}`);
    await visit.says(/You chose not to share/);
    assert.equal(visit.engineLoaded, false);
    await visit.press("Choose again");
    await visit.page.waitForSelector(".choices");
  },

  async "only while it plays: what is complete stops"(visit) {
    await visit.go(`/w/${leaves}`);
    await visit.press("Only while it plays");
    await visit.runs(leaves);
    await visit.pass(3);
    await visit.says(/Complete, and stopped/);
    assert.equal(await visit.page.evaluate(() => globalThis.fakeEngine?.share), "playing");
  },

  async "stop stops everything, holds over a reload, and resume undoes it"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.runs(rivers);
    await visit.pass(2);
    await visit.press("Stop all sharing");
    await visit.says(/Stopped\. Nothing is sent or fetched/);
    assert.deepEqual(await visit.page.evaluate(() => globalThis.fakeEngine?.works().map((work) => work.state)), ["stopped"]);
    visit.asked.length = 0;
    await visit.page.reload();
    await visit.says(/Sharing is stopped in this tab/);
    assert.equal(visit.engineLoaded, false);
    await visit.press("Resume");
    await visit.runs(rivers);
    await visit.says(/Finding peers/);
  },

  async "a file is published"(visit, t) {
    await visit.go("/");
    const path = join(temporary(t), "tape 1.flac");
    writeFileSync(path, makeFile(40_000_000, 1));
    await (await visit.page.waitForSelector("input#files"))!.uploadFile(path);
    await visit.says(/sees your IP address/, "fs-publish");
    assert.equal(await visit.page.$eval("input#name", (input) => (input as HTMLInputElement).value), "tape 1.flac");
    assert.equal(visit.engineLoaded, false);
    await visit.press("Publish and share");
    await visit.page.waitForSelector("fs-publish progress");
    await visit.pass(3);
    await visit.says(/Published\. Send the link[^]*Keep this tab open/);
    const link = await visit.page.$eval("fs-publish fs-copy input", (input) => (input as HTMLInputElement).value);
    assert.match(link, new RegExp(`^${visit.origin}/w/[0-9a-f]{40}$`));
    await visit.press("Open its page");
    await visit.says(/tape 1\.flac[^]*Complete/);
    assert.equal(visit.page.url(), link);
    // What one publishes says nothing about sharing others' works.
    await visit.press("Fanseed");
    await visit.press("Slow Rivers");
    await visit.page.waitForSelector(".choices");
  },

  async "the server makes a copy of what is published, unless the publisher declines"(visit, t) {
    visit.copy = { state: "pulling", progress: 0.637 };
    await visit.go("/");
    const path = join(temporary(t), "tape 2.flac");
    writeFileSync(path, makeFile(1_000_000, 1));
    const publish = async (): Promise<void> => {
      await (await visit.page.waitForSelector("input#files"))!.uploadFile(path);
      await visit.says(/Let this server keep a copy/, "fs-publish");
    };
    const told = (): Promise<(boolean | undefined)[] | undefined> => visit.page.evaluate(() => globalThis.fakeEngine?.published.map(({ copy }) => copy));
    await publish();
    await screenshot(visit.page, "publish-copy");
    await visit.press("Publish and share");
    await visit.pass(2);
    await visit.says(/You can close this tab once the server’s copy is complete: 63%/);
    visit.copy = { state: "no_room", progress: 0 };
    await visit.says(/no room for a copy now\. Keep this tab open/);
    visit.copy = { state: "whole", progress: 1 };
    await visit.says(/The server has a copy\. You can close this tab\./);
    assert.doesNotMatch(await visit.text(), /Keep this tab open/);
    await screenshot(visit.page, "published-copy");
    assert.deepEqual(await told(), [true]);

    visit.copy = { state: "pulling", progress: 0.637 };
    await visit.press("Open its page");
    await visit.says(/Keep this tab open: the server’s copy is at 63%\./, "fs-live");
    await screenshot(visit.page, "work-copy-pulling");
    visit.copy = { state: "whole", progress: 1 };
    await visit.press("Fanseed");
    await visit.press("tape 2.flac");
    await visit.says(/The server has a copy: you can close this tab\./, "fs-live");
    assert.doesNotMatch(await visit.text(), /Keep this tab open/);
    await screenshot(visit.page, "work-copy-whole");
    await visit.press("Fanseed");

    visit.copy = { state: "declined", progress: 0 };
    await visit.press("Publish something else");
    await publish();
    await visit.page.click("#copy");
    await visit.press("Publish and share");
    await visit.pass(2);
    await visit.says(/Keep this tab open/);
    assert.deepEqual(await told(), [true, false]);
  },

  async "publishing can be cancelled, and its errors are said"(visit, t) {
    await visit.go("/");
    const path = join(temporary(t), "long.bin");
    writeFileSync(path, makeFile(100_000_000, 2));
    const choose = async (): Promise<void> => (await visit.page.waitForSelector("input#files"))!.uploadFile(path);
    await choose();
    await visit.press("Publish and share");
    await visit.says(/hashed/);
    await visit.press("Cancel");
    await visit.says(/Your fans pass it on/);
    await visit.pass(1);
    assert.deepEqual(await visit.page.evaluate(() => [globalThis.fakeEngine?.works().length, globalThis.fakeEngine?.share]), [0, "off"]);
    await visit.page.evaluate(() => globalThis.fakeEngine?.failing.set("publish", "disk_full"));
    await choose();
    await visit.press("Publish and share");
    await visit.says(/There is no more room/);
    assert.equal(await visit.page.$eval("input#name", (input) => (input as HTMLInputElement).value), "long.bin");
  },

  async "an empty file is not published"(visit, t) {
    await visit.go("/");
    const path = join(temporary(t), "empty");
    writeFileSync(path, "");
    await (await visit.page.waitForSelector("input#files"))!.uploadFile(path);
    await visit.says(/There is nothing in what you chose/);
    assert.equal(await visit.page.$eval("fs-publish button.strong", (button) => (button as HTMLButtonElement).disabled), true);
  },

  async "works are opened by what people send each other"(visit, t) {
    const open = async (text: string): Promise<void> => {
      await visit.go("/");
      await visit.page.type("#source", text);
      await visit.press("Open");
    };
    await open("hello");
    await visit.says(/That is not something to open/);
    await open(leaves);
    await visit.says(/Leaves of Grass[^]*How would you like to take part/);
    await open(`magnet:?xt=urn:btih:${"ab".repeat(20)}&dn=Elsewhere`);
    await visit.says(/Elsewhere[^]*size not known yet/);
    await visit.page.reload();
    await visit.says(/Elsewhere/); // the magnet survives a reload
    visit.listed = [];
    await visit.go("/");
    const path = join(temporary(t), "leaves.torrent");
    writeFileSync(path, fixture("leaves.torrent"));
    await (await visit.page.waitForSelector("input#torrent"))!.uploadFile(path);
    await visit.says(/Leaves of Grass[^]*353\.5/);
    assert.equal(new URL(visit.page.url()).pathname, `/w/${leaves}`);
    assert.equal(visit.engineLoaded, false);
  },

  async "what is not there, and a server that is down, are said"(visit) {
    await visit.go(`/w/${"0".repeat(40)}`);
    await visit.says(/does not know that work/);
    visit.listed = undefined;
    await visit.go("/");
    await visit.says(/The server did not answer/);
    visit.listed = [];
    await visit.press("Try again");
    await visit.says(/Nothing has been published here yet/);
    visit.listed = undefined;
    await visit.go(`/w/${rivers}`);
    await visit.says(/The server did not answer/);
    visit.listed = works;
    await visit.press("Try again");
    await visit.says(/How would you like to take part/);
    await visit.go("/nowhere");
    await visit.says(/nothing at this address/);
  },

  async "an error of the engine is said, and tried again"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.page.evaluate(() => (globalThis.prepareFakeEngine = (seeder) => void seeder.failing.set("add", "bad_torrent")));
    await visit.press("Share while I’m here");
    await visit.says(/not a torrent/);
    await visit.press("Try again");
    await visit.runs(rivers);
    await visit.page.evaluate(() => globalThis.fakeEngine?.works()[0]?.fail("revoked"));
    await visit.says(/withdrawn this work/);
  },

  async "a part that cannot be loaded is tried again, then said, and comes when asked for again"(visit) {
    await visit.go("/");
    visit.failing = 1;
    await visit.page.type("#source", "hello");
    await visit.press("Open");
    await visit.says(/That is not something to open/);
    visit.failing = Infinity;
    await visit.go("/earnings");
    await visit.press("Show my earnings");
    await visit.says(/A part of this page could not be loaded/);
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.says(/A part of this page could not be loaded/);
    visit.failing = 0;
    await visit.press("Try again");
    await visit.runs(rivers);
    await visit.says(/Finding peers/);
  },

  async "what was published here goes on after a reload, and others' works do not"(visit, t) {
    await visit.go("/");
    const path = join(temporary(t), "tape 2.flac");
    writeFileSync(path, makeFile(1_000_000, 3));
    await (await visit.page.waitForSelector("input#files"))!.uploadFile(path);
    await visit.press("Publish and share");
    await visit.pass(1);
    await visit.says(/Published\. Send the link/);
    // What the browser has kept: a work of somebody else's, from when that was agreed to.
    await visit.page.evaluateOnNewDocument((magnet) => (globalThis.prepareFakeEngine = (seeder) => void seeder.add(magnet)), works[1]!.magnet);
    await visit.page.reload();
    await until("the engine", () => visit.page.evaluate(() => globalThis.fakeEngine?.share === "on"));
    assert.deepEqual(await visit.page.evaluate(() => globalThis.fakeEngine?.works().map((work) => work.state)), ["stopped"]);
    await visit.press("Withdraw consent");
    await until("share off", async () => (await visit.calls()).includes("share off"));
    visit.asked.length = 0;
    await visit.page.reload();
    await visit.says(/Sharing is off/);
    assert.equal(visit.engineLoaded, false);
  },

  async "what the browser keeps, and what holds a work up, is said"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.pass(3);
    const become = (what: object): Promise<void> =>
      visit.page.evaluate((what) => {
        const [work] = globalThis.fakeEngine!.works();
        Object.assign(work!, what);
        work!.dispatchEvent(new Event("state"));
      }, what);
    await visit.says(/Kept in this browser\./);
    await become({ kept: false });
    await visit.says(/Not kept: it is gone when this tab is closed/);
    await become({ state: "checking", have: 10_000_000 });
    await visit.says(/Checking what this browser has kept[^]*25\s?%/);
    await screenshot(visit.page, "state-checking");
    await become({ state: "downloading", kept: true, caps: ["download_month"] });
    await visit.says(/this month’s limit for fetching is reached[^]*raise the limit/);
    await screenshot(visit.page, "state-capped");
    await become({ caps: ["upload_day"] });
    await visit.says(/Today’s limit for sending is reached/);
    await become({ caps: [], swarm: [], webseeds: [{ url: "https://artist.example/rivers/", active: true, downloaded: 5_000_000 }] });
    await visit.says(/Downloading from a server/);
    await visit.says(/Server \(artist\.example\)[^]*4\.8/, "fs-peers");
    await visit.page.evaluate(() => globalThis.fakeEngine?.works()[0]?.fail("disk_full"));
    await visit.says(/no more room for this site[^]*Change the limits/);
    await screenshot(visit.page, "state-full");
    await visit.page.evaluate(() => globalThis.fakeEngine?.works()[0]?.fail("storage"));
    await visit.says(/is gone or could not be read/);
    await visit.press("Try again");
    await visit.says(/Downloading from a server/);
  },

  async "a work is removed, and asked for again"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.runs(rivers);
    await visit.press("Remove from this browser");
    await visit.says(/Everything of this work that is kept here is deleted/);
    await visit.press("Keep it");
    await visit.says(/Kept in this browser/);
    await visit.press("Remove from this browser");
    await visit.press("Delete it");
    await until("no work", () => visit.page.evaluate(() => globalThis.fakeEngine?.works().length === 0));
    await visit.says(/Removed from this browser/);
    await visit.press("Fetch it again");
    await visit.runs(rivers);
  },

  async "limits are set, kept, and promised before consent"(visit) {
    await visit.go(`/w/${rivers}`);
    await visit.press("Change the limits");
    await visit.page.waitForSelector("dialog[open]");
    await screenshot(visit.page, "state-limits");
    const value = (id: string): Promise<string> => visit.page.$eval(`#${id}`, (input) => (input as HTMLInputElement).value);
    assert.deepEqual(await Promise.all(["uploadRate", "uploadPerDay", "uploadPerMonth", "downloadRate", "downloadPerMonth", "storage"].map(value)), ["1", "1", "", "", "", "2"]);
    await visit.says(/Help boosted works[^]*no more room than you set above[^]*you earn for it/);
    assert.equal(await visit.page.$eval("input[name=help]", (input) => (input as HTMLInputElement).checked), false, "off unless chosen");
    await visit.page.click("input[name=help]");
    for (const [id, amount] of [["uploadRate", "2.5"], ["uploadPerDay", ""], ["uploadPerMonth", "20"], ["downloadPerMonth", "50"]] as const) {
      await visit.page.$eval(`#${id}`, (input) => ((input as HTMLInputElement).value = ""));
      await visit.page.type(`#${id}`, amount);
    }
    await visit.press("Save");
    await until("the dialog closed", async () => (await visit.page.$("dialog[open]")) === null);
    await visit.says(/At most 2\.5 MiB a second and 20 GiB a month is sent/);
    assert.equal(visit.engineLoaded, false);
    await visit.page.reload();
    await visit.says(/At most 2\.5 MiB a second and 20 GiB a month is sent/);
    await visit.press("Share while I’m here");
    await visit.runs(rivers);
    const { uploadRate, uploadPerDay, uploadPerMonth, downloadRate, downloadPerMonth, storage, help } = (await visit.page.evaluate(() => {
      const told = globalThis.fakeEngine!.limits;
      return Object.fromEntries(Object.entries(told).map(([name, amount]) => [name, String(amount)]));
    })) as Record<string, string>;
    assert.deepEqual(
      [uploadRate, uploadPerDay, uploadPerMonth, downloadRate, downloadPerMonth, storage].map(Number),
      [2.5 * 2 ** 20, Infinity, 20 * 2 ** 30, Infinity, 50 * 2 ** 30, 2 * 2 ** 30],
    );
    assert.equal(help, "true");
    await visit.page.evaluate(() => void (globalThis.fakeEngine!.works()[0]!.helping = true));
    await visit.says(/You help this boosted work: the server asked your browser to pass it on/);
  },

  async "earnings give a reason for every line"(visit) {
    await visit.go("/earnings");
    await visit.says(/Credits are earned by sharing/);
    assert.equal(visit.engineLoaded, false);
    await visit.press("Show my earnings");
    await visit.says(/No account in this browser yet/);
    assert.deepEqual(await visit.calls(), ["account"]);
    await visit.page.reload();
    await visit.page.waitForSelector("main h1");
    await visit.page.evaluate((account) => (globalThis.prepareFakeEngine = (seeder) => void (seeder.books = account)), account);
    await visit.press("Show my earnings");
    await visit.says(/3\.750001[^]*1\.25[^]*closes in[^]*5 GiB[^]*1 MiB/);
    await visit.says(/Slow Rivers[^]*Paid when the epoch closes\./);
    await visit.says(/What earned nothing[^]*More than the ticket allows\./);
    assert.equal(await visit.page.$eval("fs-earnings fs-copy input", (input) => (input as HTMLInputElement).value), account.id);
    assert.equal(await visit.page.evaluate(() => globalThis.fakeEngine?.share), "ask");
  },

  async "credits are locked on a work in a dialog that fits and can be left"(visit) {
    await visit.page.setViewport({ width: 320, height: 700 });
    await visit.go(`/w/${rivers}`);
    await visit.press("Boost this work");
    await visit.says(/You have no account in this browser yet/, "dialog");
    await visit.page.keyboard.press("Escape");
    await until("no dialog", async () => (await visit.page.$("dialog")) === null);
    assert.equal(await visit.page.evaluate(() => globalThis.fakeEngine?.share), "ask", "nothing is shared for it");

    await visit.page.evaluate((account) => void (globalThis.fakeEngine!.books = account), account);
    await visit.press("Boost this work");
    await until("the first field", () => visit.page.evaluate(() => document.activeElement?.id === "stake-amount"));
    await visit.says(/First credits: 0\.40[^]*0\.392 credits for those who share it[^]*0\.008 is the fee/, "dialog");
    const seen = await visit.page.$eval("dialog", (dialog) => ({
      overflow: document.documentElement.scrollWidth > innerWidth || dialog.scrollWidth > dialog.clientWidth,
      unnamed: [...dialog.querySelectorAll("input")].filter((input) => !input.labels?.length).length,
      small: [...dialog.querySelectorAll("button, input, label.choice")].filter((one) => !one.matches("[type=radio]") && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML),
    }));
    assert.deepEqual(seen, { overflow: false, unnamed: 0, small: [] });
    await visit.page.evaluate(() => globalThis.fakeEngine!.failing.set("boost", "funds"));
    await visit.page.keyboard.press("Enter");
    await visit.says(/You do not have that much to spend/, "dialog");
    await visit.press("Boost it");
    await visit.says(/Done\. It is boosted until/, "dialog");
    await visit.press("Close");
    await until("no dialog", async () => (await visit.page.$("dialog")) === null);
    const [boost] = await visit.page.evaluate(() => globalThis.fakeEngine!.books!.boosts);
    assert.deepEqual([boost?.infohash, boost?.price, boost?.epochs, boost?.promo], [rivers, 400_000, 1, true]);
  },

  async "each view has a title and one heading, fits, and can be touched"(visit) {
    const titles = new Set<string>();
    const fits = async (what: string): Promise<void> => {
      const seen = await visit.page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth > document.documentElement.clientWidth,
        headings: document.querySelectorAll("h1").length,
        small: [...document.querySelectorAll("button, .button, nav a, input:not([hidden])")].filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML),
      }));
      assert.deepEqual(seen, { overflow: false, headings: 1, small: [] }, what);
    };
    for (const width of [320, 1280]) {
      await visit.page.setViewport({ width, height: 700 });
      for (const path of ["/", `/w/${rivers}`, "/earnings", "/nowhere"]) {
        await visit.go(path);
        await until("its name", async () => (await visit.page.title()) !== "Fanseed");
        titles.add(await visit.page.title());
        await fits(`${path} at ${width}`);
      }
    }
    await visit.page.setViewport({ width: 320, height: 700 });
    await visit.go(`/w/${rivers}`);
    await visit.press("Share while I’m here");
    await visit.pass(9);
    await visit.says(/Downloading/);
    await fits("a work on its way");
    assert.equal(titles.size, 4, [...titles].join("\n"));
  },

  async "views change without a load, and the keyboard follows"(visit) {
    await visit.go("/");
    await visit.page.evaluate(() => Object.assign(globalThis, { same: true }));
    await visit.press("Slow Rivers");
    await visit.says(/How would you like/);
    await until("focus on the heading", () => visit.page.evaluate(() => document.activeElement?.tagName === "H1" && document.activeElement.textContent === "Slow Rivers"));
    await visit.page.goBack();
    await visit.says(/Your fans pass it on/);
    assert.equal(await visit.page.evaluate(() => (globalThis as { same?: boolean }).same), true);
  },
};
