/** What the processes of a browser have used, as Linux counts it (proc(5)). */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Window } from "../test/harness";

const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

interface Process {
  pid: number;
  parent: number;
  /** CPU ticks of the process and of its children that have ended. */
  used: number;
}

function processes(): Process[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const stat = read(`/proc/${name}/stat`);
    // The name, in brackets, may hold anything. After it come the state, the parent, and eleven on the four times.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return stat ? [{ pid: Number(name), parent: Number(fields[1]), used: fields.slice(11, 15).reduce((sum, n) => sum + Number(n), 0) }] : [];
  });
}

/** A file of /proc; empty once its process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The processes of a browser, the first one and all that come from it. */
function tree(window: Window): Process[] {
  const all = processes();
  const root = window.browser.process()!.pid!;
  const found = all.filter(({ pid }) => pid === root);
  for (const process of found) found.push(...all.filter(({ parent }) => parent === process.pid)); // grows while it is walked
  return found;
}

/** CPU seconds, user and system, of all processes of these browsers since they started. */
export function cpuSeconds(windows: Window[]): number {
  return windows.flatMap(tree).reduce((sum, { used }) => sum + used, 0) / ticks;
}

/** The same of one process. */
export function cpuSecondsOf(pid: number): number {
  return processes().find((process) => process.pid === pid)!.used / ticks;
}

/** The memory of a browser's page, in bytes: of its process, which its workers and the engine are in. */
export interface Memory {
  /** The most that was resident, the browser's own program and libraries included, which all pages share. */
  resident: number;
  /** Of that, what is the page's own: not from files. */
  own: number;
}

/** Watches the memory of a browser's page until `stop` tells the peaks. Of its tabs' processes the page's has the most. */
export function watchMemory(window: Window): { stop(): Memory } {
  const pages = tree(window).map(({ pid }) => pid).filter((pid) => /--type=renderer|-contentproc.* tab\0/.test(read(`/proc/${pid}/cmdline`)));
  const field = (pid: number, name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
  let own = 0;
  const look = (): void => {
    for (const pid of pages) own = Math.max(own, field(pid, "RssAnon") + field(pid, "RssShmem"));
  };
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      look();
      return { resident: Math.max(...pages.map((pid) => field(pid, "VmHWM"))), own };
    },
  };
}
