import { assertEquals } from "@std/assert";
import { simulate } from "./simulation.ts";

/** Seeds in one test. */
const SOME = 40;

/**
 * Tests the stories of the seeds from `from` up to, not including, `to`. Each file of them runs by
 * itself, so that `deno test --parallel` uses every core.
 */
export function testStories(from: number, to: number): void {
  for (let first = from; first < to; first += SOME) {
    const end = Math.min(first + SOME, to);
    Deno.test(`every promise is kept in stories ${first} to ${end - 1}`, async () => {
      for (let seed = first; seed < end; seed++) {
        const { faults } = await simulate(seed);
        assertEquals(faults, [], `deno task simulate --seed ${seed}`);
      }
    });
  }
}
