/**
 * Gathers things, and hands on together what came in one turn of the event loop. What is the last to
 * come before something else that must not overtake it is followed by `flush()`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { eachTurn } from "./each_turn.ts";
 *
 * const handed: string[][] = [];
 * const gathered = eachTurn<string>((things) => handed.push(things));
 * gathered.add("one");
 * gathered.add("two");
 * await new Promise((resolve) => setTimeout(resolve));
 * gathered.add("three");
 * gathered.flush();
 * assertEquals(handed, [["one", "two"], ["three"]]);
 * ```
 */
export function eachTurn<Thing>(
  handOn: (things: Thing[]) => void,
): { add(thing: Thing): void; flush(): void } {
  let gathered: Thing[] = [];

  function flush(): void {
    if (gathered.length === 0) return;
    const things = gathered;
    gathered = [];
    handOn(things);
  }

  return {
    add(thing) {
      if (gathered.push(thing) === 1) setImmediate(flush);
    },
    flush,
  };
}
