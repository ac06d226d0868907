/** The stock tracker client of npm bittorrent-tracker, unmodified, for a page. */
// @ts-expect-error the package ships no types
import Client from "bittorrent-tracker/client";

export default Client as unknown;
