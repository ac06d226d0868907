/** The words of an account's statement. */
import { dateTime } from "./format.js";
import { duration } from "./format_live.js";
import { earned } from "./words.js";

export const say = {
  confirmed: "Credits confirmed",
  confirmedMore: (payable: string, held: string): string => `In this account: ${payable} can be spent, ${held} held for a while.`,
  pending: "Credits pending",
  pendingMore: (ends: number, left: number): string => (left > 0 ? `Paid when this epoch closes in ${duration(left)}, on ${dateTime(ends)}.` : "This epoch is closing now."),
  bytes: "Bytes confirmed",
  bytesMore: "Others confirmed that they got these from you.",
  bytesPending: "Bytes pending",
  bytesPendingMore: "Receipts held here, on their way to the server.",
  rate: (micros: number): string => `Each epoch divides what it has among all who gave. So far a GiB that counts in full brings about ${earned(micros)} in this one.`,
  promo: "Promotional credits",
  promoMore: "Your first credits. They can be spent on boosts.",
  held: "Held, and until when",
  heldMore: "What you earn is held for seven epochs, so that a fraud can be found first; of a new account’s earnings half is held until it is old.",
  until: "Until",
  earnedIn: "Earned in epoch",
  kinds: { bandwidth: "Bytes", availability: "Time", grant: "First credits", pool: "The artist’s pool", boost: "A boost" } as Record<string, string>,
  minutes: (n: number): string => duration(n * 60),
  for: "For",
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
