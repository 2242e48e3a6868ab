/** What a clock that is put right, or wrong, does to mail that waits. */
import { assertEquals } from "@std/assert";
import { makeDispatcher } from "../../src/queue/dispatcher.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import { fakeClock, fakeLog, letter, memoryQueue } from "./fakes.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

const PATIENCE = {
  retry: [5 * MINUTE, HOUR],
  warnAfter: 4 * HOUR,
  giveUp: 120 * HOUR,
};

/** A queue with one message to a host that is down, tried once. */
async function setUp() {
  const memory = memoryQueue();
  const { queue } = memory;
  const clock = fakeClock();
  const log = fakeLog();
  const commits = makeGroupCommit({ queue, clock, log, turn: queueMicrotask });
  let tries = 0;
  let isDown = true;
  const dispatcher = makeDispatcher({
    ...{ queue, commits, clock, log, patience: PATIENCE },
    laneOf: ({ address }) => address.domain,
    laneLimit: () => 1,
    deliver({ recipients }) {
      tries++;
      return Promise.resolve(recipients.map(({ number }) => ({
        recipient: number,
        ...(isDown
          ? { status: "deferred", reply: "451 4.2.1 Later" }
          : { status: "delivered", reply: "250 2.0.0 OK" }),
        host: "mx.test.ru",
      })));
    },
    report: () => Promise.resolve([]),
  });
  const mail = letter();
  await commits.put(mail.message, mail.content);
  dispatcher.take(mail);
  dispatcher.kick();
  await clock.advance(MINUTE);
  return {
    ...{ clock, log, queue },
    tries: () => tries,
    comeUp: () => isDown = false,
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  };
}

Deno.test("mail that waits is soon tried though the clock is put back by years", async () => {
  for (const jump of [-2 * HOUR, -10 * YEAR]) {
    using given = await setUp();
    const { clock, queue } = given;
    assertEquals(given.tries(), 1);
    given.comeUp();
    clock.jump(jump);
    await clock.advance(5 * MINUTE);
    assertEquals(given.tries(), 2);
    assertEquals(await queue.list("", 10), []);
  }
});

Deno.test("a clock put back doesn't make mail be tried again and again", async () => {
  using given = await setUp();
  given.clock.jump(-10 * YEAR);
  await given.clock.advance(4 * HOUR);
  // 5 minutes and then an hour after each try, as ever.
  assertEquals(given.tries(), 1 + 4);
});

Deno.test("a clock put back a little makes nothing be tried sooner", async () => {
  using given = await setUp();
  await given.clock.advance(10 * MINUTE);
  assertEquals(given.tries(), 2);
  given.clock.jump(-MINUTE);
  await given.clock.advance(HOUR / 2);
  assertEquals(given.tries(), 2);
});

Deno.test("a clock put forward by hours makes mail be tried once, and not given up", async () => {
  using given = await setUp();
  given.clock.jump(100 * HOUR);
  await given.clock.advance(5 * MINUTE);
  assertEquals(given.tries(), 2);
  assertEquals((await given.queue.list("", 10)).length, 1);
  assertEquals(given.log.of("message undeliverable"), []);
});
