/** Every word that the page says, in one place, so that another language is one more table. */
import type { ErrorCode, WorkState } from "../types/engine.js";
import { count, dateTime, duration, shortCredits, size } from "./format.js";
import type { Fault, LiveWork } from "./facts.js";

const many = (n: number, one: string, more: string): string => `${count(n)} ${n === 1 ? one : more}`;

const earned = (micros: number): string => `${shortCredits(micros)} ${micros === 1e6 ? "credit" : "credits"}`;

const faults: Record<Exclude<ErrorCode, "refused">, string> = {
  bad_link: "That is not something to open. Paste a link to a work, a magnet link, a 40-digit infohash, or the address of a .torrent file.",
  bad_torrent: "That file is not a torrent, or it is damaged. Ask whoever gave it to you for another copy.",
  not_found: "This server does not know that work. If you have its magnet link or .torrent file, open it on the home page.",
  no_files: "There is nothing in what you chose. Choose at least one file that is not empty.",
  unreadable_file: "A file could not be read, or it changed while it was being read. Close whatever is writing to it and try again.",
  too_large: "That is more than the storage limit of this page. Publish fewer or smaller files.",
  disk_full: "This browser has no more room for this site. Free some space and try again.",
  storage: "What this browser had kept could not be read. Fetching it again usually helps.",
  not_sharing: "Sharing is off. Agree to share on the work’s page, then try again.",
  no_account: "There is no account in this browser yet.",
  unreachable: "The server did not answer. Check your connection and try again.",
  revoked: "The server has withdrawn this work. It is no longer shared.",
  aborted: "It was cancelled.",
  removed: "This work is no longer in this browser.",
  closed: "Sharing has ended in this tab. Reload the page to start again.",
  unsupported: "This browser lacks something that sharing needs. A current Firefox, Chrome, Edge or Safari has it.",
  internal: "Something went wrong in this page. Reload it; if it happens again, tell whoever runs this server.",
};

