/** The words of the dialog for the limits. */
import type { Caps } from "./limits.js";

export const say = {
  title: "Limits",
  more: "They hold for every tab of this site in this browser. Leave a field empty for no limit.",
  names: {
    uploadRate: "Sent, MiB a second",
    uploadPerDay: "Sent, GiB a day",
    uploadPerMonth: "Sent, GiB a month",
    downloadRate: "Fetched, MiB a second",
    downloadPerMonth: "Fetched, GiB a month",
    storage: "Kept in this browser, GiB",
  } satisfies Record<keyof Caps, string>,
  save: "Save",
  cancel: "Cancel",
};
