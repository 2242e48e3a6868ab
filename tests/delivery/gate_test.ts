import { assertEquals, assertRejects } from "@std/assert";
import { makeGate } from "../../src/delivery/gate.ts";
import { quiet } from "../queue/fakes.ts";

Deno.test("makeGate() lets in so many at a time, in the order they came", async () => {
  const gate = makeGate(2);
  const inside: number[] = [];
  const doors = Array.from(
    { length: 4 },
    () => Promise.withResolvers<number>(),
  );
  const tasks = doors.map(({ promise }, number) =>
    gate(() => {
      inside.push(number);
      return promise;
    })
  );
  await quiet();
  assertEquals(inside, [0, 1]);
  doors[1]!.resolve(10);
  assertEquals(await tasks[1], 10);
  await quiet();
  assertEquals(inside, [0, 1, 2]);
  for (const { resolve } of doors) resolve(0);
  await Promise.all(tasks);
  assertEquals(inside, [0, 1, 2, 3]);
});

Deno.test("makeGate() lets the next in when a task fails", async () => {
  const gate = makeGate(1);
  const failing = gate(() => Promise.reject(new Error("Cannot do it")));
  const next = gate(() => Promise.resolve("done"));
  await assertRejects(() => failing, Error, "Cannot do it");
  assertEquals(await next, "done");
  assertEquals(await gate(() => Promise.resolve("again")), "again");
});
