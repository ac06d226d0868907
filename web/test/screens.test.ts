/** Every view with the real engine and a real swarm, as a picture: desktop, phone, dark. `test -screens` renews those of the README. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { fixture, launch, makeFile, openSeeder, screenshot, startServer, until, type LaunchOptions } from "./harness";

const looks: Record<string, LaunchOptions> = { desktop: {}, phone: { phone: true }, dark: { dark: true } };

async function press(page: Page, words: string): Promise<void> {
  await page.locator(`button::-p-text(${words})`).click();
}

/** What is to be read in the page. */
const text = (page: Page): Promise<string> => page.evaluate(() => document.body.innerText);

for (const [look, options] of Object.entries(looks)) {
  test(`the views, ${look}`, async (t) => {
    const server = await startServer(t, ["-name", "Small Hours Records"]);
    const window = await launch(t, "chromium", options);
    const size = options.phone ? undefined : { width: 1280, height: 900 };
    const keep = async (page: Page, name: string): Promise<void> => {
      if (size) await page.setViewport(size);
      await page.evaluate(() => scrollTo(0, 0));
      await screenshot(page, look === "desktop" ? name : `${name}-${look}`, { keep: true });
    };

    const artist = await window.open(server.url);
    await until("the empty list", async () => /Be the first/.test(await text(artist)));
    await keep(artist, "home-empty");
    await artist.evaluate(async () => {
      const data = new DataTransfer();
      data.items.add(new File([makeFile(48 << 20, 1)], "Slow Rivers.flac"));
      dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    });
    await until("the form to publish", async () => /Publish and share/.test(await text(artist)));
    await keep(artist, "publish");
    await press(artist, "Publish and share");
    await until("the link", async () => /Send the link/.test(await text(artist)));
    await keep(artist, "published");
    const infohash = await artist.evaluate(async () => ((await (await fetch("/v1/works")).json()) as { works: { infohash: string }[] }).works[0]!.infohash);

    const second = await openSeeder(await launch(t, "chromium"), server);
    await second.evaluate(async (book) => {
      const bytes = Uint8Array.from(atob(book), (c) => c.charCodeAt(0));
      await seeder.publish([new File([bytes], "Leaves of Grass.epub")]);
    }, fixture("Leaves of Grass by Walt Whitman.epub").toString("base64"));
    await second.evaluate((infohash) => void seeder.add(infohash), infohash);

    const fan = await (await launch(t, "chromium", options)).open(`${server.url}/w/${infohash}`);
    await until("the question", async () => /How would you like/.test(await text(fan)));
    await keep(fan, "consent");
    await press(fan, "Share while I’m here");
    await until("a part of it", async () => Number(/(\d+)\s?%/.exec(await text(fan))?.[1] ?? 0) > 40, 60);
    await keep(fan, "work");
    await until("all of it", async () => /Complete\./.test(await text(fan)), 120);
    await screenshot(fan, `work-complete-${look}`, { fullPage: true });

    await artist.evaluate(() => (document.querySelector('a[href="/earnings"]') as HTMLAnchorElement).click());
    await until("earnings", async () => /Slow Rivers/.test(await artist.$eval("main", (main) => main.innerText)), 60);
    await keep(artist, "earnings");
    await fan.goto(server.url);
    await until("the list", async () => /Leaves of Grass/.test(await text(fan)));
    await until("what this browser has kept", async () => /In this browser[^]*Slow Rivers[^]*Complete/.test(await text(fan)));
    await keep(fan, "home");
    const magnet = await second.evaluate(async () => {
      const files = ["01 Estuary.flac", "02 Low Water.flac", "03 The Long Way Home, a live recording from the harbour.flac"].map((name, i) => new File([makeFile((3 + i) << 20, 2 + i)], name));
      return (await seeder.publish(files, { name: "Tides" })).magnet;
    });
    await fan.locator('#source').fill(`${magnet}&so=0,2`);
    await press(fan, "Open");
    await until("what the link names", async () => /The chosen files are here\./.test(await text(fan)), 60);
    await screenshot(fan, `work-some-files-${look}`, { fullPage: true });
    await press(fan, "Fetch");
    await until("the file that was left out", async () => (await fan.$$eval("fs-files li button", (all) => all.filter((one) => one.textContent?.includes("Save")).length)) === 3, 60);

    assert.equal(await fan.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "nothing is wider than the screen");
  });
}
