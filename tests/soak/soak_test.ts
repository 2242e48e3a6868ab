/** The soak, for a few seconds: long enough for everything to happen, too short to tell of memory. */
import { assertEquals } from "@std/assert";
import { faultsOf, trendsOf } from "./judge.ts";
import { CAN_MEASURE } from "./process.ts";
import { type Sample, soak } from "./soak.ts";
import { DEED_NAMES } from "./traffic.ts";

Deno.test({
  name: "smtpd lets go of all that a mixed load took, and loses no mail of it",
  ignore: !CAN_MEASURE,
  fn: async () => {
    const soaked = await soak({ seconds: 8, rate: 25, every: 1, seed: 1 });
    assertEquals(faultsOf(soaked), []);
    assertEquals([...soaked.done.keys()].sort(), [...DEED_NAMES].sort());
  },
});

function samples(heapOf: (second: number) => number): readonly Sample[] {
  return Array.from({ length: 60 }, (_, second) => ({
    second,
    ...{ files: 30, sockets: 10, threads: 20, resident: 100 },
    heap: heapOf(second),
    ...{ acknowledged: second, pending: 0 },
  }));
}

Deno.test("trendsOf() tells what rises from what is flat", () => {
  const flat = (heapOf: (second: number) => number) =>
    trendsOf(samples(heapOf)).find(({ name }) => name === "heap")!.isFlat;
  assertEquals(flat(() => 20), true);
  assertEquals(flat((second) => second % 2 * 10 + 20), true);
  assertEquals(flat((second) => second < 6 ? 2 : 20), true);
  assertEquals(flat((second) => 20 + second / 4), false);
});
