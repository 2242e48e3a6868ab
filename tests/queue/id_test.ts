import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatId, makeIds, parseId, timeOfId } from "../../src/queue/id.ts";
import { START } from "./fakes.ts";

Deno.test("makeIds() makes IDs that sort by time", () => {
  let now = START;
  const nextId = makeIds({ clock: { now: () => now }, random: () => 0.999 });
  const ids = Array.from({ length: 1000 }, () => {
    now += 7;
    return nextId();
  });
  assertEquals([...ids].sort(), ids);
  assertEquals(ids.map(timeOfId).at(-1), now);
});

Deno.test("makeIds() goes on when the clock jumps back", () => {
  let now = START;
  const nextId = makeIds({ clock: { now: () => now }, random: () => 0.5 });
  const before = nextId();
  now -= 3_600_000;
  assert(nextId() > before);
});

Deno.test("makeIds() goes on past the sequences of a millisecond", () => {
  const nextId = makeIds({
    clock: { now: () => START },
    random: () => 0.999,
  });
  const ids = Array.from({ length: 10_000 }, nextId);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals([...ids].sort(), ids);
});

Deno.test("makeIds() starts each millisecond where chance has it", () => {
  const first = makeIds({ clock: { now: () => START }, random: () => 0.1 });
  const second = makeIds({ clock: { now: () => START }, random: () => 0.2 });
  assert(first() !== second());
});

Deno.test("makeIds() never makes the same as a maker of another parity", () => {
  for (const [parity, remainder] of [["even", 0], ["odd", 1]] as const) {
    for (const time of [START, 0]) {
      let now = time;
      const nextId = makeIds({
        clock: { now: () => now },
        random: Math.random,
        parity,
      });
      const ids = Array.from({ length: 10_000 }, (_, count) => {
        if (count % 100 === 0) now += count % 3 - 1;
        return nextId();
      });
      assertEquals(new Set(ids).size, ids.length);
      assertEquals([...ids].sort(), ids);
      for (const id of ids) assertEquals(parseId(id)! % 2, remainder);
    }
  }
});

Deno.test("formatId() and parseId() are inverses", () => {
  for (const id of [0, 1, 31, 32, 2 ** 41, Number.MAX_SAFE_INTEGER]) {
    const text = formatId(id);
    assertEquals(text.length, 11);
    assertEquals(parseId(text), id);
  }
});

Deno.test("formatId() refuses what isn't an integer of 53 bits", () => {
  for (const id of [-1, 0.5, 2 ** 53, NaN]) {
    assertThrows(() => formatId(id), RangeError);
  }
});

Deno.test("parseId() refuses other text", () => {
  const bad = [
    "",
    "0000000000",
    "000000000000",
    "0000000000u",
    "0000000000a",
    "0000000000I",
    "../../../..",
    // 55 bits.
    "ZZZZZZZZZZZ",
  ];
  for (const text of bad) assertEquals(parseId(text), undefined, text);
});
