/** Numbers, sizes, rates and times in the reader's locale. The only file of the page that formats. */

const locales = [...(globalThis.navigator?.languages ?? [])];
const units = locales[0]?.startsWith("fr") ? ["o", "Kio", "Mio", "Gio", "Tio"] : ["B", "KiB", "MiB", "GiB", "TiB"];

const whole = new Intl.NumberFormat(locales, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(locales, { maximumFractionDigits: 1 });
const steadyTenths = new Intl.NumberFormat(locales, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const micro = new Intl.NumberFormat(locales, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const shortMicro = new Intl.NumberFormat(locales, { maximumFractionDigits: 6 });
const percents = new Intl.NumberFormat(locales, { style: "percent", maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat(locales, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(locales, { dateStyle: "medium", timeStyle: "short" });

function scaled(value: number, fraction: Intl.NumberFormat): string {
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

/** Bytes a second, always with the same digits, so that nothing shifts: "1.0 MiB/s". */
export const rate = (bytes: number): string => `${scaled(bytes, steadyTenths)}/s`;

/** Bytes that grow while one looks, always with the same digits. */
export const growing = (bytes: number): string => scaled(bytes, steadyTenths);

/** µ-credits as credits, exact. */
export const credits = (micros: number): string => micro.format(micros / 1e6);

/** The same for a sentence: "1", "0.5". */
export const shortCredits = (micros: number): string => shortMicro.format(micros / 1e6);

/** Rounded down: 100 % is said only of what is whole. */
export const percent = (share: number): string => percents.format(Math.floor(share * 100) / 100);

export const date = (ms: number): string => day.format(ms);
export const dateTime = (ms: number): string => moment.format(ms);

const spans: [Intl.NumberFormatOptions["unit"] & string, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Seconds as its two largest units: "2 hr 5 min". */
export function duration(seconds: number): string {
  let left = Math.max(1, Math.round(seconds));
  const first = spans.findIndex(([, length]) => left >= length);
  return spans
    .slice(first, first + 2)
    .map(([unit, length]) => {
      const amount = Math.floor(left / length);
      left -= amount * length;
      return amount ? new Intl.NumberFormat(locales, { style: "unit", unit, unitDisplay: "short" }).format(amount) : "";
    })
    .filter(Boolean)
    .join("\u00a0");
}
