import { assertEquals, assertRejects } from "@std/assert";
import { makeWaves } from "../../src/delivery/waves.ts";
import { manualClock, settle } from "../log/manual_clock.ts";

/** Waves of work that is done when the test says so. */
function fixture() {
  const clock = manualClock("2026-11-23T02:51:03Z");
  const inWaves = makeWaves(clock);
  const begun: string[] = [];
  const works = new Map<string, PromiseWithResolvers<string>>();
  return {
    clock,
    begun,
    /** Hands work over; `finish` and `fail` end it. */
    start(name: string): Promise<string> {
      const work = Promise.withResolvers<string>();
      works.set(name, work);
      return inWaves(() => {
        begun.push(name);
        return work.promise;
      });
    },
    async finish(...names: readonly string[]) {
      for (const name of names) works.get(name)!.resolve(name);
      await settle();
    },
    fail: (name: string) => works.get(name)!.reject(new Error(name)),
  };
}

Deno.test("makeWaves() begins at once when nothing is under way", async () => {
  const { begun, start, finish, clock } = fixture();
  const one = start("1");
  assertEquals(begun, ["1"]);
  await finish("1");
  assertEquals(await one, "1");
  start("2");
  assertEquals(begun, ["1", "2"]);
  await finish("2");
  assertEquals(clock.waiting, 0);
});

Deno.test("makeWaves() gathers what comes meanwhile into the next wave", async () => {
  const { begun, start, finish } = fixture();
  for (const name of ["1", "2", "3"]) start(name);
  await settle();
  assertEquals(begun, ["1"]);
  await finish("1");
  assertEquals(begun, ["1", "2", "3"]);
  start("4");
  await finish("2");
  assertEquals(begun, ["1", "2", "3"]);
  await finish("3");
  assertEquals(begun, ["1", "2", "3", "4"]);
  await finish("4");
});

Deno.test("makeWaves() passes failures on, and goes on", async () => {
  const { begun, start, finish, fail } = fixture();
  const one = start("1");
  start("2");
  fail("1");
  await assertRejects(() => one, Error, "1");
  await settle();
  assertEquals(begun, ["1", "2"]);
  await finish("2");
});

Deno.test("makeWaves() doesn't wait long for what is slow", async () => {
  const { begun, start, finish, clock } = fixture();
  start("slow");
  start("2");
  await clock.advance(49);
  assertEquals(begun, ["slow"]);
  await clock.advance(1);
  assertEquals(begun, ["slow", "2"]);
  start("3");
  await finish("slow");
  assertEquals(begun, ["slow", "2"]);
  await finish("2");
  assertEquals(begun, ["slow", "2", "3"]);
  await finish("3");
  assertEquals(clock.waiting, 0);
});
