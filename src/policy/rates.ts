import type { Clock } from "../ports/clock.ts";
import { ShortMemory } from "./short_memory.ts";

const MINUTE = 60_000;

/** How often in a minute somebody may do something. */
export interface Rate {
  /** Counts one more by `key`, whom the limit is for, if it may be. Returns whether it may. */
  take(key: string): boolean;
}

/**
 * A rate of so many in a minute; 0 is no limit. It is a bucket that empties evenly in a minute: a
 * minute's worth may come at once, and from then on as much as has run out. What is refused isn't
 * counted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeRate } from "./rates.ts";
 *
 * let now = 0;
 * const rate = makeRate({ perMinute: 2, clock: { now: () => now } });
 * assertEquals(rate.take("192.0.2.1"), true);
 * assertEquals(rate.take("192.0.2.1"), true);
 * assertEquals(rate.take("192.0.2.1"), false);
 * now += 30_000;
 * assertEquals(rate.take("192.0.2.1"), true);
 * ```
 */
export function makeRate(
  { perMinute, clock }: {
    readonly perMinute: number;
    readonly clock: Pick<Clock, "now">;
  },
): Rate {
  if (perMinute === 0) return { take: () => true };
  /** How full the bucket was at the last one. */
  const buckets = new ShortMemory<number>({ lifetime: MINUTE, clock });

  return {
    take(key) {
      const last = buckets.recall(key);
      const level = last === undefined
        ? 0
        : Math.max(0, last.value - last.age * perMinute / MINUTE);
      if (level + 1 > perMinute) return false;
      buckets.note(key, level + 1);
      return true;
    },
  };
}
