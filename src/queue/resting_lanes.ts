import type { Clock } from "../ports/clock.ts";
import type { Outcome } from "./delivery.ts";

/** Why a lane rests, and until when. */
export interface Rest {
  /** What was answered when the trouble was found. */
  readonly reply: string;
  /** Who answered it. */
  readonly host: string;
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
}

/**
 * Lanes in which nothing is tried for a while, since a try found their destination in trouble: a
 * thousand messages to a host that is down cost one connection, not a thousand.
 */
export interface RestingLanes {
  /** The rest that a lane takes now, if it does. */
  of(lane: string): Rest | undefined;
  /** Learns from a try in a lane: it rests, or all is well with it. */
  learn(lane: string, outcomes: readonly Outcome[]): void;
  /** Ends every rest, for when somebody knows better. */
  endAll(): void;
}

/** Makes lanes that all work; one in trouble rests for `length` milliseconds. */
export function makeRestingLanes(
  { clock, length }: {
    readonly clock: Pick<Clock, "now">;
    readonly length: number;
  },
): RestingLanes {
  const rests = new Map<string, Rest>();
  return {
    of(lane) {
      const rest = rests.get(lane);
      return rest && isGoingOn(rest) ? rest : undefined;
    },

    learn(lane, outcomes) {
      const trouble = outcomes.find(({ scope }) => scope === "lane");
      if (trouble === undefined) {
        rests.delete(lane);
      } else if (this.of(lane) === undefined) {
        forgetEnded();
        const { reply, host } = trouble;
        rests.set(lane, { reply, host, until: clock.now() + length });
      }
    },

    endAll: () => rests.clear(),
  };

  /** One that seems to last longer than any does was begun before the clock was put back. */
  function isGoingOn({ until }: Rest): boolean {
    const left = until - clock.now();
    return left > 0 && left <= length;
  }

  function forgetEnded(): void {
    for (const [lane, rest] of rests) if (!isGoingOn(rest)) rests.delete(lane);
  }
}
