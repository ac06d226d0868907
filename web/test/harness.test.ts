/** The harness itself: that the browsers reach each other on this machine, and that what they do does not go unseen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { browsers, launch, makeFile, servePages, sha256, until, watch } from "./harness";

test("makeFile gives the same bytes here and in a page", async (t) => {
  const page = await (await launch(t, browsers[0]!)).open(await servePages(t));
  const there = await page.evaluate(() => sha256InPage(new Blob([makeFile(100_001, 7)])));
  assert.equal(there, sha256(makeFile(100_001, 7)));
  assert.notEqual(there, sha256(makeFile(100_001, 8)));
});

for (const a of browsers) {
  for (const b of browsers) {
    test(`a data channel opens on loopback from ${a} to ${b}`, async (t) => {
      const origin = await servePages(t);
      const [offerer, answerer] = await Promise.all([a, b].map(async (name) => (await launch(t, name)).open(origin)));
      const sdp = await answer(answerer!, await offer(offerer!));
      assert.match(sdp, /candidate:.* 127\.0\.0\.1 \d+ typ host/);
      assert.equal(await exchange(offerer!, sdp), "heard: hello");
    });
  }
}

/** Makes an offer with all its candidates. */
function offer(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const connection = new RTCPeerConnection();
    const channel = connection.createDataChannel("test");
    const heard = new Promise<string>((done) => (channel.onmessage = ({ data }) => done(data as string)));
    channel.onopen = () => channel.send("hello");
    Object.assign(globalThis, { connection, heard });
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== "complete") {
      await new Promise<void>((done) => (connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && done()));
    }
    return connection.localDescription!.sdp;
  });
}

function answer(page: Page, sdp: string): Promise<string> {
  return page.evaluate(async (sdp) => {
    const connection = new RTCPeerConnection();
    connection.ondatachannel = ({ channel }) => (channel.onmessage = ({ data }) => channel.send(`heard: ${data as string}`));
    Object.assign(globalThis, { connection });
    await connection.setRemoteDescription({ type: "offer", sdp });
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== "complete") {
      await new Promise<void>((done) => (connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && done()));
    }
    return connection.localDescription!.sdp;
  }, sdp);
}

function exchange(page: Page, sdp: string): Promise<string> {
  return page.evaluate(async (sdp) => {
    const { connection, heard } = globalThis as unknown as { connection: RTCPeerConnection; heard: Promise<string> };
    await connection.setRemoteDescription({ type: "answer", sdp });
    return heard;
  }, sdp);
}

const workers = { classic: "worker.js", module: "module.js" };

for (const name of browsers) {
  test(`watch sees a page and its workers in ${name}`, async (t) => {
    const script = (type: string): string =>
      `onmessage = async ({ data }) => { new WebSocket(data).onerror = () => {}; await (await fetch("/asked-by-${type}")).text(); postMessage("done") }`;
    const origin = await servePages(t, { [workers.classic]: script("classic"), [workers.module]: script("module") + "; export {}" });
    const window = await launch(t, name);
    window.allow(/WebSocket|connect/);
    const page = await window.page();
    const watched = await watch(page);
    await page.goto(origin);
    assert.equal((await watched.seen()).length, 0);

    await page.evaluate(async (workers, nowhere) => {
      new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:3478" }] });
      for (const [type, url] of Object.entries(workers)) {
        const worker = new Worker(`/${url}`, { type: type as WorkerType });
        worker.postMessage(nowhere);
        await new Promise((done) => (worker.onmessage = done));
      }
    }, workers, origin.replace("http", "ws"));

    const seen = await until("five events", async () => {
      const seen = await watched.seen();
      return seen.length >= 5 && seen;
    });
    const kinds = seen.map((s) => `${s.where} ${s.kind} ${s.target.replace(origin, "").replace(/^ws.*/, "ws")}`);
    assert.deepEqual(kinds.sort(), [
      "page peerconnection stun:127.0.0.1:3478",
      "worker fetch /asked-by-classic",
      "worker fetch /asked-by-module",
      "worker websocket ws",
      "worker websocket ws",
    ]);
    assert.equal((await watched.contacts()).length, 3);
  });

  test(`an error in a page fails the test in ${name}`, async (t) => {
    const window = await launch(t, name);
    const page = await window.open(await servePages(t));
    await page.evaluate(() => console.error("something is wrong"));
    await page.evaluate(() => void setTimeout(() => { throw new Error("thrown later"); }));
    await page.evaluate(() => new Promise((wake) => setTimeout(wake, 100)));
    await assert.rejects(window.close(), /something is wrong[\s\S]*thrown later/);
  });
}
