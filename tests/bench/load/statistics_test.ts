import { assertEquals, assertThrows } from "@std/assert";
import { mean, median, percentile } from "./statistics.ts";

Deno.test("median() is the middle, whatever the order", () => {
  assertEquals(median([5]), 5);
  assertEquals(median([300, 20, 1000]), 300);
  assertEquals(median([4, 2]), 3);
});

Deno.test("median() leaves its values as they were", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
});

Deno.test("percentile() is the nearest rank", () => {
  const values = Array.from({ length: 1_000 }, (_, index) => index + 1);
  assertEquals(percentile(values, 0), 1);
  assertEquals(percentile(values, 0.5), 500);
  assertEquals(percentile(values, 0.99), 990);
  assertEquals(percentile(values, 1), 1_000);
  assertEquals(percentile([7], 0.5), 7);
});

Deno.test("no figure is made of nothing", () => {
  assertThrows(() => mean([]), RangeError);
  assertThrows(() => median([]), RangeError);
  assertThrows(() => percentile([], 0.5), RangeError);
});
