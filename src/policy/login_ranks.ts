import type { Clock } from "../ports/clock.ts";
import type { Rank } from "./fair_turns.ts";
import { ShortMemory } from "./short_memory.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Milliseconds: users come back within a month, and guessers are other users a day later. */
const MEMORY = { proved: 30 * DAY, failed: DAY };

/**
 * Who is heard first when more clients want to log in than passwords can be checked: those from
 * where somebody has logged in before, then those of whom nothing is known, and last those who have
 * guessed wrong. So whoever guesses from many addresses at once keeps only newcomers waiting, and
 * those only with the first guess of each address.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LoginRanks } from "./login_ranks.ts";
 *
 * const ranks = new LoginRanks({ now: () => 0 });
 * ranks.proved("192.0.2.1/32");
 * ranks.failed("192.0.2.2/32");
 * assertEquals(ranks.of("192.0.2.1/32"), 0);
 * assertEquals(ranks.of("192.0.2.2/32"), 2);
 * assertEquals(ranks.of("192.0.2.3/32"), 1);
 * ```
 */
export class LoginRanks {
  // Two memories: however many fail, none of those who proved who they are is forgotten for it.
  readonly #proved: ShortMemory<true>;
  readonly #failed: ShortMemory<true>;

  constructor(clock: Pick<Clock, "now">) {
    this.#proved = new ShortMemory({ lifetime: MEMORY.proved, clock });
    this.#failed = new ShortMemory({ lifetime: MEMORY.failed, clock });
  }

  /** The rank of a client group. A success counts for more than failures: people mistype. */
  of(group: string): Rank {
    if (this.#proved.recall(group) !== undefined) return 0;
    return this.#failed.recall(group) === undefined ? 1 : 2;
  }

  /** Somebody of the group has logged in. */
  proved(group: string): void {
    this.#proved.note(group, true);
  }

  /** Somebody of the group has failed to. */
  failed(group: string): void {
    this.#failed.note(group, true);
  }
}
