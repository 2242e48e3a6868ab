import type { Clock } from "../../src/ports/clock.ts";

/** A clock that starts at `now` and on which every delay is over at once. */
export function hastyClock(now = Date.parse("2026-11-23T09:05:00Z")): Clock {
  return {
    now: () => now,
    after(delay, task) {
      let cancelled = false;
      queueMicrotask(() => {
        if (cancelled) return;
        now += delay;
        task();
      });
      return () => void (cancelled = true);
    },
  };
}
