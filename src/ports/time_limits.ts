import type { Clock } from "./clock.ts";

/** Why a wait ended before what was waited for came. */
export type Interruption = "timeout" | "stop";

/** One connection's waits. To be disposed of when the connection ends. */
export interface Waiter extends Disposable {
  /**
   * Waits for `work`, but no longer than `limit` milliseconds; and, if `stoppable`, not once the
   * server stops. Work that lost the race goes on unheard: close what it works on. One wait at a
   * time.
   */
  wait<Result>(
    work: Promise<Result>,
    limit: number,
    options?: { readonly stoppable?: boolean },
  ): Promise<Result | Interruption>;
}

/**
 * The time limits of all connections, with one timer for all: a timer of its own for each of many
 * thousands of reads a second would cost more than the reads.
 */
export class TimeLimits {
  readonly #clock: Clock;
  readonly #tick: number;
  readonly #waits = new Set<Wait>();
  #cancelTimer: (() => void) | undefined;
  #stopping = false;
  #hurried = false;

  /** `tick` is how late, in milliseconds, a time limit may be noticed. */
  constructor(clock: Clock, { tick = 500 }: { readonly tick?: number } = {}) {
    this.#clock = clock;
    this.#tick = tick;
  }

  /** Waits for a new connection. */
  waiter(): Waiter {
    const wait = new Wait();
    this.#waits.add(wait);
    this.#startTimer();
    return {
      wait: (work, limit, { stoppable = false } = {}) => {
        if (this.#hurried || (stoppable && this.#stopping)) {
          // Nobody will hear of it, so its failure must not go unhandled.
          work.catch(() => {});
          return Promise.resolve("stop");
        }
        return wait.start(work, this.#clock.now() + limit, stoppable);
      },
      [Symbol.dispose]: () => {
        this.#waits.delete(wait);
        if (this.#waits.size === 0) this.#stopTimer();
      },
    };
  }

  /** Ends every stoppable wait, now and from now on. */
  stop(): void {
    this.#stopping = true;
    for (const wait of this.#waits) if (wait.stoppable) wait.end("stop");
  }

  /** Ends every wait, now and from now on. */
  hurry(): void {
    this.#hurried = true;
    for (const wait of this.#waits) wait.end("stop");
  }

  #startTimer(): void {
    this.#cancelTimer ??= this.#clock.after(this.#tick, () => {
      this.#cancelTimer = undefined;
      const now = this.#clock.now();
      for (const wait of this.#waits) {
        if (wait.deadline <= now) wait.end("timeout");
      }
      if (this.#waits.size > 0) this.#startTimer();
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

/** A wait that may or may not be going on. */
class Wait {
  /** When it ends at the latest; `Infinity` while nothing is waited for. */
  deadline = Infinity;
  stoppable = false;
  #interrupt: ((reason: Interruption) => void) | undefined;

  start<Result>(
    work: Promise<Result>,
    deadline: number,
    stoppable: boolean,
  ): Promise<Result | Interruption> {
    return new Promise((resolve, reject) => {
      this.deadline = deadline;
      this.stoppable = stoppable;
      this.#interrupt = resolve;
      work.then(
        (result) => {
          this.#rest(resolve);
          resolve(result);
        },
        (cause) => {
          this.#rest(resolve);
          reject(cause);
        },
      );
    });
  }

  end(reason: Interruption): void {
    const interrupt = this.#interrupt;
    this.#rest(interrupt);
    interrupt?.(reason);
  }

  /** Work that was given up long ago must not end the wait of today. */
  #rest(whose: ((reason: Interruption) => void) | undefined): void {
    if (this.#interrupt !== whose) return;
    this.#interrupt = undefined;
    this.deadline = Infinity;
    this.stoppable = false;
  }
}
