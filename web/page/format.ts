/** Numbers, sizes and times in the reader's locale. The only file of the page that formats, with format_live.ts for what moves. */

export const locales = [...(globalThis.navigator?.languages ?? [])];
const units = locales[0]?.startsWith("fr") ? ["o", "Kio", "Mio", "Gio", "Tio"] : ["B", "KiB", "MiB", "GiB", "TiB"];

const whole = new Intl.NumberFormat(locales, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(locales, { maximumFractionDigits: 1 });
const shortMicro = new Intl.NumberFormat(locales, { maximumFractionDigits: 6 });
const percents = new Intl.NumberFormat(locales, { style: "percent", maximumFractionDigits: 0 });
const moment = new Intl.DateTimeFormat(locales, { dateStyle: "medium", timeStyle: "short" });

export function scaled(value: number, fraction: Intl.NumberFormat): string {
  let unit = 0;
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${(unit === 0 ? whole : fraction).format(value)}\u00a0${units[unit]}`;
}

export const count = (value: number): string => whole.format(value);

/** Bytes, as short as it goes: "1 MiB", "38.6 MiB". */
export const size = (bytes: number): string => scaled(bytes, tenths);

/** µ-credits as credits for a sentence: "1", "0.5". */
export const shortCredits = (micros: number): string => shortMicro.format(micros / 1e6);

/** Rounded down: 100 % is said only of what is whole. */
export const percent = (share: number): string => percents.format(Math.floor(share * 100) / 100);

export const dateTime = (ms: number): string => moment.format(ms);

/** "1, 2 and 3". The words around it are English, so it is, too. */
export const listed = (items: string[]): string => new Intl.ListFormat("en").format(items);
