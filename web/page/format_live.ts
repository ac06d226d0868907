/** Rates, growing numbers, exact credits and times left: what is only shown while something runs. */
import { locales, scaled } from "./format.js";

const steadyTenths = new Intl.NumberFormat(locales, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const micro = new Intl.NumberFormat(locales, { minimumFractionDigits: 2, maximumFractionDigits: 6 });

/** Bytes a second, always with the same digits, so that nothing shifts: "1.0 MiB/s". */
export const rate = (bytes: number): string => `${scaled(bytes, steadyTenths)}/s`;

/** Bytes that grow while one looks, always with the same digits. */
export const growing = (bytes: number): string => scaled(bytes, steadyTenths);

/** µ-credits as credits, exact. */
export const credits = (micros: number): string => micro.format(micros / 1e6);

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
