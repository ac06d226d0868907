/** The stock WebTorrent client, unmodified, as the other peer: in both directions, over our server, and it never hears a word that it does not know. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { arrived, browsers, launch, makeFile, openSeeder, openStock, sha256, startServer } from "./harness";

const size = 4 << 20;

/** What the server says to a stock client: the actions of bittorrent-tracker 11. */
function checkHeard(heard: unknown[]): void {
  assert.notEqual(heard.length, 0);
  for (const message of heard as { action?: string; "failure reason"?: string; "warning message"?: string }[]) {
    assert.ok(message.action === "announce" || message.action === "scrape", `unknown message ${JSON.stringify(message)}`);
    assert.equal(message["failure reason"] ?? message["warning message"], undefined);
  }
}

const heard = (page: Page): Promise<unknown[]> => page.evaluate(() => stockHeard);

for (const name of browsers) {
  test(`webtorrent in Chromium fetches from our page in ${name}`, async (t) => {
    const server = await startServer(t);
    const ours = await openSeeder(await launch(t, name), server);
    const stock = await openStock(t, await launch(t, "chromium"), server);
    const magnet = await ours.evaluate(async (size) => (await seeder.publish([new File([makeFile(size, 4)], "file.bin")])).magnet, size);
    const got = await stock.evaluate(async (magnet) => {
      const torrent = globalThis.stock.add(magnet, stockOptions);
      await new Promise<void>((done) => torrent.on("done", done));
      return sha256InPage(await torrent.files[0]!.blob());
    }, magnet);
    assert.equal(got, sha256(makeFile(size, 4)));
    checkHeard(await heard(stock));
    assert.equal(await ours.evaluate(async () => (await seeder.account()).bytesConfirmed), 0, "a stock peer signs no receipts, so it credits nobody");
  });

  test(`our page in ${name} fetches from webtorrent in Chromium`, async (t) => {
    const server = await startServer(t, ["-open"]);
    const stock = await openStock(t, await launch(t, "chromium"), server);
    const ours = await openSeeder(await launch(t, name), server);
    const magnet = await stock.evaluate((size) => new Promise<string>((seeding) =>
      globalThis.stock.seed(new File([makeFile(size, 5)], "file.bin"), stockOptions, (torrent) => seeding(torrent.magnetURI))), size);
    const infohash = await ours.evaluate(async (magnet) => (await seeder.add(magnet)).infohash, magnet);
    assert.equal(await arrived(ours, infohash), sha256(makeFile(size, 5)));
    checkHeard(await heard(stock));
  });
}
