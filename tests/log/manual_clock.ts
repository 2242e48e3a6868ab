import type { Clock } from "../../src/ports/clock.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves time on, runs what is due in its order, and lets what that began run as far as it can. */
  advance(milliseconds: number): Promise<void>;
  /** How many tasks are waiting. */
  readonly waiting: number;
}

/** A clock that starts at `now`, an ISO 8601 time. */
export function manualClock(now: string): ManualClock {
  let time = Date.parse(now);
  const tasks = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => time,
    after(delay, run) {
      const task = { at: time + delay, run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    async advance(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        const [next] = [...tasks].sort((a, b) => a.at - b.at);
        if (next === undefined || next.at > end) break;
        tasks.delete(next);
        time = next.at;
        next.run();
        await settle();
      }
      time = end;
    },
    get waiting() {
      return tasks.size;
    },
  };
}

/** Waits until every promise that needs nothing from outside is settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
