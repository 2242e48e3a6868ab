import { assertEquals } from "@std/assert";
import { parseStat } from "./processes.ts";

Deno.test("parseStat() finds parent and CPU behind any name", () => {
  const rest = "S 7 42 42 0 -1 0 1 2 3 4 100 20 3 4 20 0 1 0 99";
  for (const name of ["deno", "a b", "a) R 1 (b", ")"]) {
    const found = parseStat(`42 (${name}) ${rest}`);
    assertEquals(found, { parent: 7, ticks: 127, systemTicks: 24 });
  }
});

Deno.test("parseStat() has nothing to say of a process that has gone", () => {
  assertEquals(parseStat(""), undefined);
});
