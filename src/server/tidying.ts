import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** Tidies up once, however often it takes. */
export interface Tidying {
  /** Begins, while everything else goes on. */
  start(): void;
  /** Lets a try that is under way end, and makes no other. */
  stop(): Promise<void>;
}

/** Milliseconds until the next try when one has failed. */
const PAUSE = 60_000;

/** Makes what tidies up after a crash: nobody waits for it, and what fails is tried again. */
export function keepTidy(
  { tidy, clock, log }: {
    readonly tidy: () => Promise<void>;
    readonly clock: Clock;
    readonly log: Log;
  },
): Tidying {
  let trying = Promise.resolve();
  let cancel = () => {};
  let stopped = false;

  function start(): void {
    trying = tidy().catch((cause: unknown) => {
      log.warn("temporary files not removed", {
        error: cause instanceof Error ? cause.message : String(cause),
      });
      if (!stopped) cancel = clock.after(PAUSE, start);
    });
  }

  return {
    start,
    stop() {
      stopped = true;
      cancel();
      return trying;
    },
  };
}
