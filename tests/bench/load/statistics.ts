/** What many values come down to. */

/**
 * The middle of some values, or the mean of the two in the middle.
 *
 * @throws {RangeError} When there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { median } from "./statistics.ts";
 *
 * assertEquals(median([9, 1, 2]), 2);
 * assertEquals(median([4, 1, 2, 3]), 2.5);
 * ```
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half];
  if (upper === undefined) {
    throw new RangeError("Cannot take a median: there is no value");
  }
  return sorted.length % 2 === 1 ? upper : (sorted[half - 1]! + upper) / 2;
}

/**
 * The mean of some values.
 *
 * @throws {RangeError} When there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mean } from "./statistics.ts";
 *
 * assertEquals(mean([1, 2, 6]), 3);
 * ```
 */
export function mean(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError("Cannot take a mean: there is no value");
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The smallest of some values that `fraction` of them don't exceed (the nearest rank).
 *
 * @param sorted The values, the smallest first.
 * @param fraction From 0 to 1; 0.99 is the 99th percentile.
 * @throws {RangeError} When there is no value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { percentile } from "./statistics.ts";
 *
 * assertEquals(percentile([10, 20, 30, 40], 0.5), 20);
 * assertEquals(percentile([10, 20, 30, 40], 0.99), 40);
 * ```
 */
export function percentile(
  sorted: readonly number[],
  fraction: number,
): number {
  const rank = Math.max(Math.ceil(fraction * sorted.length), 1);
  const value = sorted[rank - 1];
  if (value === undefined) {
    throw new RangeError("Cannot take a percentile: there is no value");
  }
  return value;
}
