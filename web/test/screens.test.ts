/** Every view with the real engine and a real swarm, as a picture: desktop, phone, dark. `test -screens` renews those of the README. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { accountOf, arrived, fill, fixture, launch, makeFile, openSeeder, press, publish, refusedReceipt, screenshot, startProxy, startServer, until, visit, type LaunchOptions } from "./harness";

const looks: Record<string, LaunchOptions> = { desktop: {}, phone: { phone: true }, dark: { dark: true } };

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

  test(`credits, ${look}`, async (t) => {
    const server = await startServer(t, ["-name", "Small Hours Records", "-epoch", "10s", "-treasury", "4000000000"]);
    const proxy = await startProxy(t);
    const window = await launch(t, "chromium", { ...options, ...proxy.options });
    window.allow(/log\/(find|checkpoint)/);
    const keep = async (page: Page, name: string): Promise<void> => {
      if (!options.phone) await page.setViewport({ width: 1280, height: 900 });
      await page.evaluate(() => scrollTo(0, 0));
      await screenshot(page, look === "desktop" ? name : `${name}-${look}`, { keep: true });
      await screenshot(page, `${name}-whole-${look}`, { fullPage: true });
    };
    const artist = await window.open(server.url);
    await publish(artist, "Slow Rivers.flac", 24);
    const infohash = await artist.evaluate(async () => ((await (await fetch("/v1/works")).json()) as { works: { infohash: string }[] }).works[0]!.infohash);
    const fan = await openSeeder(await launch(t, "chromium"), server);
    await fan.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
    await arrived(fan, infohash);
    await visit(artist, "/earnings");
    const account = await accountOf(artist);
    await server.credit(account, 12_500_000);
    await refusedReceipt(server, account);

    await visit(artist, `/w/${infohash}`);
    await press(artist, "Boost this work");
    await fill(artist, "amount", "2.5");
    await fill(artist, "epochs", "60");
    await keep(artist, "boost");
    await press(artist, "Boost it");
    await until("the boost", async () => /Done/.test(await artist.$eval("dialog", (dialog) => dialog.innerText)));
    await press(artist, "Close");
    await press(artist, "Fund a pool");
    await fill(artist, "amount", "5");
    await fill(artist, "rate", "0.25");
    await fill(artist, "epochs", "60");
    await keep(artist, "pool");
    await press(artist, "Fund it");
    await until("the pool", async () => /Done/.test(await artist.$eval("dialog", (dialog) => dialog.innerText)));
    await press(artist, "Close");
    await until("both on the work's page", async () => /Boosts: [^]*artist’s pool/.test(await text(artist)));
    await screenshot(artist, `work-locked-${look}`, { fullPage: true });

    await visit(artist, "/earnings");
    await until("the form", async () => (await artist.$("section[aria-labelledby=refused] details")) !== null);
    await artist.$eval("section[aria-labelledby=refused] details", (details) => details.setAttribute("open", ""));
    await screenshot(artist, `appeal-${look}`, { fullPage: true });
    await artist.locator("section[aria-labelledby=refused] textarea").fill("This receipt came from a fan whom you introduced. Could you look again?");
    await press(artist, "Send");
    await until("the note", async () => /Not answered yet/.test(await text(artist)));
    await server.operate("PUT", "/appeals/1", "I looked: no ticket of this server has that serial. Did the fan use another server?");
    await until("everything that there is to see", async () => {
      if (/Answered[^]*receipts? (is|are) in it/.test(await text(artist)) && /Confirmed\s+Yes/.test(await text(artist))) return true;
      await visit(artist, "/");
      await visit(artist, "/earnings");
      await new Promise((wake) => setTimeout(wake, 1_000));
      return false;
    }, 90);
    await keep(artist, "earnings");
    assert.equal(await artist.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "nothing is wider than the screen");

    proxy.tamper = (path, body) => (path.endsWith("/checkpoint") ? Buffer.from(body.toString().replace(/\n\d+\n/, "\n1\n")) : body);
    await visit(artist, "/");
    await visit(artist, "/earnings");
    await until("the alarm", async () => /contradicts its own/.test(await text(artist)));
    await screenshot(artist, `alarm-${look}`);
  });
}
