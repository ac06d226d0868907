/**
 * One browser tab that build/compat_test.go speaks with, a line of JSON for each question and each answer:
 *   {"publish": folder, "name": …, "format": …} → {"infohash": …}      {"fetch": infohash} → {"files": {path: SHA-256 in hex}}
 * The first line tells the server's address. It ends with its input. Its arguments are flags of the server.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "puppeteer-core";
import { browsers, inScope, launch, openSeeder, startServer, until } from "./harness";

interface Question {
  publish?: string;
  name: string;
  format: "v1" | "v2" | "hybrid";
  fetch?: string;
}

/** Publishes the files of a folder without folders: a script cannot say in which folder a file is. */
async function publish(page: Page, { publish: folder, name, format }: Question & { publish: string }): Promise<object> {
  const files = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file)).toString("base64")] as const);
  return page.evaluate(async (files, name, format) => {
    const made = files.map(([file, text]) => new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], file));
    const { infohash } = await seeder.publish(made, { name, format, pieceLength: 65536 });
    return { infohash };
  }, files, name, format);
}

async function fetched(page: Page, infohash: string): Promise<object> {
  await page.evaluate(async (infohash) => void (await seeder.add(infohash)), infohash);
  await until("the whole work", () => page.evaluate((infohash) => {
    const work = seeder.works().find((work) => work.infohash === infohash)!;
    return work.length > 0 && work.missing === 0;
  }, infohash), 60);
  const files = await page.evaluate(async (infohash) => {
    const digests: Record<string, string> = {};
    for (const file of seeder.works().find((work) => work.infohash === infohash)!.files) digests[file.path] = await sha256InPage(await file.blob());
    return digests;
  }, infohash);
  return { files };
}

const tell = (answer: object): void => void process.stdout.write(JSON.stringify(answer) + "\n");

await inScope(async (scope) => {
  const server = await startServer(scope, process.argv.slice(2));
  const page = await openSeeder(await launch(scope, browsers[0]!), server);
  tell({ server: server.url });
  for await (const line of createInterface(process.stdin)) {
    const question = JSON.parse(line) as Question;
    const answered = question.publish ? publish(page, { ...question, publish: question.publish }) : fetched(page, question.fetch!);
    tell(await answered.catch((error: unknown) => ({ error: String(error) })));
  }
});
