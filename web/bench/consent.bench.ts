/** What the app's page fetches before anybody has agreed to anything, compressed, beside the script that a page with the stock client needs. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { inScope, launch, startServer, stockClient } from "../test/harness";
import { report } from "./report";

const fetched = await inScope(async (scope) => {
  const server = await startServer(scope);
  const page = await (await launch(scope, "chromium")).page();
  await page.goto(server.url, { waitUntil: "networkidle0" });
  return page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
});

const dist = join(process.env["FANSEED_WEB"]!, "dist");
const files = ["/index.html", ...fetched].map((path) => join(dist, path)).filter((file) => existsSync(file));
const bytes = files.reduce((sum, file) => sum + statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size, 0);
if (files.length < 2 || files.some((file) => file.endsWith(".wasm"))) throw new Error(`unexpected files before consent: ${files.join(" ")}`);

report({
  name: "page before consent (HTML, CSS, scripts), brotli -q 11",
  unit: "bytes",
  beside: "webtorrent.min.js",
  ours: [bytes],
  theirs: [brotliCompressSync(stockClient()).length],
  note: files.map((file) => file.slice(dist.length + 1)).join(", "),
});
