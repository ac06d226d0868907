import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { setting } from "./harness_scope";

/** Writes what the page shows to web/test/screens. With `keep` it belongs to the documentation too: `test -screens` renews it there. */
export async function screenshot(page: Page, name: string, options: { keep?: boolean; fullPage?: boolean } = {}): Promise<void> {
  const image = await page.screenshot({ type: "png", fullPage: options.fullPage ?? false });
  write(setting("FANSEED_SCREENS"), name, image);
  const documentation = process.env["FANSEED_KEEP_SCREENS"];
  if (options.keep && documentation) write(documentation, name, image);
}

function write(dir: string, name: string, image: Uint8Array): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${name}.png`), image);
}
