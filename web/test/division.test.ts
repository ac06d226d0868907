/** The second division gives what the rules' own examples say: else it would prove nothing of the log. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { divide } from "./division";

const folder = join(process.env["FANSEED_WEB"]!, "../signal/reward/testdata");

for (const name of readdirSync(folder)) {
  test(`an independent division of ${name}`, () => {
    const text = readFileSync(join(folder, name), "utf8").replace(/^#.*\n/gm, "");
    const at = text.indexOf("fanseed payouts");
    assert.ok(at > 0);
    assert.equal(divide(text.slice(0, at)), text.slice(at));
  });
}
