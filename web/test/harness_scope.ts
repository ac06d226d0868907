/** What a test or a measurement started, and what ends it. A node:test context is one. */
export interface Scope {
  after(end: () => void | Promise<void>): void;
}

/** A scope that is no test. */
export async function inScope<T>(run: (scope: Scope) => Promise<T>): Promise<T> {
  const list: (() => void | Promise<void>)[] = [];
  try {
    return await run({ after: (end) => void list.push(end) });
  } finally {
    for (const end of list) await end();
  }
}

const ends = new WeakMap<Scope, (() => void | Promise<void>)[]>();

/** Ends something with the scope: the last that was started is the first that is ended, and every end is tried. */
export function atEnd(scope: Scope, end: () => void | Promise<void>): void {
  const list = ends.get(scope) ?? [];
  if (!ends.has(scope)) scope.after(() => endAll(list));
  ends.set(scope, list);
  list.push(end);
}

async function endAll(list: (() => void | Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of list.reverse()) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1) throw new Error(errors.map(String).join("\n"));
  if (errors.length > 0) throw errors[0];
}

/** Whether to leave out what takes long. */
export const short = process.env["FANSEED_SHORT"] !== undefined;

/** A setting that the build hands in. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests by \`go run ./build test\``);
  return value;
}

/** Waits until `ready` gives something other than undefined, false or null, and gives that. `what` names it in the error. */
export async function until<T>(what: string, ready: () => T | Promise<T>, seconds = 30): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await ready();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
