import type { Clock } from "../ports/clock.ts";

/**
 * Makes IDs for messages and sessions: each above all made before, even if the clock jumps back.
 *
 * An ID is an integer of at most 53 bits: milliseconds since 2024 (until 2093), then 12 bits that
 * start at random in each millisecond and count on, into the next millisecond if they overflow.
 *
 * Two makers at work at the same time never make the same if one makes even and the other odd IDs.
 *
 * @param options.random A number from 0 up to, not including, 1.
 * @param options.parity Which integers the IDs are; any by default.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { makeIds, timeOfId } from "./id.ts";
 *
 * const clock = { now: () => Date.UTC(2026, 0, 1), after: () => () => {} };
 * const nextId = makeIds({ clock, random: () => 0 });
 * const first = nextId();
 *
 * assert(nextId() > first);
 * assertEquals(timeOfId(first), Date.UTC(2026, 0, 1));
 * ```
 */
export function makeIds(
  { clock, random, parity }: {
    readonly clock: Pick<Clock, "now">;
    readonly random: () => number;
    readonly parity?: "even" | "odd";
  },
): () => string {
  const step = parity === undefined ? 1 : 2;
  const remainder = parity === "odd" ? 1 : 0;
  let last = remainder - step;
  return () => {
    const time = Math.max(0, clock.now() - EPOCH);
    // Starting in the lower half leaves room to count within the millisecond.
    const start = Math.floor(random() * (SEQUENCES / 2 / step)) * step;
    last = Math.max(last + step, time * SEQUENCES + start + remainder);
    return formatId(last);
  };
}

/**
 * The text form: 11 characters of Crockford's base 32, which sort as the integers do.
 *
 * @param id An integer from 0 to `Number.MAX_SAFE_INTEGER`; throws a RangeError otherwise.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatId } from "./id.ts";
 *
 * assertEquals(formatId(1024), "00000000100");
 * ```
 */
export function formatId(id: number): string {
  if (!Number.isSafeInteger(id) || id < 0) {
    throw new RangeError(
      `Cannot format ID: it must be an integer of at most 53 bits: ${id}`,
    );
  }
  let text = "";
  for (let rest = id; text.length < LENGTH; rest = Math.floor(rest / 32)) {
    text = DIGITS.charAt(rest % 32) + text;
  }
  return text;
}

/**
 * The integer behind a text form; `undefined` for text that isn't one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseId } from "./id.ts";
 *
 * assertEquals(parseId("00000000100"), 1024);
 * assertEquals(parseId("../../etc/x"), undefined);
 * ```
 */
export function parseId(text: string): number | undefined {
  if (text.length !== LENGTH) return undefined;
  let id = 0;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return undefined;
    id = id * 32 + digit;
  }
  return Number.isSafeInteger(id) ? id : undefined;
}

/**
 * When an ID was made, in milliseconds since the Unix epoch; `undefined` for text that isn't one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { timeOfId } from "./id.ts";
 *
 * assertEquals(timeOfId("00000000000"), Date.UTC(2024, 0, 1));
 * ```
 */
export function timeOfId(text: string): number | undefined {
  const id = parseId(text);
  return id === undefined ? undefined : EPOCH + Math.floor(id / SEQUENCES);
}

const EPOCH = Date.UTC(2024, 0, 1);
const SEQUENCES = 2 ** 12;
const LENGTH = 11;
/** Crockford's: no I, L, O or U, so that an ID read aloud or copied by hand comes out right. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
