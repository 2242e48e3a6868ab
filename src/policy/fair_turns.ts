/** A turn that has come. Disposing of it, which must be done once, lets the next one in. */
export type Turn = Disposable;

/** How soon it is somebody's turn: those of a lower rank go first, whenever they came. */
export type Rank = 0 | 1 | 2;

/** What begins the turns of those who wait, in the order they came. */
type Queue = Set<() => void>;

/**
 * Lets a few at a time do something: by their rank, and those of a rank in the order they came.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Turns } from "./fair_turns.ts";
 *
 * const turns = new Turns({ atOnce: 1, waiting: 1 });
 * const { signal } = new AbortController();
 * const first = await turns.take(signal);
 * const second = turns.take(signal);
 * assertEquals(await turns.take(signal), undefined);
 * first?.[Symbol.dispose]();
 * (await second)?.[Symbol.dispose]();
 * ```
 */
export class Turns {
  readonly #atOnce: number;
  readonly #room: number;
  /** By rank. */
  readonly #waiting: readonly [Queue, Queue, Queue] = [
    new Set(),
    new Set(),
    new Set(),
  ];
  #taken = 0;

  /** `waiting` is how many of each rank may wait. */
  constructor({ atOnce, waiting }: {
    readonly atOnce: number;
    readonly waiting: number;
  }) {
    this.#atOnce = atOnce;
    this.#room = waiting;
  }

  /** Whether nobody has a turn, nor waits for one. */
  get idle(): boolean {
    return this.#taken === 0;
  }

  /**
   * A turn, once it comes; `undefined` when too many of the rank wait, and when `signal` ends the
   * wait.
   */
  take(signal: AbortSignal, rank: Rank = 0): Promise<Turn | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#taken < this.#atOnce) {
      this.#taken++;
      return Promise.resolve(this.#turn());
    }
    const waiting = this.#waiting[rank];
    return waiting.size < this.#room
      ? this.#wait(waiting, signal)
      : Promise.resolve(undefined);
  }

  #wait(waiting: Queue, signal: AbortSignal): Promise<Turn | undefined> {
    return new Promise((resolve) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve(this.#turn());
      };
      const leave = () => {
        waiting.delete(begin);
        resolve(undefined);
      };
      waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #turn(): Turn {
    return {
      [Symbol.dispose]: () => {
        const next = this.#next();
        if (next === undefined) this.#taken--;
        else next();
      },
    };
  }

  #next(): (() => void) | undefined {
    for (const waiting of this.#waiting) {
      const [next] = waiting;
      if (next === undefined) continue;
      waiting.delete(next);
      return next;
    }
    return undefined;
  }
}

/**
 * Lets one of each group at a time do something, in the order they came. Whoever takes turns here
 * first and then in common {@linkcode Turns} waits there for one of each other group at most,
 * however many those are.
 */
export class GroupTurns {
  readonly #room: number;
  readonly #groups = new Map<string, Turns>();

  /** `waiting` is how many of a group may wait. */
  constructor({ waiting }: { readonly waiting: number }) {
    this.#room = waiting;
  }

  /** A turn, once it comes; `undefined` when too many wait, and when `signal` ends the wait. */
  async take(group: string, signal: AbortSignal): Promise<Turn | undefined> {
    const turns = this.#groups.get(group) ??
      new Turns({ atOnce: 1, waiting: this.#room });
    this.#groups.set(group, turns);
    const forget = () => {
      if (turns.idle) this.#groups.delete(group);
    };
    const turn = await turns.take(signal);
    if (turn === undefined) {
      forget();
      return undefined;
    }
    return {
      [Symbol.dispose]() {
        turn[Symbol.dispose]();
        forget();
      },
    };
  }
}
