const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
// deno-fmt-ignore
const MONTHS = [
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
] as const;

/**
 * Writes a point in time as header fields do (RFC 5322 §3.3), in UTC.
 *
 * `ms` is milliseconds since the Unix epoch, of the years 1900 to 9999, which is what the grammar
 * can say. Throws a `RangeError` beyond them and for what is not a number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDate } from "./date.ts";
 *
 * assertEquals(
 *   formatDate(Date.UTC(2026, 10, 23, 2, 51, 3)),
 *   "Mon, 23 Nov 2026 02:51:03 +0000",
 * );
 * ```
 */
export function formatDate(ms: number): string {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  if (!(year >= 1900 && year <= 9999)) {
    throw new RangeError(
      `Cannot format date: ${ms} ms is not in the years 1900 to 9999`,
    );
  }
  const day = DAYS[date.getUTCDay()]!;
  const month = MONTHS[date.getUTCMonth()]!;
  const time = [
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ].map(twoDigits).join(":");
  return `${day}, ${
    twoDigits(date.getUTCDate())
  } ${month} ${year} ${time} +0000`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
