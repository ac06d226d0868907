import { test } from "node:test";
import { launch, openSeeder, startServer, type BrowserName } from "./harness";
const [ga, ta] = (process.env["ZZ"] ?? "chromium,chromium").split(",") as [BrowserName, BrowserName];
const size = Number(process.env["ZS"] ?? 8) << 20;
test("debug", async (t) => {
  const server = await startServer(t, ["-verbose"]);
  const a = await openSeeder(await launch(t, ga), server);
  const b = await openSeeder(await launch(t, ta), server);
  const magnet = await a.evaluate(async (size, seed) => (await seeder.publish([new File([makeFile(size, seed)], "file.bin")])).magnet, size, 3);
  const start = performance.now();
  await b.evaluate(async (m) => { const w = await seeder.add(m); Object.assign(globalThis, { w }); void w.done.then(() => Object.assign(globalThis, { fin: 1 })); }, magnet);
  for (let i = 0; i < 40; i++) {
    await new Promise((r) => setTimeout(r, 500));
    const s = async (p: typeof a) => p.evaluate(() => { const w = seeder.works()[0]!; return [w.state, w.progress.toFixed(3), w.downloaded, w.uploaded, Math.round(w.downRate), JSON.stringify(w.peerList())].join(" "); });
    console.log(((performance.now() - start) / 1000).toFixed(1), "A", await s(a), "\n      B", await s(b));
    if (await b.evaluate(() => (globalThis as unknown as { fin?: number }).fin)) break;
  }
  console.log(JSON.stringify(await a.evaluate(() => seeder.account())));
  console.log(server.log.slice(-2000));
});
