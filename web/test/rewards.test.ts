/** What a swarm of both browsers earns, divided a second time by somebody who has nothing but the public log. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { Page } from "puppeteer-core";
import type { Account } from "../types/engine";
import { divide } from "./division";
import { addSeeder, arrived, browsers, launch, makeFile, openSeeder, sha256, short, startServer, temporary, unlimited, until, type BrowserName, type Server, type Window } from "./harness";
import { readLog, readTable } from "./public_log";

const size = (short ? 4 : 16) << 20;
const epoch = 120; // seconds
const price = 1_000_000;
const locked = 980_000; // without the fee

/** A person with a browser. */
interface Fan {
  window: Window;
  profile: string;
  page: Page;
  account: string;
}

/** A line of the payouts. */
interface Pay {
  epoch: number;
  kind: string;
  basis: number;
  amount: number;
  reason: string;
}

const account = (page: Page): Promise<Account> => page.evaluate(() => seeder.account());

async function arrives(t: TestContext, name: BrowserName, server: Server): Promise<Fan> {
  const profile = temporary(t);
  const window = await launch(t, name, { profile });
  const page = await openSeeder(window, server);
  const id = await until("the account's key", () => page.evaluate(async () => seeder.account().then(({ id }) => id, () => undefined)));
  return { window, profile, page, account: id };
}

async function fetches(fan: Fan, magnet: string): Promise<void> {
  const infohash = await fan.page.evaluate(async (magnet) => (await seeder.add(magnet)).infohash, magnet);
  assert.equal(await arrived(fan.page, infohash, 180), sha256(makeFile(size, 1)));
}

/** The minutes that an account's lines have, and whether a proof has passed. */
async function time(page: Page): Promise<{ minutes: number; proven: boolean }> {
  const lines = (await account(page)).lines.filter(({ kind }) => kind === "availability");
  return { minutes: lines.reduce((sum, { minutes }) => sum + minutes, 0), proven: lines.some(({ reason }) => reason === "confirmed" || reason === "proof_failed") };
}

/** Writes zeros over the second half of every file that the browser keeps for the engine, while no engine runs, and comes back. */
async function losesHalf(fan: Fan, server: Server): Promise<void> {
  fan.window.allow(/favicon/);
  await fan.page.goto(`${server.url}/v1/server`); // of the same origin, without a script
  const lost = await until("the engine has let go of its files", () =>
    fan.page.evaluate(async () => {
      const files: FileSystemFileHandle[] = [];
      const walk = async (folder: FileSystemDirectoryHandle): Promise<void> => {
        for await (const entry of (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values()) {
          if (entry.kind === "directory") await walk(entry as FileSystemDirectoryHandle);
          else if ((await (entry as FileSystemFileHandle).getFile()).size >= 1 << 20) files.push(entry as FileSystemFileHandle);
        }
      };
      await walk(await navigator.storage.getDirectory());
      let lost = 0;
      for (const file of files) {
        const half = (await file.getFile()).size / 2;
        try {
          const writable = await file.createWritable({ keepExistingData: true });
          await writable.write({ type: "write", position: half, data: new Uint8Array(half) });
          await writable.close();
        } catch {
          return 0; // the worker that had it open is not gone yet
        }
        lost += half;
      }
      return lost;
    }),
  );
  assert.equal(lost, size / 2);
  await fan.page.goto(server.url);
  await addSeeder(fan.page, { share: "on", limits: unlimited });
}

/** What an account's page shows of closed epochs, and of the balance, in µ-credits. */
async function shown(fan: Fan, server: Server): Promise<{ lines: string[]; balance: number }> {
  const page = await fan.window.open(`${server.url}/earnings`);
  await page.waitForSelector("fs-earnings button, fs-statement");
  await page.evaluate(() => (document.querySelector("fs-statement") ? undefined : document.querySelector<HTMLButtonElement>("fs-earnings button")?.click()));
  await page.waitForSelector("fs-statement dd.value");
  const texts = await page.evaluate(() => ({
    balance: document.querySelector("fs-statement dd.value")!.textContent!,
    lines: [...document.querySelectorAll('fs-statement [aria-labelledby="lines"] tbody tr')].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent!.trim())),
  }));
  await page.close();
  const micros = (text: string): number => Math.round(Number(text.replaceAll(",", "")) * 1e6);
  return { balance: micros(texts.balance), lines: texts.lines.filter(([, , , state]) => /confirmed|paid/i.test(state!)).map(([epoch, , amount]) => `${epoch!} ${micros(amount!)}`).sort() };
}

/** How many of the blocks that were asked of an account in an epoch it could not show. */
function failures(inputs: string, account: string): number {
  const rows = inputs.split("\n").map((line) => line.split(" "));
  const row = rows.filter(([kind]) => kind === "seeder").findIndex(([, name]) => name === account);
  return rows.filter(([kind, seeder]) => kind === "stay" && Number(seeder) === row).reduce((sum, [, , , , asked, passed]) => sum + Number(asked) - Number(passed), 0);
}

const command = async (...args: string[]): Promise<string> => (await promisify(execFile)(process.env["FANSEED_BINARY"]!, args)).stdout;

