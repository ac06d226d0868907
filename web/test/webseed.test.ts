/** A work comes from a webseed on another origin (BEP 19) when no peer is there: in ranges, verified, after a failure too. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { arrived, browsers, launch, makeFile, openSeeder, sha256, startServer, type Scope } from "./harness";

const size = 5 << 20;

interface Site {
  url: string;
  ranges: string[];
}

/** Serves one file to any origin. The first request fails, as those of a busy server do. */
async function serveFile(scope: Scope, file: Uint8Array): Promise<Site> {
  const site: Site = { url: "", ranges: [] };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "Range");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const [, begin, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    site.ranges.push(request.headers.range ?? "");
    if (begin === undefined || site.ranges.length === 1) return void response.writeHead(503, { "Retry-After": "1" }).end();
    response.writeHead(206, { "Content-Range": `bytes ${begin}-${end}/${file.length}` });
    response.end(file.subarray(Number(begin), Number(end) + 1));
  };
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  site.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20song`;
  return site;
}

for (const name of browsers) {
  test(`a webseed alone is enough in ${name}`, async (t) => {
    const server = await startServer(t);
    const site = await serveFile(t, makeFile(size, 4));
    const publisher = await launch(t, "chromium");
    const giver = await openSeeder(publisher, server);
    const infohash = await giver.evaluate(
      async (size, url) => (await seeder.publish([new File([makeFile(size, 4)], "a song")], { webseeds: [url] })).infohash,
      size, site.url,
    );
    await publisher.close();

    const window = await launch(t, name);
    window.allow(/503|Failed to load/);
    const taker = await openSeeder(window, server);
    await taker.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
    assert.equal(await arrived(taker, infohash), sha256(makeFile(size, 4)));
    const shown = await taker.evaluate((infohash) => {
      const work = seeder.works().find((work) => work.infohash === infohash)!;
      return work.webseeds.map(({ url, downloaded }) => ({ url, downloaded }));
    }, infohash);
    assert.deepEqual(shown, [{ url: site.url, downloaded: size }]);
    assert.ok(site.ranges.length < 60, `${site.ranges.length} requests for 5 MiB`);
  });
}
