import { assert, assertEquals, assertRejects } from "@std/assert";
import { TimeLimits } from "../../src/ports/time_limits.ts";
import { manualClock, settle } from "../log/manual_clock.ts";

const TICK = 500;

function fixture() {
  const clock = manualClock("2026-11-23T00:00:00Z");
  return { clock, limits: new TimeLimits(clock, { tick: TICK }) };
}

/** What a promise has come to by now. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  await settle();
  return await Promise.race([promise, Promise.resolve("pending")]);
}

Deno.test("wait() gives what came in time", async () => {
  const { limits } = fixture();
  using waiter = limits.waiter();
  assertEquals(await waiter.wait(Promise.resolve(7), 1000), 7);
});

Deno.test("wait() throws what the work throws", async () => {
  const { limits } = fixture();
  using waiter = limits.waiter();
  await assertRejects(
    () => waiter.wait(Promise.reject(new Error("broken")), 1000),
    Error,
    "broken",
  );
});

Deno.test("wait() ends once the limit is over, at most a tick late", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const waiting = waiter.wait(new Promise(() => {}), 1200);
  await clock.advance(1199);
  assertEquals(await stateOf(waiting), "pending");
  await clock.advance(TICK);
  assertEquals(await stateOf(waiting), "timeout");
});

Deno.test("wait() counts from its own start", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  await waiter.wait(Promise.resolve(), 1000);
  await clock.advance(10_000);
  const waiting = waiter.wait(new Promise(() => {}), 1000);
  await clock.advance(900);
  assertEquals(await stateOf(waiting), "pending");
  await clock.advance(600);
  assertEquals(await stateOf(waiting), "timeout");
});

Deno.test("wait() isn't ended by work that was given up before", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const late = Promise.withResolvers<string>();
  const first = waiter.wait(late.promise, 1000);
  await clock.advance(1500);
  assertEquals(await stateOf(first), "timeout");

  const work = Promise.withResolvers<string>();
  const second = waiter.wait(work.promise, 1000);
  late.resolve("late");
  assertEquals(await stateOf(second), "pending");
  await clock.advance(1500);
  assertEquals(await stateOf(second), "timeout");
});

Deno.test("wait() ignores the failure of work that was given up before", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const late = Promise.withResolvers<string>();
  const first = waiter.wait(late.promise, 1000);
  await clock.advance(1500);
  assertEquals(await stateOf(first), "timeout");

  const work = Promise.withResolvers<string>();
  const second = waiter.wait(work.promise, 1000);
  late.reject(new Error("late"));
  assertEquals(await stateOf(second), "pending");
  work.resolve("in time");
  assertEquals(await second, "in time");
});

Deno.test("stop() ends the waits that may be stopped, now and later", async () => {
  const { limits } = fixture();
  using command = limits.waiter();
  using body = limits.waiter();
  const idle = command.wait(new Promise(() => {}), 1000, { stoppable: true });
  const message = Promise.withResolvers<string>();
  const busy = body.wait(message.promise, 1000);
  limits.stop();
  assertEquals(await stateOf(idle), "stop");
  assertEquals(await stateOf(busy), "pending");
  message.resolve("the rest");
  assertEquals(await busy, "the rest");

  const next = body.wait(new Promise(() => {}), 1000, { stoppable: true });
  assertEquals(await stateOf(next), "stop");
  const reply = body.wait(Promise.resolve("sent"), 1000);
  assertEquals(await reply, "sent");
});

Deno.test("stop() spares a wait that a stoppable one came before", async () => {
  const { limits } = fixture();
  using waiter = limits.waiter();
  await waiter.wait(Promise.resolve(), 1000, { stoppable: true });
  const work = Promise.withResolvers<string>();
  const waiting = waiter.wait(work.promise, 1000);
  limits.stop();
  assertEquals(await stateOf(waiting), "pending");
  work.resolve("done");
  assertEquals(await waiting, "done");
});

Deno.test("hurry() ends every wait, now and later", async () => {
  const { limits } = fixture();
  using waiter = limits.waiter();
  const waiting = waiter.wait(new Promise(() => {}), 1000);
  limits.hurry();
  assertEquals(await stateOf(waiting), "stop");
  assertEquals(
    await stateOf(waiter.wait(Promise.reject(new Error("unheard")), 1000)),
    "stop",
  );
  using another = limits.waiter();
  assertEquals(
    await stateOf(another.wait(new Promise(() => {}), 1000)),
    "stop",
  );
});

Deno.test("waiter() keeps one timer for all, and none when all are gone", () => {
  const { clock, limits } = fixture();
  assertEquals(clock.waiting, 0);
  const waiters = Array.from({ length: 100 }, () => limits.waiter());
  assertEquals(clock.waiting, 1);
  waiters.pop()![Symbol.dispose]();
  assertEquals(clock.waiting, 1);
  for (const waiter of waiters) waiter[Symbol.dispose]();
  assertEquals(clock.waiting, 0);
});

Deno.test("waiter() starts the timer again when somebody comes back", async () => {
  const { clock, limits } = fixture();
  limits.waiter()[Symbol.dispose]();
  using waiter = limits.waiter();
  const waiting = waiter.wait(new Promise(() => {}), 100);
  await clock.advance(TICK);
  assertEquals(await stateOf(waiting), "timeout");
  assert(clock.waiting === 1);
});
