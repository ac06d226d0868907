/** The words for what can go wrong once something runs. The page's first views have their own few in words.ts. */
import type { ErrorCode } from "../types/engine.js";
import { fault as early, type Fault } from "./fault.js";

const says: Partial<Record<ErrorCode, string>> = {
  bad_link: "That is not something to open. Paste a link to a work, a magnet link, a 40-digit infohash, or the address of a .torrent file.",
  bad_torrent: "That file is not a torrent, or it is damaged. Ask whoever gave it to you for another copy.",
  no_files: "There is nothing in what you chose. Choose at least one file that is not empty.",
  unreadable_file: "A file could not be read, or it changed while it was being read. Close whatever is writing to it and try again.",
  too_large: "That is more than this browser may keep. Raise the limit, or remove works that you no longer need.",
  disk_full: "There is no more room for this site, in this browser or under its limit. Free some space or raise the limit, then try again: what has come so far is kept.",
  storage: "What this browser had kept is gone or could not be read. Try again to fetch it anew.",
  not_sharing: "Sharing is off. Agree to share on the work’s page, then try again.",
  funds: "You do not have that much to spend. What you earn can be spent once it is no longer held; nothing was locked.",
  no_account: "There is no account in this browser yet.",
  revoked: "The server has withdrawn this work. It is no longer shared.",
  aborted: "It was cancelled.",
  removed: "This work is no longer in this browser.",
  closed: "Sharing has ended in this tab. Reload the page to start again.",
  unsupported: "This browser lacks something that sharing needs. A current Firefox, Chrome, Edge or Safari has it.",
};

export function fault(error: unknown): Fault {
  const found = early(error);
  return { ...found, says: says[found.code as ErrorCode] ?? found.says };
}
