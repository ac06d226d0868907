/** The player: it plays what one fan's tab or the server has, goes on where it was, and says why nothing comes. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Page } from "puppeteer-core";
import { browsers, launch, openSeeder, press, startServer, until, unlimited, type Server, type Window } from "./harness";

const seconds = 40;

/** A tone as a WAV file (8 kHz, one channel, 8 bits), made in the page. It needs nothing around it. */
function tone(seconds: number, hertz: number): Uint8Array<ArrayBuffer> {
  const [rate, size] = [8000, 8000 * seconds];
  const file = new DataView(new ArrayBuffer(44 + size));
  const text = (at: number, text: string): void => [...text].forEach((c, i) => file.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, 36 + size, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, rate, true);
  file.setUint32(28, rate, true);
  file.setUint16(32, 1, true);
  file.setUint16(34, 8, true);
  text(36, "data");
  file.setUint32(40, size, true);
  for (let i = 0; i < size; i++) file.setUint8(44 + i, 128 + Math.round(60 * Math.sin((2 * Math.PI * hertz * i) / rate)));
  return new Uint8Array(file.buffer);
}

/** Publishes an album of two songs, and one file that nobody can play. */
async function publish(window: Window, server: Server): Promise<{ page: Page; infohash: string }> {
  const page = await openSeeder(window, server, { limits: unlimited });
  await page.evaluate(`globalThis.tone = ${tone}`);
  const infohash = await page.evaluate(async (seconds) => {
    const make = (globalThis as unknown as { tone: typeof tone }).tone;
    const files = [make(seconds, 440), make(seconds, 660), new Uint8Array(5000)].map((bytes, i) => {
      const name = ["01 - First.wav", "02 - Second.wav", "03 - Odd.mkv"][i]!;
      return Object.defineProperty(new File([bytes], name), "webkitRelativePath", { value: `Two tones/${name}` });
    });
    return (await seeder.publish(files, { name: "Two tones" })).infohash;
  }, seconds);
  return { page, infohash };
}

interface Heard {
  time: number;
  paused: boolean;
  duration: number;
  title: string;
  said: string;
  src: string;
}

const heard = (page: Page): Promise<Heard> =>
  page.evaluate(() => {
    const media = document.querySelector<HTMLMediaElement>("fs-player [slot=media]");
    return {
      time: media?.currentTime ?? 0, paused: media?.paused ?? true, duration: media?.duration ?? 0, src: media?.currentSrc ?? "",
      title: document.querySelector("fs-player .now")?.textContent ?? "", said: document.querySelector("fs-player .said")?.textContent?.trim() ?? "",
    };
  });

const plays = (page: Page, after = 0): Promise<Heard> =>
  until("something to be heard", async () => {
    const now = await heard(page);
    return !now.paused && now.time > after && now;
  }, 60);

/** Browsers that let pages play without a click would hide that one is needed; these ask for one, and the test gives it. */
async function visitor(t: TestContext, name: (typeof browsers)[number], server: Server, infohash: string): Promise<{ window: Window; page: Page }> {
  const window = await launch(t, name);
  window.allow(/aborted|NetworkError|Failed to load|interrupted/i);
  return { window, page: await window.open(`${server.url}/w/${infohash}`) };
}

for (const name of browsers) {
  test(`an album is played from one fan's tab in ${name}: seek, next, remembered, odd files`, async (t) => {
    const server = await startServer(t);
    const { infohash } = await publish(await launch(t, "chromium"), server);
    const { page } = await visitor(t, name, server, infohash);
    await press(page, "Play 01 - First");
    await until("the reason why nothing plays", async () => /choose below how to take part/.test((await heard(page)).said));
    await press(page, "Share while I’m here");
    const first = await plays(page, 0.5);
    assert.equal(first.title, "01 - First");
    assert.ok(Math.abs(first.duration - seconds) < 1);
    assert.match(first.src, /\/stream\//);

    await page.evaluate(() => (document.querySelector<HTMLMediaElement>("fs-player [slot=media]")!.currentTime = 30));
    await plays(page, 31);
    await page.evaluate(() => document.querySelector<HTMLMediaElement>("fs-player [slot=media]")!.pause());
    const left = (await heard(page)).time;
    await page.reload();
    await press(page, "Play 01 - First");
    const again = await plays(page, left - 2);
    assert.ok(again.time < left + 5, `at ${again.time}, left at ${left}`);

    const second = await until("the next track by itself", async () => {
      const now = await heard(page);
      return now.title === "02 - Second" && now.time > 0.3 && now;
    }, 60);
    assert.ok(second.time < 10);
    await press(page, "Play 03 - Odd");
    await until("that it cannot be played", async () => /cannot play this kind of file/.test((await heard(page)).said), 60);
    await press(page, "Play 02 - Second");
    await plays(page);
  });

  test(`before any consent, and without it, it plays from the server's copy in ${name}`, async (t) => {
    const server = await startServer(t, ["-seedbox", "web"]);
    const { infohash } = await publish(await launch(t, "chromium"), server);
    await until("the server's copy", async () => ((await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as { copy?: { state: string } }).copy?.state === "whole", 60);
    const { page } = await visitor(t, name, server, infohash);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await press(page, "Play 01 - First");
    const now = await plays(page, 0.5);
    assert.match(now.src, /\/webseed\//);
    await press(page, "Don’t share");
    await plays(page, now.time + 1);
    assert.deepEqual(asked.filter((url) => /engine|announce/.test(url)), [], "no engine");
  });
}
