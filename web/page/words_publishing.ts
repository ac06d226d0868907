/** The words of publishing. */
import { size } from "./format.js";
import { many } from "./words.js";

export const say = {
  title: "Publish",
  name: "Name",
  what: (n: number, bytes: number): string => `${many(n, "file", "files")}, ${size(bytes)}`,
  copy: "Let this server keep a copy",
  copyMore: "Then your work is there after you have closed this tab, and BitTorrent programs can fetch it over HTTP.",
  consent:
    "Publishing shares these files from this browser. Anyone with the link can fetch them straight from your browser, and everyone who does sees your IP address. It goes on while a tab of this site is open, also when you come back, until you press stop or withdraw it; as fast as your connection allows, unless you have set limits.",
  button: "Publish and share",
  cancel: "Cancel",
  hashing: (name: string): string => `Preparing “${name}”`,
  hashed: (done: number, total: number): string => `${size(done)} of ${size(total)} hashed`,
  published: "Published. Send the link.",
  open: "Open its page",
  keep: "Keep this tab open: nothing is seeded while no tab of this site is open. Once others have all of it, they keep it alive too.",
  again: "Publish something else",
};
