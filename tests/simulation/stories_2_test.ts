import { assert, assertEquals } from "@std/assert";
import { simulate } from "./simulation.ts";
import { testStories } from "./stories.ts";

testStories(161, 321);

Deno.test("simulate() tells the same story for the same seed", async () => {
  for (const seed of [3, 7, 12, 45, 67, 2 ** 31]) {
    const [one, other] = [await simulate(seed), await simulate(seed)];
    assertEquals(one.hash, other.hash);
    assertEquals(`${one.counts}`, `${other.counts}`);
  }
  assert((await simulate(1)).hash !== (await simulate(2)).hash);
});
