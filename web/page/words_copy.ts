/** The words for the server's own copy of a work, for whoever has published it. */
import { percent } from "./format.js";
import type { ServerCopy } from "./server.js";

export function copied({ state, progress }: ServerCopy): string {
  switch (state) {
    case "pulling":
      return `You can close this tab once the server’s copy is complete: ${percent(progress)}`;
    case "whole":
      return "The server’s copy is complete. You can close this tab.";
    case "declined":
      return "This server keeps no copy, as you wished. Keep this tab open until others have all of it.";
    case "no_room":
      return "This server has no room for a copy now. Keep this tab open until others have all of it.";
    case "evicted":
      return "The server’s copy has made way for others, as enough people have this work.";
  }
}
