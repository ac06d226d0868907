/** What two people do with the real product: choose a file, send the link, open it elsewhere, agree, watch it come, and see who was credited and why. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { browsers, launch, makeFile, openSeeder, screenshot, startServer, temporary, until } from "./harness";

const size = 6 << 20;
const [first, second] = [browsers[0]!, browsers[1] ?? browsers[0]!];

/** Presses the button or link with these words. */
async function press(page: Page, words: string): Promise<void> {
  await page.locator(`::-p-xpath(//*[self::button or self::a][normalize-space(.)="${words}" or .//strong[.="${words}"]])`).click();
}

const shows = (page: Page, what: RegExp): Promise<unknown> =>
  until(`${what} on the page`, async () => what.test((await page.evaluate(() => document.body.innerText)).replaceAll("\u00a0", " ")));

/** Publishes a file by the picker, and gives the link that the page shows. */
async function publish(page: Page, file: string): Promise<string> {
  const input = await page.waitForSelector("input#files");
  await input!.uploadFile(file);
  await press(page, "Publish and share");
  await shows(page, /Published\. Send the link\./);
  return page.evaluate(() => [...document.querySelectorAll("a")].map((a) => a.href).find((href) => /\/w\/[0-9a-f]{40}$/.test(href))!);
}

test(`a file goes from a publisher in ${first} to a stranger in ${second}, and the publisher sees why it earned`, async (t) => {
  const server = await startServer(t);
  const file = join(temporary(t), "Field Recordings.flac");
  writeFileSync(file, makeFile(size, 6));
  const publisher = await (await launch(t, first)).open(server.url);
  await shows(publisher, /Drop a file/);
  await screenshot(publisher, "home", { keep: true, fullPage: true });
  const link = await publish(publisher, file);
  await screenshot(publisher, "published");

  const stranger = await (await launch(t, second)).open(link);
  await shows(stranger, /How would you like to take part\?/);
  await screenshot(stranger, "consent", { keep: true, fullPage: true });
  await press(stranger, "Share while I’m here");
  await until("a part of it", () => stranger.evaluate(() => (document.querySelector("progress")?.value ?? 0) > 0.2));
  await screenshot(stranger, "work", { keep: true, fullPage: true });
  await shows(stranger, /\bSave\b/);

  await press(publisher, "Earnings");
  await shows(publisher, /What you earned[\s\S]*Field Recordings[\s\S]*6 MiB[\s\S]*Pending/);
  await screenshot(publisher, "earnings", { keep: true, fullPage: true });
});

for (const [look, options] of [["desktop", {}], ["phone", { phone: true }], ["dark", { dark: true }], ["phone-dark", { phone: true, dark: true }]] as const) {
  test(`every view fits the screen: ${look}`, async (t) => {
    const server = await startServer(t);
    const publisher = await openSeeder(await launch(t, first), server);
    const infohash = await publisher.evaluate(async () => (await seeder.publish([new File([makeFile(1 << 20, 1)], "A song with quite a long name (live at the harbour, 2024).flac")])).infohash);
    for (const name of browsers) {
      const window = await launch(t, name, options);
      window.allow(/status of 404/);
      const page = await window.page();
      for (const [view, path] of [["home", "/"], ["work", `/w/${infohash}`], ["earnings", "/earnings"], ["lost", "/w/nothing"]] as const) {
        await page.goto(server.url + path);
        await page.waitForSelector("h1");
        const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        assert.ok(wide! <= screen!, `${view} in ${name}: ${wide} wide on a screen of ${screen}`);
        await screenshot(page, `${view}-${look}-${name}`, { fullPage: true });
      }
      assert.equal(await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), "dark" in options);
    }
  });
}

for (const name of browsers) {
  test(`a folder that was dropped is published with its folders in ${name}`, async (t) => {
    const server = await startServer(t);
    const page = await openSeeder(await launch(t, name), server);
    const made = await page.evaluate(async () => {
      const dropped = (path: string, n: number): File => // as web/page/drop.ts makes them
        Object.defineProperty(new File([makeFile(100_000, n)], path.split("/").at(-1)!), "webkitRelativePath", { value: path });
      const files = ["Album/1 one.flac", "Album/art/cover.png", "Album/art/inner/back.png"].map(dropped);
      const work = await seeder.publish(files);
      return { name: work.name, paths: work.files.map((file) => file.path).toSorted() };
    });
    assert.deepEqual(made, { name: "Album", paths: ["1 one.flac", "art/cover.png", "art/inner/back.png"] });
  });
}
