import type { Clock } from "../ports/clock.ts";

/** Does some work as part of a wave; resolves and throws as the work does. */
export type InWaves = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Milliseconds after which what is slow in a wave no longer keeps the next one waiting. */
const LONGEST = 50;

/** Work that began together. */
interface Wave {
  /** How many parts of it aren't done. */
  left: number;
}

/**
 * Gathers deliveries into waves: what comes while one is under way begins with the next, all at
 * once. File systems make durable together what is synced together, so that a wave of fifty files
 * costs the disk little more than one file; and nothing waits while nothing else is delivered.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeWaves } from "./waves.ts";
 *
 * const inWaves = makeWaves({ after: () => () => {} });
 * assertEquals(await inWaves(() => Promise.resolve("delivered")), "delivered");
 * ```
 */
export function makeWaves(clock: Pick<Clock, "after">): InWaves {
  let waiting: (() => void)[] = [];
  let current: Wave | undefined;
  let cancel: (() => void) | undefined;

  function next(): void {
    cancel?.();
    cancel = undefined;
    current = undefined;
    const begins = waiting;
    waiting = [];
    for (const begin of begins) begin();
  }

  /** Joins the wave that is beginning. */
  function join(): Wave {
    current ??= { left: 0 };
    current.left++;
    cancel ??= clock.after(LONGEST, next);
    return current;
  }

  return async (work) => {
    if (current !== undefined) {
      await new Promise<void>((begin) => waiting.push(begin));
    }
    const wave = join();
    try {
      return await work();
    } finally {
      wave.left--;
      if (wave.left === 0 && wave === current) next();
    }
  };
}
