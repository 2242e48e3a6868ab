import type { Clock } from "./clock.ts";

/**
 * Why a wait ended before what was waited for came: it took too long, we stop, or another
 * connection needs the room of this one.
 */
export type Interruption = "timeout" | "stop" | "room";

/** What may end a wait besides its limit. */
export interface WaitOptions {
  /** Whether the server's stop does. */
  readonly stoppable?: boolean;
  /**
   * Whether the need of room for another connection does, as it does unless this is `false`: where
   * it isn't the peer who holds things up, or ending the wait makes no room.
   */
  readonly evictable?: boolean;
}

/** One connection's waits. To be disposed of when the connection ends. */
export interface Waiter extends Disposable {
  /**
   * Waits for `work`, but no longer than until `limit` milliseconds have been waited since the last
   * progress, in this wait and those before it, or until something else ends the wait. Work that lost
   * the race goes on unheard: close what it works on. One wait at a time.
   */
  wait<Result>(
    work: Promise<Result>,
    limit: number,
    options?: WaitOptions,
  ): Promise<Result | Interruption>;
  /** Takes note that the peer did its part: time limits begin anew. To be called between waits. */
  progress(): void;
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
  readonly #owner: Owner = {
    now: () => this.#clock.now(),
    isOver: (stoppable) => this.#hurried || (stoppable && this.#stopping),
    forget: (wait) => {
      this.#waits.delete(wait);
      if (this.#waits.size === 0) this.#stopTimer();
    },
  };

  /** `tick` is how late, in milliseconds, a time limit may be noticed. */
  constructor(clock: Clock, { tick = 500 }: { readonly tick?: number } = {}) {
    this.#clock = clock;
    this.#tick = tick;
  }

  /** Waits for a new connection. */
  waiter(): Waiter {
    const wait = new Wait(this.#owner);
    this.#waits.add(wait);
    this.#startTimer();
    return wait;
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

  /**
   * Ends the evictable wait of who has kept us waiting longest since the last progress, if for
   * `leastWait` milliseconds or more. Returns whether there was one.
   */
  evict(leastWait: number): boolean {
    const now = this.#clock.now();
    let slowest: Wait | undefined;
    let longest = leastWait;
    for (const wait of this.#waits) {
      if (!wait.evictable) continue;
      const waited = wait.waited(now);
      if (waited === undefined || waited < longest) continue;
      slowest = wait;
      longest = waited;
    }
    slowest?.end("room");
    return slowest !== undefined;
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

/** What all connections' waits have in common. */
interface Owner {
  readonly now: () => number;
  /** Whether such waits end before they begin. */
  readonly isOver: (stoppable: boolean) => boolean;
  readonly forget: (wait: Wait) => void;
}

/** A connection's wait, which may or may not be going on. */
class Wait implements Waiter {
  /** When it ends at the latest; `Infinity` while nothing is waited for. */
  deadline = Infinity;
  stoppable = false;
  evictable = false;
  readonly #owner: Owner;
  #since = 0;
  /** Milliseconds of the waits since the last progress that are over. */
  #waited = 0;
  #interrupt: ((reason: Interruption) => void) | undefined;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  wait<Result>(
    work: Promise<Result>,
    limit: number,
    { stoppable = false, evictable = true }: WaitOptions = {},
  ): Promise<Result | Interruption> {
    if (this.#owner.isOver(stoppable)) {
      // Nobody will hear of it, so its failure must not go unhandled.
      work.catch(() => {});
      return Promise.resolve("stop");
    }
    return new Promise((resolve, reject) => {
      this.#since = this.#owner.now();
      this.deadline = this.#since + limit - this.#waited;
      this.stoppable = stoppable;
      this.evictable = evictable;
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

  progress(): void {
    this.#waited = 0;
  }

  [Symbol.dispose](): void {
    this.#owner.forget(this);
  }

  /** Milliseconds waited since the last progress; `undefined` while nothing is waited for. */
  waited(now: number): number | undefined {
    return this.#interrupt && this.#waited + now - this.#since;
  }

  /** Work that was given up long ago must not end the wait of today. */
  #rest(whose: ((reason: Interruption) => void) | undefined): void {
    if (whose === undefined || this.#interrupt !== whose) return;
    this.#waited += this.#owner.now() - this.#since;
    this.#interrupt = undefined;
    this.deadline = Infinity;
    this.stoppable = false;
    this.evictable = false;
  }
}
