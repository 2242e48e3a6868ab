import { assert, assertEquals } from "@std/assert";
import { clock } from "../../src/system/clock.ts";

Deno.test("clock.now() is the time", () => {
  const before = Date.now();
  const now = clock.now();
  assert(before <= now && now <= Date.now());
});

Deno.test("clock.after() runs a task once its delay is over", async () => {
  const start = performance.now();
  await new Promise<void>((resolve) => clock.after(20, resolve));
  assert(performance.now() - start >= 19);
});

Deno.test("clock.after() does not run a task that was cancelled", async () => {
  let runs = 0;
  const cancel = clock.after(1, () => runs++);
  cancel();
  cancel();
  await new Promise<void>((resolve) => clock.after(10, resolve));
  assertEquals(runs, 0);
});

Deno.test("clock.after() waits for weeks when it must", async () => {
  let runs = 0;
  // setTimeout runs a task with such a delay at once.
  const cancel = clock.after(2 ** 31, () => runs++);
  await new Promise<void>((resolve) => clock.after(10, resolve));
  cancel();
  assertEquals(runs, 0);
});

Deno.test("clock.after() may be cancelled after the task ran", async () => {
  const cancel = await new Promise<() => void>((resolve) => {
    const cancel: () => void = clock.after(1, () => resolve(cancel));
  });
  cancel();
});
