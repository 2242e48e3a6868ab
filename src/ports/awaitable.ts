/** What is there, or will be. */
export type Awaitable<Value> = Value | Promise<Value>;

/**
 * Goes on with a value: at once if it is there, else when it is. To wait for what is there costs a turn
 * of the promises' queue and several objects, for each of the questions that a message asks.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { andThen } from "./awaitable.ts";
 *
 * assertEquals(andThen(1, (value) => value + 1), 2);
 * assertEquals(await andThen(Promise.resolve(1), (value) => value + 1), 2);
 * ```
 */
export function andThen<Value, Result>(
  value: Awaitable<Value>,
  next: (value: Value) => Awaitable<Result>,
): Awaitable<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
