/** A tab takes a file over WebRTC from the server's own copy, beside the stock client in Node, with the WebRTC of libdatachannel, as the seeder. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inScope, launch, makeFile, startServer, temporary, until, type Scope, type Server } from "../test/harness";
import { atEnd } from "../test/harness_scope";
import { cpuSecondsOf } from "./processes";
import { line, report, rounds, say, stockVersion, wanted } from "./report";
import { check, ours, settle, whole } from "./sides";

const size = 64 << 20;

/** What gives the file: its process, and the link to it. */
interface Giver {
  pid: number;
  magnet: string;
}

interface Turn {
  /** Megabytes a second, from adding the link to the last verified piece. */
  rate: number;
  /** CPU seconds of the giver's process per gigabyte. */
  cpu: number;
}

function turn(flags: readonly string[], open: (scope: Scope, server: Server, seed: number) => Promise<Giver>, seed: number): Promise<Turn> {
  return inScope(async (scope) => {
    const server = await startServer(scope, [...flags]);
    const { pid, magnet } = await open(scope, server, seed);
    const taker = await ours.open(scope, await launch(scope, "chromium"), server);
    await settle();
    const before = cpuSecondsOf(pid);
    await ours.fetch(taker, magnet);
    const { took } = await whole(taker);
    const cpu = cpuSecondsOf(pid) - before;
    if (await taker.evaluate(() => seeder.works()[0]!.webseeds.length > 0)) throw new Error("the file may have come over HTTP");
    await check(await ours.digest(taker), size, seed);
    return { rate: size / 1e3 / took, cpu: cpu / (size / 1e9) };
  });
}

/** The server has its copy from a tab, which is gone then. */
function fromCopy(_: Scope, server: Server, seed: number): Promise<Giver> {
  return inScope(async (scope) => {
    const page = await ours.open(scope, await launch(scope, "chromium"), server);
    const infohash = /btih:([0-9a-f]{40})/.exec(await ours.give(page, size, seed))![1]!;
    await until("the server's copy", async () => {
      const { copy } = (await (await fetch(`${server.url}/v1/works/${infohash}`)).json()) as { copy?: { state: string } };
      return copy?.state === "whole";
    }, 120);
    return { pid: server.pid, magnet: `magnet:?xt=urn:btih:${infohash}` }; // without the webseed
  });
}

/** web/node_modules has no WebRTC for Node: no install script is run there, and this version of its binding needs one. */
const packages = { private: true, type: "module", dependencies: { webtorrent: stockVersion.split(" ")[1] }, overrides: { "node-datachannel": "0.33.4" } };

const stockSeeder = `import WebTorrent from "webtorrent";
const [file, announce] = process.argv.slice(2);
const client = new WebTorrent({ dht: false, lsd: false, natUpnp: false, utp: false, tracker: { rtcConfig: { iceServers: [] } } });
client.on("error", (error) => { throw error; });
client.seed(file, { announce: [announce] }, (torrent) => console.log(torrent.magnetURI));
`;

async function fromNode(scope: Scope, server: Server, seed: number): Promise<Giver> {
  const folder = join(process.env["FANSEED_WEB"]!, "../.cache/webtorrent-node");
  if (!existsSync(join(folder, "node_modules/webtorrent"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify(packages));
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "ignore" });
  }
  writeFileSync(join(folder, "seed.js"), stockSeeder);
  const file = join(temporary(scope), `bench-${seed}.bin`);
  writeFileSync(file, makeFile(size, seed));
  const child = spawn("node", ["seed.js", file, server.announce], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  atEnd(scope, () => void child.kill());
  let said = "";
  child.stdout.on("data", (text) => (said += String(text)));
  const magnet = await until("the stock client's link", () => /^magnet:\S+(?=\n)/.exec(said)?.[0], 120);
  return { pid: child.pid!, magnet };
}

const note = `${size >> 20} MiB to a tab of Chromium with our engine; the copy is of a hybrid torrent, and the stock client's, which runs on node-datachannel, of version 1`;
const lines = {
  rate: line("native WebRTC, one gives to a tab", "chromium", "MB/s", `${stockVersion} in Node`, note),
  cpu: line("native WebRTC, CPU of the giver", "chromium", "s/GB", `${stockVersion} in Node`, note),
};
const sides = [
  { of: "ours", flags: ["-seedbox", "web"], open: fromCopy },
  { of: "theirs", flags: ["-open"], open: fromNode },
] as const;
for (let round = 0; round < rounds && Object.values(lines).some(wanted); round++) {
  for (const { of, flags, open } of round % 2 ? sides.toReversed() : sides) {
    const got = await turn(flags, open, round);
    for (const key of ["rate", "cpu"] as const) lines[key][of].push(got[key]);
    say(`native WebRTC, ${round + 1} of ${rounds}, ${of}: ${got.rate.toFixed(1)} MB/s, ${got.cpu.toFixed(1)} s/GB`);
  }
}
report(Object.values(lines));
