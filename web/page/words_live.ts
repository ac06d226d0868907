/** The words for what runs in this browser. */
import type { WorkState } from "../types/engine.js";
import { duration } from "./format_live.js";
import type { LiveWork } from "./facts.js";

export const say = {
  stop: "Stop",
  down: "Download",
  up: "Upload",
  got: "Fetched",
  sent: "Sent",
  left: "Time left",
  leftNone: "—",
  leftValue: duration,
  earned: "Credits earned on this work",
  progress: "Fetched so far",
  checked: "Checked so far",

  peer: {
    client: "Client",
    peers: "Peers",
    has: "Has",
    state: "State",
    whole: "Has all of it",
    waiting: "Waits for its turn",
    served: "Gets pieces from you",
    ticket: "earns credits",
    unknown: "Unknown client",
    none: "No peer is connected.",
  },

  meter: {
    up: "Sending",
    down: "Fetching",
    stop: "Stop",
    stopAll: "Stop all sharing",
  },

  aloud: {
    complete: (name: string): string => `${name} is complete.`,
    published: (name: string): string => `${name} is published.`,
    stopped: "Everything is stopped.",
  },
};

/** What a work is doing, without numbers, so that it is read aloud only when it changes. */
export function doing(work: LiveWork): string {
  const states: Record<WorkState, () => string> = {
    checking: () => "Checking what this browser has kept…",
    downloading: () => fetching(work),
    seeding: () => (work.peers ? "Complete. Seeding to those who ask." : "Complete. Seeding: waiting for someone who wants it."),
    stopped: () => (work.missing || !work.length ? "Stopped. Nothing is sent or fetched." : "Complete, and stopped. Nothing is sent."),
    error: () => work.error?.says ?? "",
  };
  return states[work.state]();
}

function fetching(work: LiveWork): string {
  if (!work.peers) return "Finding peers…";
  if (!work.length) return "Asking a peer what this work is…";
  if (!work.missing) return "Verifying the last pieces…";
  return work.downRate ? "Downloading" : "Connected. Waiting for a peer to send…";
}
