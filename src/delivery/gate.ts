/** Does a task as soon as it is let in. */
export type Gate = <Result>(task: () => Promise<Result>) => Promise<Result>;

/**
 * Makes a gate that has at most `limit` tasks inside at any time, and lets the others in one by one
 * in the order they came.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeGate } from "./gate.ts";
 *
 * const gate = makeGate(1);
 * const order: number[] = [];
 * const task = (number: number) => async () => {
 *   order.push(number);
 *   await Promise.resolve();
 *   order.push(number);
 * };
 * await Promise.all([gate(task(1)), gate(task(2))]);
 * assertEquals(order, [1, 1, 2, 2]);
 * ```
 */
export function makeGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;

  return async (task) => {
    if (inside < limit) inside++;
    else await new Promise<void>((letIn) => waiting.push(letIn));
    try {
      return await task();
    } finally {
      // Whoever leaves gives the place to the next.
      const next = waiting.shift();
      if (next) next();
      else inside--;
    }
  };
}
