/** The words of an account's statement. */
import { dateTime } from "./format.js";
import { duration } from "./format_live.js";
import { earned } from "./words.js";

export const say = {
  confirmed: "Credits confirmed",
  confirmedMore: "Paid to this account.",
  pending: "Credits pending",
  pendingMore: (ends: number, left: number): string => (left > 0 ? `Paid when this epoch closes in ${duration(left)}, on ${dateTime(ends)}.` : "This epoch is closing now."),
  bytes: "Bytes confirmed",
  bytesMore: "Others confirmed that they got these from you.",
  bytesPending: "Bytes pending",
  bytesPendingMore: "Receipts held here, on their way to the server.",
  rate: (micros: number): string => `One confirmed GiB is worth ${earned(micros)}, as far as the treasury reaches.`,
  account: "Account",
  accountMore: "It lives in this browser only.",
  lines: "What you earned, and why",
  refused: "What earned nothing, and why",
  work: "Work",
  epoch: "Epoch",
  size: "Bytes",
  amount: "Credits",
  state: "State",
  reason: "Why",
  when: "When",
  states: { pending: "Pending", confirmed: "Confirmed" },
  noLines: "Nothing yet. Keep a work open while someone else fetches it from you; each piece that they confirm shows up here.",
  unknownWork: "Unknown work",
};
