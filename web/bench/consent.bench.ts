/** What the app's page fetches before anybody has agreed to anything, compressed, beside the script that a page with the stock client needs. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { inScope, launch, startServer, stockClient } from "../test/harness";
import { line, report, wanted } from "./report";

const sizes = line("page before consent (HTML, CSS, scripts), brotli -q 11", "", "bytes", "webtorrent.min.js");

function fetchedPaths(): Promise<string[]> {
  return inScope(async (scope) => {
    const server = await startServer(scope);
    const page = await (await launch(scope, "chromium")).page();
    await page.goto(server.url, { waitUntil: "networkidle0" });
    return page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
  });
}

if (wanted(sizes)) {
  const dist = join(process.env["FANSEED_WEB"]!, "dist");
  const files = ["/index.html", ...(await fetchedPaths())].map((path) => join(dist, path)).filter((file) => existsSync(file));
  if (files.length < 2 || files.some((file) => file.endsWith(".wasm"))) throw new Error(`unexpected files before consent: ${files.join(" ")}`);
  sizes.ours.push(files.reduce((sum, file) => sum + statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size, 0));
  sizes.theirs.push(brotliCompressSync(stockClient()).length);
  sizes.note = files.map((file) => file.slice(dist.length + 1)).join(", ");
}
report([sizes]);
