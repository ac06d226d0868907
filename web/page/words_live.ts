/** The words for what runs in this browser. */
import type { WorkState } from "../types/engine.js";
import type { LiveWork } from "./facts.js";
import { percent } from "./format.js";
import { duration } from "./format_live.js";
import type { ServerCopy } from "./server.js";

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

  limits: "Change the limits",
  remove: "Remove from this browser",
  removeSure: "Everything of this work that is kept here is deleted.",
  removeYes: "Delete it",
  removeNo: "Keep it",

  server: {
    name: (host: string): string => `Server (${host})`,
    active: "Sends pieces to you",
    idle: "Not needed now: peers are enough",
    none: "—",
  },

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

  helping: "You help this boosted work",

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
    seeding: () => seeding(work),
    stopped: () => (work.missing || !work.length ? "Stopped. Nothing is sent or fetched." : `${whole(work)}, and stopped. Nothing is sent.`),
    error: () => work.error?.says ?? "",
  };
  return states[work.state]();
}

function fetching(work: LiveWork): string {
  if (work.caps.includes("download_month")) return "Waiting: this month’s limit for fetching is reached.";
  if (!work.peers && work.servers.some(({ active }) => active)) return "Downloading from a server";
  if (!work.peers) return "Finding peers…";
  if (!work.length) return "Asking a peer what this work is…";
  if (!work.missing) return "Verifying the last pieces…";
  return work.downRate ? "Downloading" : "Connected. Waiting for a peer to send…";
}

function seeding(work: LiveWork): string {
  if (work.caps.includes("upload_month")) return `${whole(work)}. Waiting: this month’s limit for sending is reached.`;
  if (work.caps.includes("upload_day")) return `${whole(work)}. Waiting: today’s limit for sending is reached.`;
  return work.peers ? `${whole(work)}. Seeding to those who ask.` : `${whole(work)}. Seeding: waiting for someone who wants it.`;
}

/** How much is here of a work that lacks nothing that is wanted of it. */
const whole = ({ have, pieces }: LiveWork): string => (have < pieces ? "The chosen files are here" : "Complete");

/** Until when a limit holds a work up, and what else can be done. */
export function capped({ caps, state }: LiveWork): string {
  if (state === "downloading" && caps.includes("download_month")) return "It goes on when the month is over, or once you raise the limit. What is here is shared meanwhile.";
  const month = caps.includes("upload_month");
  if (!month && !caps.includes("upload_day")) return "";
  const until = month ? "Sending goes on when the month is over, or once you raise the limit." : "Sending goes on tomorrow, or once you raise the limit.";
  if (state === "seeding") return until; // the heading says the rest
  return state === "downloading" ? `${month ? "This month’s" : "Today’s"} limit for sending is reached. ${until}` : "";
}

/** Whether a work is still here after a reload; to its publisher, also whether the server has it. */
export function keeping({ kept, own, length, state, helping }: LiveWork, copy?: ServerCopy): string {
  if (!length || state === "checking") return "";
  if (helping) return "You help this boosted work: the server asked your browser to pass it on. It goes when you need the room.";
  if (!own) return kept ? "Kept in this browser." : "Not kept: it is gone when this tab is closed.";
  const here = kept ? "Kept in this browser." : "Read from the files that you chose.";
  if (copy?.state === "whole") return `${here} The server has a copy: you can close this tab.`;
  if (copy?.state === "pulling") return `${here} Keep this tab open: the server’s copy is at ${percent(copy.progress)}.`;
  const room = copy?.state === "no_room" ? " The server has no room for a copy now." : "";
  return kept ? here + room : `${here} Keep this tab open until a copy is kept here.${room}`;
}
