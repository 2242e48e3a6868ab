import { assert, assertEquals } from "@std/assert";
import { ShortMemory } from "../../src/policy/short_memory.ts";

function setting() {
  const time = { now: 1_000_000 };
  const memory = new ShortMemory<number>({
    lifetime: 1_000,
    clock: { now: () => time.now },
  });
  return { time, memory };
}

Deno.test("recall() knows the last value noted, and how long ago", () => {
  const { time, memory } = setting();
  memory.note("a", 1);
  memory.note("b", 2);
  time.now += 400;
  memory.note("a", 3);
  time.now += 500;
  assertEquals(memory.recall("a"), { value: 3, age: 500 });
  assertEquals(memory.recall("b"), { value: 2, age: 900 });
  time.now += 100;
  assertEquals(memory.recall("b"), undefined);
  assertEquals(memory.recall("a")?.value, 3);
});

Deno.test("note() forgets what was noted longest ago rather than grow", () => {
  const { memory } = setting();
  memory.note("first", 0);
  memory.note("second", 0);
  for (let key = 0; key < 49_999; key++) memory.note(`${key}`, key);
  assertEquals(memory.recall("first")?.value, 0);
  memory.note("first", 1);
  for (let key = 0; key < 49_999; key++) memory.note(`more ${key}`, key);
  assertEquals(memory.recall("first")?.value, 1);
  assertEquals(memory.recall("second"), undefined);
});

Deno.test("note() forgets most of a million keys, and none of the last", () => {
  const { memory } = setting();
  for (let key = 0; key < 1_000_000; key++) memory.note(`${key}`, key);
  let known = 0;
  for (let key = 0; key < 950_000; key++) {
    if (memory.recall(`${key}`)) known++;
  }
  assert(known <= 50_000, `${known}`);
  for (let key = 950_000; key < 1_000_000; key++) {
    assertEquals(memory.recall(`${key}`)?.value, key);
  }
});

Deno.test("note() forgets nothing before its time, however long others take", () => {
  const { time, memory } = setting();
  for (let step = 0; step < 50; step++) {
    memory.note(`${step}`, step);
    time.now += 100;
    for (let age = 1; age < 10 && age <= step + 1; age++) {
      const key = `${step + 1 - age}`;
      assertEquals(memory.recall(key)?.age, 100 * age, key);
    }
  }
});

Deno.test("recall() lets nothing last longer when the clock is put back", () => {
  const { time, memory } = setting();
  memory.note("a", 1);
  time.now -= 500_000;
  assertEquals(memory.recall("a"), { value: 1, age: 0 });
  time.now += 1_000;
  assertEquals(memory.recall("a"), undefined);
});
