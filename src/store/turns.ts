/** Runs a task once those with the same key that were given before it have ended. */
export type InTurn = <Result>(
  key: string,
  task: () => Promise<Result>,
) => Promise<Result>;

/**
 * Makes tasks with the same key run one after another, in the order given, and others freely. A
 * task that fails holds up nobody.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { takeTurns } from "./turns.ts";
 *
 * const inTurn = takeTurns();
 * const order: number[] = [];
 * const first = inTurn("petya", async () => {
 *   await Promise.resolve();
 *   order.push(1);
 * });
 * const second = inTurn("petya", () => Promise.resolve(order.push(2)));
 * await Promise.all([first, second]);
 * assertEquals(order, [1, 2]);
 * ```
 */
export function takeTurns(): InTurn {
  /** The last task given for each key, as long as it has not ended. Never rejects. */
  const last = new Map<string, Promise<void>>();

  return (key, task) => {
    const result = (last.get(key) ?? Promise.resolve()).then(task);
    const ended = result.then(forget, forget);
    last.set(key, ended);
    return result;

    function forget(): void {
      if (last.get(key) === ended) last.delete(key);
    }
  };
}
