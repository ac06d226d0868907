import type { Page } from "puppeteer-core";
import { until } from "./harness_scope";
import type { Server } from "./harness_server";

/** What is to be read in a part of the page; nothing where there is none. */
export const text = async (page: Page, selector = "main"): Promise<string> => (await page.$eval(selector, (one) => (one as HTMLElement).innerText).catch(() => "")).replaceAll("\u00a0", " ");

/** Presses the button whose text or label begins with these words, once it can be. */
export const press = (page: Page, words: string): Promise<void> =>
  page.locator(`::-p-xpath(//button[(starts-with(normalize-space(.), "${words}") or starts-with(@aria-label, "${words}")) and not(@disabled)])`).click();

/** Goes to another view by a link of the page, so that its engine runs on. */
export const visit = (page: Page, path: string): Promise<void> =>
  page.evaluate((path) => {
    const link = Object.assign(document.createElement("a"), { href: path });
    document.body.append(link);
    link.click();
    link.remove();
  }, path);

/** Publishes a file of so many MiB by dropping it on the home page. */
export async function publish(page: Page, name: string, size: number): Promise<void> {
  await page.evaluate(
    (name, size) => {
      const data = new DataTransfer();
      data.items.add(new File([globalThis.makeFile(size << 20, 1)], name));
      for (const type of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    name,
    size,
  );
  await press(page, "Publish and share");
  await until("the link", async () => /Send the link/.test(await text(page)));
}

/** Types into a field of the dialog in which credits are locked, once it is there. */
export async function fill(page: Page, name: string, value: string): Promise<void> {
  await until(`the field ${name}`, async () => (await page.$(`#stake-${name}`)) !== null).catch(async (error: Error) => {
    throw new Error(`${error.message}; the dialog says: ${await text(page, "dialog")}; the page says: ${await text(page)}`);
  });
  await page.$eval(`#stake-${name}`, (input, value) => {
    (input as HTMLInputElement).value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}

/** The account, as its page shows it. */
export function accountOf(page: Page): Promise<string> {
  return until("the account", () => page.$eval("fs-earnings fs-copy input", (input) => (input as HTMLInputElement).value || undefined).catch(() => undefined));
}

/** Hands in a receipt in an account's name that the server must refuse. */
export async function refusedReceipt(server: Server, account: string): Promise<void> {
  const receipt = { serial: "ab".repeat(16), amount: 2 ** 20, signature: "0".repeat(128) };
  const answer = await fetch(`${server.url}/v1/settle`, { method: "POST", body: JSON.stringify({ account, receipts: [receipt] }) });
  const said = await answer.text();
  if (!said.includes("unknown_ticket")) throw new Error(said);
}
