import { readdirSync, readFileSync } from "node:fs";
import type { Page } from "puppeteer-core";
import type { Window } from "./harness_browser";

/** Ends the process that runs a page, without a word to the page. */
export async function crash(window: Window, page: Page): Promise<void> {
  if (window.name === "firefox") return void process.kill(await processOf(window, page), "SIGKILL");
  const session = await page.createCDPSession();
  session.send("Page.crash").catch(() => undefined); // nobody is left to answer
}

/** The process that gets busy when the page does. */
async function processOf(window: Window, page: Page): Promise<number> {
  const before = contentProcesses(window);
  await page.evaluate(() => {
    for (const end = performance.now() + 1000; performance.now() < end; ) Math.random();
  });
  const spent = [...contentProcesses(window)].map(([pid, ticks]) => ({ pid, ticks: ticks - (before.get(pid) ?? 0) }));
  return spent.sort((a, b) => b.ticks - a.ticks)[0]!.pid;
}

/** Firefox's content processes, with the clock ticks that each has spent: proc(5). */
function contentProcesses(window: Window): Map<number, number> {
  const main = window.browser.process()!.pid!;
  const below = (pid: number): boolean => pid === main || (pid > 1 && below(parentOf(pid)));
  const content = processes().filter((pid) => /[\0 ]tab[\0 ]*$/.test(read(pid, "cmdline")) && below(pid));
  return new Map(content.map((pid) => [pid, Number(stat(pid)[11]) + Number(stat(pid)[12])]));
}

/** From the third field on: what comes before may have spaces. */
const stat = (pid: number): string[] => read(pid, "stat").replace(/^.*\) /, "").split(" ");
const parentOf = (pid: number): number => Number(stat(pid)[1]);
const processes = (): number[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);

/** Empty where the process has ended meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
