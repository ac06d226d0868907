/** A bare data channel between two pages, as fast as JavaScript can fill it: what a client over WebRTC cannot beat by much. */
import { servePages, until, type Scope, type Window } from "../test/harness";
import type { Page } from "puppeteer-core";

declare global {
  var connection: RTCPeerConnection;
  var channel: RTCDataChannel;
  var parts: ArrayBuffer[];
}

/** Opens a channel from one new page to another. */
export async function openChannel(scope: Scope, windows: [Window, Window]): Promise<[Page, Page]> {
  const origin = await servePages(scope);
  const [giver, taker] = await Promise.all([windows[0].open(origin), windows[1].open(origin)]);
  const answer = await describe(taker, await describe(giver));
  await giver.evaluate((sdp) => connection.setRemoteDescription({ type: "answer", sdp }), answer);
  await until("an open channel", () => taker.evaluate(() => globalThis.channel?.readyState === "open"));
  return [giver, taker];
}

/** Gives the page's description, with all its candidates: an offer, or the answer to one. */
function describe(page: Page, offer?: string): Promise<string> {
  return page.evaluate(async (offer) => {
    globalThis.connection = new RTCPeerConnection();
    if (offer === undefined) globalThis.channel = connection.createDataChannel("bench");
    else {
      connection.ondatachannel = (e) => (globalThis.channel = e.channel);
      await connection.setRemoteDescription({ type: "offer", sdp: offer });
    }
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== "complete") {
      await new Promise<void>((done) => (connection.onicegatheringstatechange = () => connection.iceGatheringState === "complete" && done()));
    }
    return connection.localDescription!.sdp;
  }, offer);
}

/**
 * Sends `makeFile(size, seed)` in messages of 64 KiB − 1. Gives the milliseconds from the first message that is sent to the last that arrives.
 * With `hashing` the page that takes has each message hashed as the two versions of BitTorrent do, and that is all it does with it.
 */
export async function pour(giver: Page, taker: Page, size: number, seed: number, hashing: boolean): Promise<number> {
  await taker.evaluate((size, hashing) => {
    let missing = size;
    globalThis.parts = [];
    globalThis.fetched = { first: 0, took: 0, ended: 0 };
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      parts.push(data);
      if (hashing) {
        void crypto.subtle.digest("SHA-1", data);
        for (let at = 0; at < data.byteLength; at += 16384) void crypto.subtle.digest("SHA-256", new Uint8Array(data).subarray(at, at + 16384));
      }
      missing -= data.byteLength;
      if (missing === 0) fetched.ended = performance.timeOrigin + performance.now();
    };
  }, size, hashing);
  await giver.evaluate((size, seed) => void (globalThis.parts = [globalThis.makeFile(size, seed).buffer]), size, seed);
  const start = await giver.evaluate((most, high, low) => {
    const file = new Uint8Array(parts[0]!);
    let at = 0;
    const fill = (): void => {
      for (; at < file.length && channel.bufferedAmount < high; at += most) channel.send(file.subarray(at, at + most));
    };
    channel.bufferedAmountLowThreshold = low;
    channel.onbufferedamountlow = fill;
    const now = performance.timeOrigin + performance.now();
    fill();
    return now;
  }, 64 * 1024 - 1, 1 << 20, 256 << 10);
  await until("the whole file", () => taker.evaluate(() => fetched.ended > 0), 600);
  return (await taker.evaluate(() => fetched.ended)) - start;
}

/** SHA-256 of what has arrived. */
export function digest(taker: Page): Promise<string> {
  return taker.evaluate(() => sha256InPage(new Blob(parts)));
}

