import { assertEquals } from "@std/assert";
import { watchOrders } from "../../src/queue/watch.ts";
import { fakeClock, fakeLog } from "./fakes.ts";

/** A watch over a queue that answers one of `answers` at each look, and then nothing new. */
function setUp(answers: readonly (readonly string[] | Error)[]) {
  const clock = fakeClock();
  const log = fakeLog();
  const told: (readonly string[])[] = [];
  const left = [...answers];
  const changes = () => {
    const answer = left.shift() ?? [];
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve(answer);
  };
  const watch = watchOrders({
    queue: { changes },
    clock,
    log,
    recall: (ids) => told.push(ids),
  });
  return { clock, log, told, watch };
}

Deno.test("watchOrders() tells of orders within a second", async () => {
  const { clock, told, watch } = setUp([["1"], [], ["2", "3"]]);
  await clock.advance(1000);
  assertEquals(told, [["1"]]);
  await clock.advance(2000);
  assertEquals(told, [["1"], ["2", "3"]]);
  await watch.stop();
});

Deno.test("watchOrders() goes on after failures and says so once", async () => {
  const failure = new Error("disk failed");
  const { clock, log, told, watch } = setUp([
    failure,
    failure,
    ["1"],
    failure,
  ]);
  await clock.advance(3000);
  assertEquals(told, [["1"]]);
  assertEquals(log.of("orders unreadable"), [{ error: "disk failed" }]);
  await clock.advance(1000);
  assertEquals(log.of("orders unreadable").length, 2);
  await watch.stop();
});

Deno.test("stop() ends the watch", async () => {
  const { clock, told, watch } = setUp([["1"]]);
  await watch.stop();
  await clock.advance(5000);
  assertEquals(told, []);
  assertEquals(clock.pending(), 0);
});

Deno.test("stop() waits for a look under way, which tells nothing more", async () => {
  const clock = fakeClock();
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const told: (readonly string[])[] = [];
  const watch = watchOrders({
    queue: { changes: () => promise },
    clock,
    log: fakeLog(),
    recall: (ids) => told.push(ids),
  });
  await clock.advance(1000);
  let stopped = false;
  const stopping = watch.stop().then(() => stopped = true);
  await Promise.resolve();
  assertEquals(stopped, false);
  resolve(["1"]);
  await stopping;
  assertEquals(told, []);
  assertEquals(clock.pending(), 0);
});
