/**
 * Go tests in real browsers: what is compiled for the browser runs in a dedicated worker of one, each Go test as a test of its own. Then
 * the stores, ended in the middle: their worker, the whole browser, their room, and the site's data.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { browsers, launch, short, temporary } from "./harness";
import { goTests, parseGo, serveGo, startGo, type GoRun } from "./harness_gowasm";

for (const name of browsers) {
  for (const binary of goTests()) {
    test(`Go tests of ${binary} in ${name}`, async (t) => {
      const page = await (await launch(t, name)).open(await serveGo(t));
      const run = await startGo(page, binary, ["-test.v", "-test.run=^Test"]);
      const code = await run.ends(240);
      const ended = parseGo(run.printed);
      for (const { name, result } of ended.filter(({ result }) => result !== "SKIP")) {
        await t.test(name, () => assert.equal(result, "PASS"));
      }
      console.log(run.printed.match(/.* MB\/s.*|.*_test\.go:.* in [\d.]+m?s$/gm)?.join("\n"));
      assert.equal(code, 0, run.printed);
      assert.ok(ended.filter(({ result }) => result === "PASS").length > 20, run.printed);
    });
  }

  test(`pieces outlive their worker's end in ${name}`, async (t) => {
    const page = await (await launch(t, name)).open(await serveGo(t));
    const put = new Set<string>();
    const rounds = short ? 3 : 10;
    for (let round = 0; round <= rounds; round++) {
      const run = await startGo(page, "store", ["-test.run=^TestCrash$"], look(put, round === rounds));
      if (round === rounds) {
        assert.equal(await run.ends(), 0, run.printed);
        break; // an end in order: nothing more was put
      }
      await somewhere(run);
      await run.terminate();
      hear(run.printed, put);
    }
  });

  test(`pieces outlive the browser's end in ${name}`, async (t) => {
    const profile = temporary(t);
    const origin = await serveGo(t);
    const put = new Set<string>();
    const rounds = short ? 1 : 3;
    for (let round = 0; round <= rounds; round++) {
      const window = await launch(t, name, { profile });
      const run = await startGo(await window.open(origin), "store", ["-test.run=^TestCrash$"], look(put, round === rounds));
      if (round === rounds) {
        assert.equal(await run.ends(), 0, run.printed);
        break; // an end in order: nothing more was put
      }
      await somewhere(run);
      await window.kill();
      hear(run.printed, put);
    }
  });

  test(`a full disk in ${name}`, async (t) => {
    const page = await (await launch(t, name, smallFirefox)).open(await serveGo(t));
    if (name === "chromium") {
      const session = await page.createCDPSession();
      await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize: 40 << 20 });
    }
    const run = await startGo(page, "store", ["-test.v", "-test.run=^TestQuota$"], { FANSEED_QUOTA: "1" });
    assert.equal(await run.ends(), 0, run.printed);
    assert.equal(parseGo(run.printed).filter(({ result }) => result === "PASS").length, 3, run.printed);
  });

  test(`the site's data are cleared in ${name}`, async (t) => {
    const page = await (await launch(t, name)).open(await serveGo(t));
    const run = await startGo(page, "store", ["-test.v", "-test.run=^TestCleared$"], { FANSEED_CLEARED: "1" });
    await run.prints(/clear\n/);
    await page.evaluate(async () => void (await fetch("/clear-site-data")));
    assert.equal(await run.ends(), 0, run.printed);
    assert.match(run.printed, /noticed: .*deleted/);
  });
}

/** Firefox takes the room for all origins from its preferences, in KiB. */
const smallFirefox = { prefs: { "dom.quotaManager.temporaryStorage.fixedLimit": 40 << 10 } };

/** Waits until TestCrash has found what it should, has put some pieces, and is somewhere in the next. */
async function somewhere(run: GoRun): Promise<void> {
  await run.prints(new RegExp(`found.*\n(put .*\n){${1 + Math.floor(Math.random() * 40)}}|FAIL`));
  await new Promise((wake) => setTimeout(wake, Math.random() * 20));
}

/** What TestCrash is told. */
function look(put: ReadonlySet<string>, last: boolean): Record<string, string> {
  return { FANSEED_PUT: [...put].join(" "), ...(last && { FANSEED_ONLY_LOOK: "1" }) };
}

/** Takes what TestCrash said before it was ended. */
function hear(printed: string, put: Set<string>): void {
  assert.doesNotMatch(printed, /FAIL/);
  for (const [, index] of printed.matchAll(/^put (\d+)\n/gm)) put.add(index!);
}
