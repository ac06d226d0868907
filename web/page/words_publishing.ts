/** The words of publishing. */
import { size } from "./format.js";
import { many } from "./words.js";

export const say = {
  title: "Publish",
  name: "Name",
  what: (n: number, bytes: number): string => `${many(n, "file", "files")}, ${size(bytes)}`,
  consent:
    "Publishing shares these files from this tab. Anyone with the link can fetch them straight from your browser, and everyone who does sees your IP address. It goes on, as fast as your connection allows, until you press stop or close the tab.",
  button: "Publish and share",
  cancel: "Cancel",
  hashing: (name: string): string => `Preparing “${name}”`,
  hashed: (done: number, total: number): string => `${size(done)} of ${size(total)} hashed`,
  published: "Published. Send the link.",
  open: "Open its page",
  keep: "Keep this tab open: a closed tab seeds nothing. Once others have all of it, they keep it alive too.",
  again: "Publish something else",
};
