import type { Clock } from "../ports/clock.ts";

/** Keys of a generation: millions of addresses must not fill the machine's memory. */
const GENERATION = 50_000;

/** What was noted last about a key. */
export interface Note<Value> {
  readonly value: Value;
  /** Milliseconds since then, less than the memory's lifetime. */
  readonly age: number;
}

/**
 * Remembers a value by its key for a while, 100,000 keys at most. When there are too many, those are
 * forgotten early that were noted longest ago, but none of the last 50,000. Each call takes the same
 * time, however much is remembered.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ShortMemory } from "./short_memory.ts";
 *
 * let now = 0;
 * const memory = new ShortMemory<string>({ lifetime: 60_000, clock: { now: () => now } });
 * memory.note("192.0.2.1", "came too often");
 * now += 59_999;
 * assertEquals(memory.recall("192.0.2.1"), { value: "came too often", age: 59_999 });
 * now += 1;
 * assertEquals(memory.recall("192.0.2.1"), undefined);
 * ```
 */
export class ShortMemory<Value> {
  readonly #lifetime: number;
  readonly #clock: Pick<Clock, "now">;
  // Two generations, as taking the oldest keys out of one Map one by one gets slow: the holes stay.
  #young = new Map<string, Noted<Value>>();
  #old = new Map<string, Noted<Value>>();
  /** When the young generation began. */
  #since = -Infinity;

  /** `lifetime` is in milliseconds. */
  constructor({ lifetime, clock }: {
    readonly lifetime: number;
    readonly clock: Pick<Clock, "now">;
  }) {
    this.#lifetime = lifetime;
    this.#clock = clock;
  }

  /** What was noted last about a key, if that wasn't too long ago. */
  recall(key: string): Note<Value> | undefined {
    const noted = this.#young.get(key) ?? this.#old.get(key);
    if (noted === undefined) return undefined;
    const now = this.#clock.now();
    // A clock that was put back must not make anything last for hours more.
    noted.at = Math.min(noted.at, now);
    const age = now - noted.at;
    return age < this.#lifetime ? { value: noted.value, age } : undefined;
  }

  /** Notes a value in place of what was noted before. */
  note(key: string, value: Value): void {
    const now = this.#clock.now();
    const isFull = this.#young.size >= GENERATION;
    // Once the young generation is that old, nothing of the old one is of use.
    if (isFull || now - this.#since >= this.#lifetime) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#since = now;
    }
    this.#young.set(key, { value, at: now });
  }
}

/** A value, and when it was noted. */
interface Noted<Value> {
  readonly value: Value;
  at: number;
}