export const words = {
  name: "Fanseed",
  skip: "Skip to content",
  nav: "Main",
  earnings: "Earnings",
  loading: "Loading…",
  retry: "Try again",
  copy: "Copy",
  copied: "Copied",
  dismiss: "Dismiss",
  files: (n: number): string => many(n, "file", "files"),
  seeders: (n: number): string => many(n, "seeder", "seeders"),
  peers: (n: number): string => many(n, "peer", "peers"),

  fault({ code, message }: Fault): string {
    if (code === "refused") return `The server said no: ${message}`;
    return faults[code] ?? faults.internal;
  },

  home: {
    title: "Drop a file. Your fans pass it on.",
    lead: "Fanseed publishes it straight from this tab to whoever opens its link, and everyone who helps to share it earns credits.",
    choose: "Choose files",
    folder: "Choose a folder",
    hint: "or drop them anywhere on this page",
    drop: "Let go to publish",
    open: "Open a work",
    openLabel: "Link, magnet, infohash or .torrent address",
    openButton: "Open",
    openFile: "Choose a .torrent file",
    here: "In this browser",
    listing: "On this server",
    nothing: "Nothing has been published here yet. Be the first: drop a file above.",
  },

  publish: {
    title: "Publish",
    name: "Name",
    what: (n: number, bytes: number): string => `${many(n, "file", "files")}, ${size(bytes)}`,
    consent:
      "Publishing shares these files from this tab. Anyone with the link can fetch them straight from your browser, and everyone who does sees your IP address. It goes on, as fast as your connection allows, until you press stop or close the tab.",
    button: "Publish and share",
    cancel: "Cancel",
    hashing: (name: string): string => `Preparing “${name}”`,
    hashed: (done: string, total: string): string => `${done} of ${total} hashed`,
    published: "Published. Send the link.",
    link: "Link to this work",
    open: "Open its page",
    keep: "Keep this tab open: a closed tab seeds nothing. Once others have all of it, they keep it alive too.",
    again: "Publish something else",
  },

  consent: {
    title: "How would you like to take part?",
    before: "Nothing runs until you choose.",
    sent: (name: string): string => `Pieces of ${name} go straight between your browser and other people’s. Nothing else on your device is read or sent.`,
    address: "The people you exchange pieces with see your IP address.",
    caps: (upload: number, day: number): string => `At most ${size(upload)} a second is sent, and at most ${size(day)} a day.`,
    earn: (micros: number | undefined): string =>
      micros ? `You earn ${earned(micros)} for each GiB that others confirm they got from you.` : "You earn credits for what others confirm they got from you.",
    on: "Share while I’m here",
    onMore: "Fetch it, and pass it on while this tab is open.",
    playing: "Only while it plays",
    playingMore: "Pass it on only until you have it, then stop.",
    off: "Don’t share",
    offAlone: "Then it cannot be fetched: this work lives only among peers.",
    offWebseed: "Fetch it from the publisher’s own server instead.",
    remembered: "Your choice is kept for this site. You can take it back at any moment with one click.",
    refused: "You chose not to share",
    refusedHere: "Nothing is running. What has come here already stays, and can be saved, until you close the tab.",
    refusedAlone: "This work lives only among peers: there is no server to fetch it from, so without connecting to them it cannot come here. Nothing is running.",
    refusedWebseed: "Nothing is running. You can fetch the files from the publisher’s own server, without any peer.",
    again: "Choose again",
    withdraw: "Withdraw consent",
    withdrawn: "Consent withdrawn. Every connection is closed.",
    saidOn: "You agreed to share while you are here.",
    saidPlaying: "You agreed to share only while something plays or is fetched.",
    saidOff: "Sharing is off.",
    saidPublishing: "You are sharing what you published.",
    saidAsk: "Nothing is shared before you agree.",
  },

  work: {
    unnamed: "Unnamed work",
    starting: "Starting…",
    files: "Files",
    save: "Save",
    saving: "Saving…",
    saveNamed: (path: string): string => `Save ${path}`,
    fetchNamed: (path: string): string => `Fetch ${path} from the publisher’s server`,
    fetch: "Fetch",
    stop: "Stop",
    resume: "Resume",
    stoppedHere: "Sharing is stopped in this tab",
    stoppedMore: "Nothing is sent or fetched until you resume.",
    pieces: (have: number, all: number): string => `${count(have)} of ${many(all, "piece", "pieces")}`,
    down: "Download",
    up: "Upload",
    got: "Fetched",
    sent: "Sent",
    peers: "Peers",
    left: "Time left",
    leftNone: "—",
    earned: "Credits earned on this work",
    leftValue: duration,
    published: (ms: number): string => `Published ${dateTime(ms)}`,
    magnet: "Magnet link",
    torrent: ".torrent file",
    infohash: "Infohash",
    share: "Pass it on",
    progress: "Fetched so far",
    unknownSize: "size not known yet",
  },

  peer: {
    client: "Client",
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
    label: "Sharing now",
    up: "Sending",
    down: "Fetching",
    stop: "Stop",
    stopAll: "Stop all sharing",
    stopped: "Stopped",
    resume: "Resume",
  },

  money: {
    title: "Earnings",
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
    how: "Open a work, choose “Share while I’m here”, and keep the tab open. For every piece that someone gets from you, their browser signs a receipt, and the server turns receipts into credits.",
    noneTitle: "No account in this browser yet",
    made: "It is made when you first share.",
    find: "Find a work to share",
    asleepTitle: "Credits are earned by sharing",
    asleep: "Nothing of the engine is running now. If you have shared in this browser before, showing your earnings starts it, without connecting to any peer.",
    show: "Show my earnings",
    unknownWork: "Unknown work",
  },

  lost: { title: "There is nothing at this address", more: "Check the link, or start from the home page.", home: "Go to the home page" },

  said: {
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
    error: () => (work.error ? words.fault(work.error) : faults.internal),
  };
  return states[work.state]();
}

function fetching(work: LiveWork): string {
  if (!work.peers) return "Finding peers…";
  if (!work.length) return "Asking a peer what this work is…";
  if (!work.missing) return "Verifying the last pieces…";
  return work.downRate ? "Downloading" : "Connected. Waiting for a peer to send…";
}
