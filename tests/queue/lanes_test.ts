import { assertEquals } from "@std/assert";
import { makeLanes } from "../../src/queue/lanes.ts";
import { quiet } from "./fakes.ts";

/** Lanes of tasks that run until they are told to end. */
function setUp({ limit = 1, capacity = 100 } = {}) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const lanes = makeLanes<string>({
    limit: () => limit,
    capacity,
    run(task) {
      started.push(task);
      return new Promise((resolve) => ends.set(task, resolve));
    },
  });
  async function end(task: string): Promise<void> {
    ends.get(task)?.();
    await quiet();
  }
  return { lanes, started, end };
}

Deno.test("makeLanes() runs a lane's tasks in order, within its limit", async () => {
  const { lanes, started, end } = setUp({ limit: 2 });
  for (const task of ["a", "b", "c", "d"]) lanes.offer("lane", task);
  assertEquals(started, ["a", "b"]);
  await end("b");
  assertEquals(started, ["a", "b", "c"]);
  lanes.offer("lane", "e");
  await end("a");
  await end("c");
  assertEquals(started, ["a", "b", "c", "d", "e"]);
});

Deno.test("makeLanes() lets no lane wait for another", () => {
  const { lanes, started } = setUp();
  for (let task = 0; task < 50; task++) lanes.offer("stalled", `s${task}`);
  lanes.offer("healthy", "h");
  assertEquals(started, ["s0", "h"]);
});

Deno.test("makeLanes() refuses what a full lane can't take", () => {
  const { lanes } = setUp({ capacity: 2 });
  const offers = ["a", "b", "c", "d"].map((task) => lanes.offer("lane", task));
  assertEquals(offers, [true, true, true, false]);
  assertEquals(lanes.offer("other", "e"), true);
});

Deno.test("makeLanes() starts nothing once closed, and is idle when the rest ended", async () => {
  const { lanes, started, end } = setUp();
  lanes.offer("lane", "a");
  lanes.offer("lane", "b");
  lanes.close();
  let idle = false;
  const whenIdle = lanes.idle().then(() => idle = true);
  await quiet();
  assertEquals(idle, false);
  await end("a");
  await whenIdle;
  assertEquals(started, ["a"]);
  assertEquals(lanes.counts(), { waiting: 1, running: 0 });
});

Deno.test("makeLanes() is idle at first", async () => {
  await setUp().lanes.idle();
});

Deno.test("withdraw() takes out tasks that wait, and leaves the rest in order", async () => {
  const { lanes, started, end } = setUp();
  for (const task of ["a", "b", "c"]) lanes.offer("lane", task);
  await end("a");
  // Now "b" runs and "c" is near its turn; these come after it.
  for (const task of ["d", "e", "f"]) lanes.offer("lane", task);
  lanes.offer("other", "g");
  const withdrawn = lanes.withdraw((task) => "bceg".includes(task));
  assertEquals([...withdrawn].sort(), ["c", "e"]);
  assertEquals(lanes.counts(), { waiting: 2, running: 2 });
  for (const task of ["b", "d", "f", "g"]) await end(task);
  assertEquals(started, ["a", "b", "g", "d", "f"]);
  assertEquals(lanes.counts(), { waiting: 0, running: 0 });
});
