import { assertEquals, assertRejects } from "@std/assert";
import { shareRuns } from "../../src/ports/shared_run.ts";
import { settle } from "../log/manual_clock.ts";

/** A task whose runs end when told. */
function slowTask() {
  const runs: PromiseWithResolvers<void>[] = [];
  const run = shareRuns(() => {
    runs.push(Promise.withResolvers());
    return runs.at(-1)!.promise;
  });
  return { run, runs };
}

Deno.test("shareRuns() starts one more run for all who call during a run", async () => {
  const { run, runs } = slowTask();
  const first = run();
  await settle();
  const others = [run(), run(), run()];
  await settle();
  assertEquals(runs.length, 1);
  runs[0]!.resolve();
  await first;
  await settle();
  assertEquals(runs.length, 2);
  runs[1]!.resolve();
  await Promise.all(others);
});

Deno.test("shareRuns() tells a failure to those who shared the run, and goes on", async () => {
  const { run, runs } = slowTask();
  const first = run();
  await settle();
  const second = run();
  runs[0]!.reject(new Error("Broken"));
  await assertRejects(() => first, Error, "Broken");
  await settle();
  runs[1]!.resolve();
  await second;
});
