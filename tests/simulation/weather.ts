import type { Random } from "../fuzz/random.ts";

/** How likely it is, from 0 to 1, that each thing goes wrong. */
export interface Weather {
  /** The program dies, at each thing that it asks of the machine. */
  readonly crash: number;
  /** A call to the disk fails. */
  readonly disk: number;
  /** The disk is full for a while, at each call. */
  readonly full: number;
  /** A call to the queue fails. */
  readonly queue: number;
  /** A connection is cut at some octet. */
  readonly cut: number;
  /** Another server misbehaves in a session. */
  readonly server: number;
  /** A question to DNS goes unanswered. */
  readonly dns: number;
}

/** Nothing goes wrong. */
export const CALM: Weather = {
  crash: 0,
  disk: 0,
  full: 0,
  queue: 0,
  cut: 0,
  server: 0,
  dns: 0,
};

/** The weather of a story: mostly everything goes wrong a little, at times one thing a lot. */
export function weather(chance: Random): Weather {
  const force = (usual: number) => chance.pick([0, 0.5, 1, 1, 1, 4]) * usual;
  return {
    crash: force(0.003),
    disk: force(0.01),
    full: force(0.001),
    queue: force(0.03),
    cut: force(0.1),
    server: force(0.2),
    dns: force(0.1),
  };
}
