/** The words of the dialog for the limits. */
import type { Amounts } from "./limits.js";

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
  } satisfies Record<keyof Amounts, string>,
  help: "Help boosted works",
  helpMore:
    "While you share and nothing else is going on, this browser fetches works of this server that somebody has boosted, a few at a time, and passes them on. They take no more room than you set above for what is kept, what is sent counts against your limits, and you earn for it, often a part of the boost. They make room as soon as you need it, and you can remove any of them. Switched off again, no new ones come, and those that are here stay until you remove them.",
  save: "Save",
  cancel: "Cancel",
};
