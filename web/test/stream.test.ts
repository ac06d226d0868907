/** A file is read through the service worker while it arrives: exact ranges, in order, and what is read comes first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { browsers, launch, makeFile, openSeeder, openTab, sha256, startServer } from "./harness";

const size = 6 << 20;

for (const name of browsers) {
  test(`streaming through the service worker in ${name}`, async (t) => {
    const server = await startServer(t);
    const giver = await openSeeder(await launch(t, "chromium"), server, { limits: { uploadRate: 3 << 20 } });
    const infohash = await giver.evaluate(async (size) => (await seeder.publish([new File([makeFile(size, 9)], "song one.mp3")])).infohash, size);
    const window = await launch(t, name);
    window.allow(/416/);
    const taker = await openSeeder(window, server);
    const got = await taker.evaluate(async (infohash) => {
      const work = await seeder.add(infohash);
      const url = work.files[0]!.url();
      const ask = async (range?: string, method = "GET"): Promise<{ status: number; headers: Record<string, string>; sha256: string; length: number }> => {
        const response = await fetch(url, { method, ...(range && { headers: { Range: range } }) });
        const body = await response.blob();
        const headers = Object.fromEntries(["content-range", "content-length", "content-type", "accept-ranges"].map((h) => [h, response.headers.get(h) ?? ""]));
        return { status: response.status, headers, sha256: await sha256InPage(body), length: body.size };
      };
      const last = await ask("bytes=-1000");
      const before = work.progress;
      const whole = ask();
      const answers = {
        url, before, last,
        begin: await ask("bytes=0-1"),
        clamped: await ask("bytes=6291000-9999999"),
        beyond: await ask("bytes=6291456-"),
        backwards: await ask("bytes=9-8"),
        several: (await ask("bytes=0-1,5-6")).status,
        head: await ask(undefined, "HEAD"),
        whole: await whole,
      };
      await work.done;
      return answers;
    }, infohash);
    const file = makeFile(size, 9);
    assert.equal(got.url, `/stream/${infohash}/0/song%20one.mp3`);
    assert.ok(got.before < 0.9, `the end was read when ${got.before} was there`);
    assert.deepEqual(got.last, {
      status: 206, length: 1000, sha256: sha256(file.subarray(size - 1000)),
      headers: { "content-range": `bytes ${size - 1000}-${size - 1}/${size}`, "content-length": "1000", "content-type": "audio/mpeg", "accept-ranges": "bytes" },
    });
    assert.equal(got.begin.sha256, sha256(file.subarray(0, 2)));
    assert.equal(got.begin.headers["content-range"], `bytes 0-1/${size}`);
    assert.equal(got.clamped.sha256, sha256(file.subarray(6291000)));
    for (const refused of [got.beyond, got.backwards]) {
      assert.equal(refused.status, 416);
      assert.equal(refused.headers["content-range"], `bytes */${size}`);
    }
    assert.equal(got.several, 200);
    assert.deepEqual([got.head.status, got.head.headers["content-length"], got.head.length], [200, String(size), 0]);
    assert.deepEqual([got.whole.status, got.whole.length, got.whole.sha256], [200, size, sha256(file)]);
  });

  test(`a tab streams what another one runs in ${name}`, async (t) => {
    const server = await startServer(t);
    const window = await launch(t, name);
    window.allow(/404/);
    const first = await openSeeder(window, server);
    const url = await first.evaluate(async (size) => (await seeder.publish([new File([makeFile(size, 4)], "song.mp3")])).files[0]!.url(), size);
    const others = [await openTab(window, server), await openTab(window, server)];
    const read = (page: Page, url: string): Promise<(number | string)[]> =>
      page.evaluate(async (url) => {
        const response = await fetch(url, { headers: { Range: "bytes=1000000-1999999" } });
        return [response.status, await sha256InPage(await response.blob())];
      }, url);
    const want = [206, sha256(makeFile(size, 4).subarray(1_000_000, 2_000_000))];
    for (const page of [first, ...others]) assert.deepEqual(await read(page, url), want);
    assert.equal((await read(others[0]!, `/stream/${"0".repeat(40)}/0/x.mp3`))[0], 404);
  });

  test(`a work that no tab has is not found in ${name}`, async (t) => {
    const server = await startServer(t);
    const window = await launch(t, name);
    window.allow(/404/);
    const page = await openSeeder(window, server);
    assert.equal(await page.evaluate(async () => (await fetch(`/stream/${"0".repeat(40)}/0/x.mp3`)).status), 404);
  });
}
