/** The words of the dialogs in which credits are locked on a work. */
import { dateTime } from "./format.js";
import { credits, duration } from "./format_live.js";
import { earned, many } from "./words.js";

const epochs = (n: number, length: number): string => (length ? duration((n * length) / 1000) : many(n, "epoch", "epochs"));

export const say = {
  boost: {
    title: (name: string): string => `Boost “${name}”`,
    more: "You put credits on this work. Each epoch pays its part to those who shared it then, by the bytes that others confirmed. While it runs, the server introduces its peers more often and asks people who have agreed to help to seed it. What an epoch pays to nobody comes back to you.",
    amount: "Credits",
    do: "Boost it",
    sum: (price: number, fee: number, n: number, length: number): string =>
      `${earned(price - fee)} for those who share it over ${epochs(n, length)}${n > 1 ? `: about ${credits(Math.floor((price - fee) / n))} in each of ${n} epochs` : ""}. ${credits(fee)} is the fee (2 %).`,
    done: (ends: number): string => `Done. It is boosted until ${dateTime(ends)}.`,
  },
  pool: {
    title: (name: string): string => `Fund a pool for “${name}”`,
    more: "It pays those who share your work, on top of everything else, for each GiB that others confirmed. There is no fee, and what is left at the end comes back to you.",
    amount: "Credits in the pool",
    rate: "Credits per GiB",
    do: "Fund it",
    sum: (gib: string, n: number, length: number): string => `It pays for ${gib} that count in full, within ${epochs(n, length)}. Bytes of new accounts count for less.`,
    left: (left: number, ends: number): string => `In the pool now: ${earned(left)}, until ${dateTime(ends)}.`,
    done: (ends: number): string => `Done. The pool pays until ${dateTime(ends)}.`,
  },
  epochs: "Epochs",
  epochsMore: (length: number): string => (length ? `of ${duration(length / 1000)} each, 60 at most` : "60 at most"),
  from: "Paid from",
  payable: (micros: number): string => `Earned credits: ${credits(micros)}`,
  promo: (micros: number): string => `First credits: ${credits(micros)}`,
  spendable: (micros: number): string => `You can spend ${earned(micros)}.`,
  nothing: "You have nothing to spend yet. What you earn by sharing can be spent seven epochs later.",
  none: "You have no account in this browser yet. It is made when you first share, and earns credits from then on.",
  account: "Reading your account…",
  locking: "Locking…",
  cancel: "Cancel",
  close: "Close",
};