test("ten browsers: what every account's page shows is what the public log's inputs give, to the µ-credit", async (t) => {
  const server = await startServer(t, ["-epoch", `${epoch}s`, "-emission", "1000000000", "-treasury", "1000000000000"]);
  const name = (i: number): BrowserName => browsers[i % browsers.length]!;
  const seeders: Fan[] = [];
  for (let i = 0; i < 4; i++) seeders.push(await arrives(t, name(i), server));
  const [artist, second, careless, leaver] = seeders as [Fan, Fan, Fan, Fan];
  const { magnet, infohash } = await artist.page.evaluate(async (size) => {
    const { magnet, infohash } = await seeder.publish([new File([makeFile(size, 1)], "file.bin")]);
    return { magnet, infohash };
  }, size);
  await Promise.all([second, careless, leaver].map((fan) => fetches(fan, magnet)));
  await server.credit(second.account, 3 * price);
  await second.page.evaluate(async (infohash, price) => {
    await seeder.boost(infohash, { price, epochs: 60 });
    await seeder.fund(infohash, { amount: price, rate: 40_000_000, epochs: 60 });
  }, infohash, price);
  await losesHalf(careless, server);

  const takers: Fan[] = [];
  for (let i = 0; i < 6; i++) takers.push(await arrives(t, name(i), server));
  await Promise.all(takers.map((fan) => fetches(fan, magnet)));

  const left = await until("the minutes of the one who leaves", async () => {
    const now = await time(leaver.page);
    return now.minutes > 0 && now.proven && now;
  }, 300);
  const closedAt = Math.floor(Date.now() / 1000 / epoch);
  await leaver.window.close();
  await until("two more minutes of the artist", async () => (await time(artist.page)).minutes >= left.minutes + 2, 300);
  const last = Math.floor(Date.now() / 1000 / epoch);
  const epochs = await until("the last epoch's close", async () => {
    const closed = (await readLog(server)).filter(({ kind }) => kind === "epoch");
    return closed.some(({ lines }) => Number(lines.get("number")![0]) >= last) && closed;
  }, 2 * epoch);

  // Nothing but the log: every epoch is divided again.
  const pays = new Map<string, Pay[]>();
  let failed = 0; // blocks that the careless one could not show
  for (const { lines } of epochs) {
    const [inputs, payouts] = [await readTable(server, lines.get("inputs")!), await readTable(server, lines.get("payouts")!)];
    assert.equal(divide(inputs), payouts, `epoch ${lines.get("number")![0]!}`);
    failed += failures(inputs, careless.account);
    for (const line of payouts.split("\n").filter((line) => line.startsWith("pay "))) {
      const [, kind, account, , , basis, , , amount, reason] = line.split(" ") as string[];
      pays.set(account!, [...(pays.get(account!) ?? []), { epoch: Number(lines.get("number")![0]), kind: kind!, basis: Number(basis), amount: Number(amount), reason: reason! }]);
    }
  }
  const paid = (fan: Fan, ...kinds: string[]): Pay[] => (pays.get(fan.account) ?? []).filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  const total = (list: { amount: number }[]): number => list.reduce((sum, { amount }) => sum + amount, 0);
  t.diagnostic(`${epochs.length} epochs closed; ${[...seeders, ...takers].map((fan) => total(paid(fan))).join(", ")} µ-credits`);

  // Everybody's page says the same. Who has closed the tab comes again to see.
  leaver.window = await launch(t, name(3), { profile: leaver.profile });
  for (const fan of [...seeders, ...takers]) {
    const number = Number(epochs.at(-1)!.lines.get("number")![0]);
    const page = await shown(fan, server);
    const want = paid(fan).map(({ epoch, amount }) => `${epoch} ${amount}`).sort();
    assert.deepEqual(page.lines.filter((line) => Number(line.split(" ")[0]) <= number), want, `account ${fan.account}`);
    assert.ok(want.length > 0, "everybody was there for some minutes");
  }
  assert.ok(total(paid(artist, "bandwidth")) > 0 && total(paid(artist, "availability")) > 0);
  const boosted = [...seeders, ...takers].flatMap((fan) => paid(fan, "boost"));
  assert.ok(total(boosted) > 0 && total(boosted) < locked && total([...seeders, ...takers].flatMap((fan) => paid(fan, "pool"))) > 0);

  // Who dropped half was caught, and who closed the tab is paid for the minutes until then.
  assert.ok(failed > 0, JSON.stringify(paid(careless)));
  t.diagnostic(`${failed} blocks of the one who had dropped half were missed`);
  const minutes = paid(leaver, "availability");
  const counted = minutes.reduce((sum, { basis }) => sum + basis, 0);
  assert.ok(counted >= left.minutes && counted <= left.minutes + 1 && total(minutes) > 0, `${counted} minutes, and ${left.minutes} when the tab was closed`);
  assert.ok(minutes.every(({ epoch }) => epoch <= closedAt));
  assert.ok(paid(artist, "availability").reduce((sum, { basis }) => sum + basis, 0) > counted);

  assert.match(await command("check", "-data", server.data), /sum 0\n[^]*the books are sound/);
  assert.match(await command("verify", "-state", join(temporary(t), "log"), server.url), /the log holds/);
});
