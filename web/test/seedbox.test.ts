/** The server takes a copy of what a tab publishes, so that the tab may be closed. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { arrived, browsers, launch, makeFile, openSeeder, screenshot, sha256, startServer, temporary, until, type Server } from "./harness";

const size = 32 << 20;
const seedbox = ["-seedbox", "web"];

interface Known {
  copy?: { state: string; progress: number };
  magnet: string;
  seeders: number;
}

/** What the server says of a work. */
async function known(server: Server, infohash: string): Promise<Known> {
  return (await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as Known;
}

const whole = (server: Server, infohash: string): Promise<Known> =>
  until("the server's copy", async () => {
    const work = await known(server, infohash);
    return work.copy?.state === "whole" && work;
  }, 60);

/** Publishes a work of one file by the engine alone. */
const publish = (page: Page, options: { copy?: boolean } = {}): Promise<string> =>
  page.evaluate(async (size, options) => (await seeder.publish([new File([makeFile(size, 1)], "file.bin")], { pieceLength: 256 << 10, ...options })).infohash, size, options);

for (const name of browsers) {
  test(`a work outlives the tab that published it in ${name}`, async (t) => {
    const server = await startServer(t, seedbox);
    const publisher = await launch(t, name);
    const page = await publisher.open(server.url);
    const file = join(temporary(t), "Field Recordings.flac");
    writeFileSync(file, makeFile(size, 1));
    await (await page.waitForSelector("input#files"))!.uploadFile(file);
    await page.locator("button::-p-text(Publish and share)").click();
    const says = (what: RegExp): Promise<unknown> =>
      until(`${what} on the page`, async () => what.test((await page.evaluate(() => document.body.innerText)).replaceAll("\u00a0", " ")), 60);
    await says(/Published\. Send the link/);
    await says(/The server has a copy\. You can close this tab\./);
    await screenshot(page, `copy-${name}`);
    const infohash = await page.evaluate(() => /\/w\/([0-9a-f]{40})/.exec(document.querySelector<HTMLAnchorElement>("a.strong")!.href)![1]!);
    await page.click("a.strong");
    await says(/The server has a copy: you can close this tab\./);
    await screenshot(page, `copy-work-${name}`);
    const work = await whole(server, infohash);
    assert.match(work.magnet, new RegExp(`ws=${encodeURIComponent(`${server.url}/webseed/${infohash}/`)}`));
    await publisher.close();

    const over = new Uint8Array(await (await fetch(`${server.url}/webseed/${infohash}/Field%20Recordings.flac`)).arrayBuffer());
    assert.equal(sha256(over), sha256(makeFile(size, 1)));
    const taker = await openSeeder(await launch(t, name), server);
    await taker.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
    assert.equal(await arrived(taker, infohash), sha256(makeFile(size, 1)));
  });

  test(`without HTTP the server's copy comes over WebRTC in ${name}`, async (t) => {
    const server = await startServer(t, seedbox);
    const publisher = await launch(t, name);
    const infohash = await publish(await openSeeder(publisher, server));
    await whole(server, infohash);
    await publisher.close();
    const taker = await openSeeder(await launch(t, name), server);
    await taker.evaluate(async (magnet) => void (await seeder.add(magnet)), `magnet:?xt=urn:btih:${infohash}`);
    assert.equal(await arrived(taker, infohash), sha256(makeFile(size, 1)));
    assert.deepEqual(await taker.evaluate(() => seeder.works()[0]!.webseeds), []);
  });
}

test("a publisher may want no copy", async (t) => {
  const server = await startServer(t, seedbox);
  const page = await openSeeder(await launch(t, browsers[0]!), server);
  const infohash = await publish(page, { copy: false });
  await until("the announce", async () => (await known(server, infohash)).seeders > 0);
  assert.deepEqual((await known(server, infohash)).copy, { state: "declined", progress: 0 });
  assert.equal((await fetch(`${server.url}/webseed/${infohash}/file.bin`)).status, 404);
});
