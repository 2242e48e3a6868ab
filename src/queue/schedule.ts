/** Where a recipient stands after a try that failed for now. */
export interface Standing {
  /** Tries that ended, this one included: 1 or more. */
  readonly attempts: number;
  /** When we took the message on, milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** How long to go on trying (RFC 5321 §4.5.4.1). */
export interface Patience {
  /** Milliseconds to wait after the first, second, … try; the last repeats. At least one. */
  readonly retry: readonly number[];
  /** Milliseconds after which a message is given up. */
  readonly giveUp: number;
  /** Milliseconds after which the sender of a message that still waits is told, once. */
  readonly warnAfter: number;
}

/**
 * When to try again. The last try falls on the very end of our patience, so that a long last wait
 * doesn't cut it short.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { schedule } from "./schedule.ts";
 *
 * const patience = { retry: [300, 600], giveUp: 1000 };
 * assertEquals(schedule({ attempts: 1, receivedAt: 0, now: 0 }, patience), { next: 300 });
 * assertEquals(schedule({ attempts: 2, receivedAt: 0, now: 300 }, patience), { next: 900 });
 * assertEquals(schedule({ attempts: 3, receivedAt: 0, now: 900 }, patience), { next: 1000 });
 * assertEquals(schedule({ attempts: 4, receivedAt: 0, now: 1000 }, patience), "give up");
 * ```
 */
export function schedule(
  { attempts, receivedAt, now }: Standing,
  { retry, giveUp }: Pick<Patience, "retry" | "giveUp">,
): { readonly next: number } | "give up" {
  const wait = retry[attempts - 1] ?? retry.at(-1);
  if (wait === undefined) {
    throw new RangeError("Cannot schedule a retry: the list of waits is empty");
  }
  const end = receivedAt + giveUp;
  if (now >= end) return "give up";
  return { next: Math.min(now + wait, end) };
}
