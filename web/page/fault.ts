/** An error as the page shows it. */
import type { ErrorCode } from "../types/engine.js";
import { PartError } from "./parts.js";
import { words } from "./words.js";

export interface Fault {
  code: ErrorCode | "part";
  /** The sentence to show. */
  says: string;
}

/** Knows the errors that there are before anything runs; `fault` of words_fault.ts knows them all. */
export function fault(error: unknown): Fault {
  if (error instanceof PartError) return { code: "part", says: words.fault.part };
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known = typeof code === "string" ? (code as ErrorCode) : "internal";
  if (known === "refused") return { code: known, says: words.fault.refused(String(message)) };
  return { code: known, says: known === "not_found" || known === "unreachable" ? words.fault[known] : words.fault.internal };
}
