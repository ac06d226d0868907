import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { temporary } from "./harness_files";
import { atEnd, setting, until, type Scope } from "./harness_scope";

/** The real server, on a free port of 127.0.0.1, with a data directory of its own. */
export class Server {
  url = "";
  readonly data: string;
  readonly #args: string[];
  readonly #lines: string[] = [];
  #began = 0; // of the lines, those of the last start
  #child: ChildProcess | undefined;

  constructor(scope: Scope, args: string[]) {
    this.data = temporary(scope);
    this.#args = args;
  }

  /** Where announces go. */
  get announce(): string {
    return this.url.replace(/^http/, "ws") + "/announce";
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Everything the server has printed. */
  get log(): string {
    return this.#lines.join("\n");
  }

  /** Starts the server, on the port that it had before if it had one, and waits until it answers. */
  async start(): Promise<void> {
    const address = this.url ? new URL(this.url).host : "127.0.0.1:0";
    this.#began = this.#lines.length;
    const child = spawn(setting("FANSEED_BINARY"), ["serve", "-addr", address, "-data", this.data, ...this.#args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => this.#lines.push(line));
    this.url = await until("the server's address", () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.log}`);
      return this.#lines.slice(this.#began).map((line) => /^fanseed: (http:\/\/\S+?)\/?$/.exec(line)?.[1]).find((url) => url);
    });
  }

  /** Asks the operator's listener, and gives what it answers. */
  async operate(method: string, path: string, body?: string): Promise<string> {
    const response = await fetch((await this.#operator()) + path, { method, ...(body !== undefined && { body }) });
    const said = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${said}`);
    return said;
  }

  /** Takes a work down, as the operator does. */
  async withdraw(infohash: string): Promise<void> {
    await this.operate("DELETE", `/works/${infohash}`);
  }

  /** Gives an account µ-credits that it may spend, out of the treasury. */
  async credit(account: string, micros: number): Promise<void> {
    await this.operate("PUT", `/credits/${randomUUID().replaceAll("-", "")}?account=${account}&amount=${micros}`);
  }

  /** One of the operator's counters, without the "fanseed_" of its name. It counts from the last start. */
  async metric(name: string): Promise<number> {
    const all = await (await fetch(`${await this.#operator()}/metrics`)).text();
    const value = new RegExp(`^fanseed_${name} (\\d+)$`, "m").exec(all)?.[1];
    if (value === undefined) throw new Error(`no counter ${name} in\n${all}`);
    return Number(value);
  }

  /** Where the operator's listener is since the last start. */
  #operator(): Promise<string> {
    const found = (): string | undefined => this.#lines.slice(this.#began).map((line) => /operator's listener.*url=(http:\S+)/.exec(line)?.[1]).find((url) => url);
    return until("the operator's listener", found);
  }

  /** Ends the server with a signal and waits for its end: "SIGKILL" lets it do nothing more. Gives its exit code, null after a kill. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((end) => child.once("exit", end));
    child.kill(signal);
    return ended;
  }

  /** Kills the server and starts it again on the same port with the same data. */
  async restart(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  /** The end of the scope: the server must stop in order when it is asked to. */
  async stop(): Promise<void> {
    const running = this.#child?.exitCode === null && this.#child.signalCode === null;
    const kill = setTimeout(() => this.#child?.kill("SIGKILL"), 15_000);
    const code = await this.kill("SIGTERM");
    clearTimeout(kill);
    if (running && code !== 0) throw new Error(`the server ended with ${code ?? "a kill, after 15 s"}:\n${this.log}`);
  }
}

/** Starts the server with these flags after its own. It makes copies of no work unless they say so: it would be one more peer in every test that counts. */
export async function startServer(scope: Scope, args: string[] = []): Promise<Server> {
  const server = new Server(scope, ["-seedbox", "off", ...args]);
  atEnd(scope, () => server.stop());
  await server.start();
  return server;
}
