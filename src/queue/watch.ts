import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Queue } from "./queue.ts";
import { reasonOf } from "./reason.ts";

/** A watch over what postmasters order. */
export interface Watch {
  /** Ends it; nothing is looked up or told once this resolves. */
  stop(): Promise<void>;
}

/**
 * Asks the queue every second whether a postmaster has given orders, and tells `recall` which
 * messages they are about. A queue that can't be read is asked again; the log hears of it once.
 */
export function watchOrders(
  { queue, clock, log, recall, every = 1000 }: {
    readonly queue: Pick<Queue, "changes">;
    readonly clock: Pick<Clock, "after">;
    readonly log: Log;
    readonly recall: (ids: readonly string[]) => void;
    /** Milliseconds from one look to the next. */
    readonly every?: number;
  },
): Watch {
  let stopped = false;
  let failing = false;
  let looking = Promise.resolve();
  let cancel = clock.after(every, begin);

  return {
    async stop() {
      stopped = true;
      cancel();
      await looking;
    },
  };

  function begin(): void {
    looking = look();
  }

  async function look(): Promise<void> {
    try {
      const ids = await queue.changes();
      if (ids.length > 0 && !stopped) recall(ids);
      failing = false;
    } catch (cause) {
      if (!failing) log.error("orders unreadable", { error: reasonOf(cause) });
      failing = true;
    }
    if (!stopped) cancel = clock.after(every, begin);
  }
}
