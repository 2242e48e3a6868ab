import { assertEquals, assertRejects } from "@std/assert";
import { makeAttempt } from "../../src/queue/attempt.ts";
import type { Delivery, Outcome, Report } from "../../src/queue/delivery.ts";
import { makeFirstTry } from "../../src/queue/first_try.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import type { Queue } from "../../src/queue/queue.ts";
import { fakeClock, fakeLog, letter, memoryQueue, START } from "./fakes.ts";

const MINUTE = 60_000;

/** First tries over a real queue in memory; those of `trouble` are deferred, all others delivered. */
function setUp(
  { trouble = [], report = () => Promise.resolve([]), differences = {} }: {
    readonly trouble?: readonly string[];
    readonly report?: Report;
    readonly differences?: Partial<Queue>;
  } = {},
) {
  const memory = memoryQueue();
  const queue = { ...memory.queue, ...differences };
  const clock = fakeClock();
  const log = fakeLog();
  const deliveries: Delivery[] = [];
  let kicks = 0;

  function deliver(delivery: Delivery): Promise<readonly Outcome[]> {
    deliveries.push(delivery);
    return Promise.resolve(
      delivery.recipients.map(({ number, address }) => {
        const delivered = !trouble.includes(address.local);
        return {
          recipient: number,
          status: delivered ? "delivered" : "deferred",
          reply: delivered ? "250 2.1.5 Delivered" : "451 4.3.0 No",
          host: "local",
        };
      }),
    );
  }

  const firstTry = makeFirstTry({
    queue,
    commits: makeGroupCommit({ queue, clock, log, turn: queueMicrotask }),
    attempt: makeAttempt({
      queue,
      clock,
      log,
      deliver,
      report,
      patience: {
        retry: [5 * MINUTE],
        warnAfter: 60 * MINUTE,
        giveUp: 600 * MINUTE,
      },
      restingLanes: { of: () => undefined, learn() {} },
    }),
    clock,
    log,
    kick: () => void kicks++,
  });
  return {
    firstTry,
    queue,
    log,
    deliveries,
    kicks: () => kicks,
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  };
}

Deno.test("a message that everybody has never enters the queue", async () => {
  using given = setUp();
  const put = letter(["petya@test.ru", "masha@test.ru"]);
  await given.firstTry(put, "local");
  const [delivery, ...more] = given.deliveries;
  assertEquals(more, []);
  assertEquals(delivery?.recipients, put.message.recipients);
  assertEquals(delivery?.again, false);
  assertEquals(await given.queue.list("", 9), []);
  assertEquals(
    given.log.of("message delivered").map(({ to }) => to),
    ["petya@test.ru", "masha@test.ru"],
  );
  assertEquals(given.kicks(), 0);
});

Deno.test("the queue gets a message with what became of it already", async () => {
  using given = setUp({ trouble: ["masha"] });
  const put = letter(["petya@test.ru", "masha@test.ru"]);
  await given.firstTry(put, "local");
  const [queued] = await given.queue.list("", 9);
  assertEquals(
    queued?.states.map(({ status, attempts }) => [status, attempts]),
    [["delivered", 1], ["waiting", 1]],
  );
  assertEquals(queued?.states[1]?.nextAttempt, START + 5 * MINUTE);
  assertEquals(given.kicks(), 1);
  // Nobody holds it: who looks for what is due finds it.
  const due = await given.queue.due(START + 5 * MINUTE, 9);
  assertEquals(due.map(({ message }) => message.id), [put.message.id]);
});

Deno.test("the queue gets the reports on a message that everybody has", async () => {
  const told = letter(["vasya@another.ru"]);
  using given = setUp({ report: () => Promise.resolve([told]) });
  await given.firstTry(letter(), "local");
  const queued = await given.queue.list("", 9);
  assertEquals(queued.map(({ message }) => message.id), [told.message.id]);
  const due = await given.queue.due(START, 9);
  assertEquals(due.map(({ message }) => message.id), [told.message.id]);
});

Deno.test("a message that is neither delivered nor in the queue is refused", async () => {
  using given = setUp({
    trouble: ["petya"],
    differences: { commit: () => Promise.reject(new Error("disk is full")) },
  });
  await assertRejects(
    () => given.firstTry(letter(), "local"),
    Error,
    "disk is full",
  );
});

Deno.test("nothing is delivered while the queue is elsewhere", async () => {
  using given = setUp({
    differences: { inPlace: () => Promise.reject(new Error("was moved")) },
  });
  await assertRejects(
    () => given.firstTry(letter(), "local"),
    Error,
    "was moved",
  );
  assertEquals(given.deliveries, []);
});

Deno.test("a lease that can't be given back refuses no message", async () => {
  using given = setUp({
    trouble: ["petya"],
    differences: { release: () => Promise.reject(new Error("broken")) },
  });
  await given.firstTry(letter(), "local");
  assertEquals(given.log.of("lease not released").length, 1);
});
