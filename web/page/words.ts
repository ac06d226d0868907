/**
 * The words of the page's first views. Those of the later parts stand in words_*.ts beside it, each in its part, so that another language
 * is one more table for each and nobody waits for words that are not shown.
 */
import { count, dateTime, shortCredits, size } from "./format.js";
import type { Locked } from "./server.js";

export const many = (n: number, one: string, more: string): string => `${count(n)} ${n === 1 ? one : more}`;

export const earned = (micros: number): string => `${shortCredits(micros)} ${micros === 1e6 ? "credit" : "credits"}`;

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
  nowSharing: "Sharing now",
  stopped: "Stopped",
  limits: "Limits",
  resume: "Resume",
  files: (n: number): string => many(n, "file", "files"),
  seeders: (n: number): string => many(n, "seeder", "seeders"),
  peers: (n: number): string => many(n, "peer", "peers"),

  fault: {
    not_found: "This server does not know that work. If you have its magnet link or .torrent file, open it on the home page.",
    unreachable: "The server did not answer. Check your connection and try again.",
    part: "A part of this page could not be loaded. Check your connection and try again; if that does not help, reload the page.",
    refused: (message: string): string => `The server said no: ${message}`,
    internal: "Something went wrong in this page. Reload it; if it happens again, tell whoever runs this server.",
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

  consent: {
    title: "How would you like to take part?",
    before: "Nothing runs until you choose.",
    sent: (name: string): string => `Pieces of ${name} go straight between your browser and other people’s. Nothing else on your device is read or sent.`,
    address: "The people you exchange pieces with see your IP address.",
    caps: (most: string): string => (most ? `At most ${most} is sent.` : "There is no limit on what is sent."),
    second: (bytes: number): string => `${size(bytes)} a second`,
    day: (bytes: number): string => `${size(bytes)} a day`,
    month: (bytes: number): string => `${size(bytes)} a month`,
    kept: (bytes: number): string => `What you fetch is kept in this browser${bytes === Infinity ? "" : `, up to ${size(bytes)}`}, so that it is still here when you come back.`,
    limits: "Change the limits",
    earn: (micros: number | undefined): string =>
      micros ? `You earn about ${earned(micros)} for each GiB that others confirm they got from you.` : "You earn credits for what others confirm they got from you.",
    on: "Share while I’m here",
    onMore: "Fetch it, and pass it on while this tab is open.",
    playing: "Only while it plays",
    playingMore: "Pass it on only until you have it, then stop.",
    off: "Don’t share",
    offAlone: "Then it cannot be fetched: this work lives only among peers.",
    offWebseed: "Fetch it over HTTP from a server that has it instead.",
    remembered: "Your choice is kept for this site. You can take it back at any moment with one click.",
    refused: "You chose not to share",
    refusedHere: "Nothing is running. What has come here already can still be saved.",
    refusedAlone: "This work lives only among peers: there is no server to fetch it from, so without connecting to them it cannot come here. Nothing is running.",
    refusedWebseed: "Nothing is running. You can fetch the files over HTTP from a server that has them, without any peer.",
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
    playNamed: (name: string): string => `Play ${name}`,
    save: "Save",
    saving: "Saving…",
    saveNamed: (path: string): string => `Save ${path}`,
    fetchNamed: (path: string): string => `Fetch ${path} over HTTP`,
    fetchFile: (path: string): string => `Fetch ${path}, too`,
    fetch: "Fetch",
    stoppedHere: "Sharing is stopped in this tab",
    stoppedMore: "Nothing is sent or fetched until you resume.",
    pieces: (have: number, all: number): string => `${count(have)} of ${many(all, "piece", "pieces")}`,
    published: (ms: number): string => `Published ${dateTime(ms)}`,
    magnet: "Magnet link",
    torrent: ".torrent file",
    infohash: "Infohash",
    share: "Pass it on",
    link: "Link to this work",
    removed: "Removed from this browser",
    removedMore: "Nothing of it is kept here, and nothing is running.",
    fetchAgain: "Fetch it again",
    unknownSize: "size not known yet",
  },

  locked: {
    title: "For those who share it",
    none: "Nobody has put anything on top yet.",
    boosted: ({ left, ends = 0 }: Locked): string => `Boosts: ${earned(left)} until ${dateTime(ends)}.`,
    funded: ({ left, rate = 0, ends = 0 }: Locked): string => `The artist’s pool: ${earned(rate)} for each GiB, until ${dateTime(ends)}. ${earned(left)} left.`,
    boost: "Boost this work",
    fund: "Fund a pool",
  },

  earn: {
    title: "Earnings",
    how: "Open a work, choose “Share while I’m here”, and keep the tab open. For every piece that someone gets from you, their browser signs a receipt, and the server turns receipts into credits.",
    asleepTitle: "Credits are earned by sharing",
    asleep: "Nothing of the engine is running now. If you have shared in this browser before, showing your earnings starts it, without connecting to any peer.",
    noneTitle: "No account in this browser yet",
    made: "It is made when you first share.",
    find: "Find a work to share",
    show: "Show my earnings",
  },

  lost: { title: "There is nothing at this address", more: "Check the link, or start from the home page.", home: "Go to the home page" },
};
