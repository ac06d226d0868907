import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { servePages } from "./harness_files";
import { setting, until, type Scope } from "./harness_scope";

declare global {
  /** In pages of `startGo`: the worker of the last run. */
  var goWorker: Worker;
}

/** A Go test binary that runs, or ran, in a worker. */
export class GoRun {
  /** What it has printed. */
  printed = "";
  /** How it ended: 0 when every test passed. */
  code: number | undefined;

  constructor(private readonly page: Page) {}

  /** Waits until it has printed something that matches. */
  async prints(pattern: RegExp, seconds = 30): Promise<void> {
    await until(String(pattern), () => {
      if (pattern.test(this.printed)) return true;
      if (this.code !== undefined) throw new Error(`ended without ${String(pattern)}:\n${this.printed}`);
      return false;
    }, seconds);
  }

  /** Waits until it has ended, and gives its exit code. */
  ends(seconds = 120): Promise<number> {
    return until("the end of the Go tests", () => this.code === undefined ? false : { code: this.code }, seconds).then(
      ({ code }) => code,
      (error: Error) => { throw new Error(`${error.message}:\n${this.printed}`); },
    );
  }

  /** Ends its worker, wherever it is. */
  async terminate(): Promise<void> {
    await this.page.evaluate(() => goWorker.terminate());
  }
}

/** The compiled Go test binaries, by the name of their package, such as "store". */
export function goTests(): string[] {
  return readdirSync(setting("FANSEED_GOWASM")).flatMap((name) => (name.endsWith(".wasm") ? [name.slice(0, -5)] : []));
}

/** Serves the compiled Go tests. Gives the origin. */
export function serveGo(scope: Scope): Promise<string> {
  const dir = setting("FANSEED_GOWASM");
  const files = Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
  return servePages(scope, { ...files, "worker.js": `importScripts("wasm_exec.js"); (${work})()` });
}

/** Starts a Go test binary in a dedicated worker of a page of `serveGo`. */
export async function startGo(page: Page, name: string, args: string[], env: Record<string, string> = {}): Promise<GoRun> {
  const run = new GoRun(page);
  const ear = `goHeard${Math.random().toString(36).slice(2)}`;
  await page.exposeFunction(ear, (text: string | null, code: number | null) => {
    run.printed += text ?? "";
    run.code ??= code ?? undefined;
  });
  await page.evaluate((ear, name, args, env) => {
    const heard = (globalThis as unknown as Record<string, (text?: string, code?: number) => Promise<void>>)[ear]!;
    globalThis.goWorker = new Worker("/worker.js");
    goWorker.onmessage = ({ data }: MessageEvent<{ text?: string; code?: number }>) => void heard(data.text, data.code);
    goWorker.onerror = ({ message }) => void heard(message, -1);
    goWorker.postMessage({ name, args, env });
  }, ear, name, args, env);
  return run;
}

/** Runs in the worker, so it uses nothing from around it. */
function work(): void {
  interface Runtime {
    importObject: WebAssembly.Imports;
    run(instance: WebAssembly.Instance): Promise<void>;
    argv: string[];
    env: Record<string, string>;
    exit: (code: number) => void;
  }
  const scope = globalThis as unknown as { Go: new () => Runtime; fs: { writeSync(fd: number, bytes: Uint8Array): number } };
  const decoder = new TextDecoder();
  scope.fs.writeSync = (_, bytes) => {
    postMessage({ text: decoder.decode(bytes, { stream: true }) });
    return bytes.length;
  };
  onmessage = async ({ data }: MessageEvent<{ name: string; args: string[]; env: Record<string, string> }>) => {
    const go = new scope.Go();
    let code = -1;
    go.argv = [`${data.name}.test`, ...data.args];
    go.env = data.env;
    go.exit = (given) => (code = given);
    const { instance } = await WebAssembly.instantiateStreaming(fetch(`/${data.name}.wasm`), go.importObject);
    await go.run(instance);
    postMessage({ code });
  };
}

/** One Go test, or one inside another. */
export interface GoTest {
  name: string;
  result: "PASS" | "FAIL" | "SKIP";
}

/** What `-test.v` printed, as tests in the order in which they were told. */
export function parseGo(printed: string): GoTest[] {
  return [...printed.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+)/gm)].map(([, result, name]) => ({ name: name!, result: result as GoTest["result"] }));
}
