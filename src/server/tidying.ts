import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** Tidies up once, and tries that several times if it must. */
export interface Tidying {
  /** Begins, while everything else goes on. */
  start(): void;
  /** Ends a try that is under way, and makes no other. */
  stop(): Promise<void>;
}

/** Milliseconds until the next try when one has failed. */
const PAUSE = 60_000;

/** Tries at most: what fails so often isn't for us to touch. */
const TRIES = 10;

/** Makes what tidies up after a crash: nobody waits for it, and what fails is tried again. */
export function keepTidy(
  { tidy, clock, log }: {
    /** Tidies up, until `signal` wants an end. */
    readonly tidy: (signal: AbortSignal) => Promise<void>;
    readonly clock: Clock;
    readonly log: Log;
  },
): Tidying {
  let trying = Promise.resolve();
  let cancel = () => {};
  const stopping = new AbortController();
  let tries = 0;

  function start(): void {
    trying = tidy(stopping.signal).catch((cause: unknown) => {
      const again = ++tries < TRIES && !stopping.signal.aborted;
      if (again) cancel = clock.after(PAUSE, start);
      else {
        log.warn("temporary files not removed", {
          error: cause instanceof Error ? cause.message : String(cause),
        });
      }
    });
  }

  return {
    start,
    stop() {
      stopping.abort();
      cancel();
      return trying;
    },
  };
}
