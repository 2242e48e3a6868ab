import { assert, assertEquals, assertRejects } from "@std/assert";
import { TimeLimits, type Waiter } from "../../src/ports/time_limits.ts";
import { type ManualClock, manualClock, settle } from "../log/manual_clock.ts";

const TICK = 500;

function fixture() {
  const clock = manualClock("2026-11-23T00:00:00Z");
  return { clock, limits: new TimeLimits(clock, { tick: TICK }) };
}

/** Waits for something that takes so many milliseconds. */
async function waitFor(
  duration: number,
  { clock, waiter }: { readonly clock: ManualClock; readonly waiter: Waiter },
): Promise<void> {
  const work = Promise.withResolvers<string>();
  const waiting = waiter.wait(work.promise, 60_000);
  await clock.advance(duration);
  work.resolve("done");
  assertEquals(await waiting, "done");
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

Deno.test("wait() doesn't count the time between waits", async () => {
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

Deno.test("wait() counts the waits before it", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  await waitFor(600, { clock, waiter });
  await waitFor(600, { clock, waiter });
  const waiting = waiter.wait(new Promise(() => {}), 2000);
  await clock.advance(300);
  assertEquals(await stateOf(waiting), "pending");
  await clock.advance(500 + TICK);
  assertEquals(await stateOf(waiting), "timeout");
});

Deno.test("wait() ends at once what comes too late in sum, unless it is there", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  await waitFor(900, { clock, waiter });
  assertEquals(await waiter.wait(Promise.resolve("there"), 800), "there");
  const waiting = waiter.wait(new Promise(() => {}), 800);
  await clock.advance(TICK);
  assertEquals(await stateOf(waiting), "timeout");
});

Deno.test("progress() gives the whole limit again", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const late = waiter.wait(new Promise(() => {}), 1000);
  await clock.advance(1500);
  assertEquals(await late, "timeout");
  waiter.progress();
  const waiting = waiter.wait(new Promise(() => {}), 1000);
  await clock.advance(900);
  assertEquals(await stateOf(waiting), "pending");
  await clock.advance(100 + TICK);
  assertEquals(await stateOf(waiting), "timeout");
});

Deno.test("wait() isn't ended by work that was given up before", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const late = Promise.withResolvers<string>();
  const first = waiter.wait(late.promise, 1000);
  await clock.advance(1500);
  assertEquals(await stateOf(first), "timeout");

  waiter.progress();
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

  waiter.progress();
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

Deno.test("evict() ends the waits of who keeps us waiting longest, one by one", async () => {
  const { clock, limits } = fixture();
  using second = limits.waiter();
  using first = limits.waiter();
  using third = limits.waiter();
  const waits: Promise<unknown>[] = [];
  for (const waiter of [first, second, third]) {
    waits.push(waiter.wait(new Promise(() => {}), 60_000));
    await clock.advance(2000);
  }
  const states = () => Promise.all(waits.map(stateOf));
  assert(limits.evict(3000));
  assertEquals(await states(), ["room", "pending", "pending"]);
  assert(limits.evict(3000));
  assertEquals(await states(), ["room", "room", "pending"]);
  assert(!limits.evict(3000));
  assertEquals(await states(), ["room", "room", "pending"]);
});

Deno.test("evict() goes by the last progress, not by the last wait", async () => {
  const { clock, limits } = fixture();
  using trickling = limits.waiter();
  using steady = limits.waiter();
  for (let count = 0; count < 6; count++) {
    await waitFor(1000, { clock, waiter: trickling });
    await waitFor(1000, { clock, waiter: steady });
    steady.progress();
  }
  const slow = trickling.wait(new Promise(() => {}), 60_000);
  const quick = steady.wait(new Promise(() => {}), 60_000);
  await clock.advance(10);
  assert(limits.evict(5000));
  assertEquals(await stateOf(slow), "room");
  assertEquals(await stateOf(quick), "pending");
});

Deno.test("evict() spares those who wait for us, and those who are gone", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  await waitFor(9000, { clock, waiter });
  const gone = limits.waiter();
  const unheard = gone.wait(new Promise(() => {}), 60_000);
  gone[Symbol.dispose]();
  await clock.advance(9000);
  assert(!limits.evict(5000));
  assertEquals(await stateOf(unheard), "pending");
});

Deno.test("evict() spares a wait that isn't evictable, and no other of its connection", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const work = Promise.withResolvers<string>();
  const spared = waiter.wait(work.promise, 60_000, { evictable: false });
  await clock.advance(9000);
  assert(!limits.evict(5000));
  work.resolve("done");
  assertEquals(await spared, "done");
  const waiting = waiter.wait(new Promise(() => {}), 60_000);
  assert(limits.evict(5000));
  assertEquals(await stateOf(waiting), "room");
});

Deno.test("evict() ends a wait that just reaches the least", async () => {
  const { clock, limits } = fixture();
  using waiter = limits.waiter();
  const waiting = waiter.wait(new Promise(() => {}), 60_000);
  await clock.advance(4999);
  assert(!limits.evict(5000));
  await clock.advance(1);
  assert(limits.evict(5000));
  assertEquals(await stateOf(waiting), "room");
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
