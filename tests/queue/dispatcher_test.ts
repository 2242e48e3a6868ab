import { assert, assertEquals } from "@std/assert";
import type { Delivery, Outcome, Report } from "../../src/queue/delivery.ts";
import { makeDispatcher } from "../../src/queue/dispatcher.ts";
import type { DispatcherOptions } from "../../src/queue/dispatcher.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import { LEASE } from "../../src/queue/queue.ts";
import type { Put, Queue, Queued } from "../../src/queue/queue.ts";
import {
  bytes,
  fakeClock,
  fakeLog,
  letter,
  memoryQueue,
  quiet,
  START,
} from "./fakes.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const PATIENCE = {
  retry: [5 * MINUTE, 10 * MINUTE],
  warnAfter: 30 * MINUTE,
  giveUp: 60 * MINUTE,
};

type Answer = Outcome["status"] | "down" | "throw" | "hang";

/** A dispatcher over a real queue in memory; `answers` says how each address fares. */
function setUp(
  options: Partial<DispatcherOptions> = {},
  memory = memoryQueue(),
) {
  const clock = fakeClock();
  const log = fakeLog();
  const { queue } = memory;
  const commits = makeGroupCommit({ queue, clock, log, turn: queueMicrotask });
  const answers = new Map<string, Answer>();
  const deliveries: Delivery[] = [];
  const hanging: (() => void)[] = [];

  async function deliver(delivery: Delivery): Promise<readonly Outcome[]> {
    deliveries.push(delivery);
    const outcomes: Outcome[] = [];
    for (const { number, address } of delivery.recipients) {
      let answer = answers.get(address.local) ?? "delivered";
      if (answer === "throw") throw new Error("folder is gone");
      if (answer === "hang") {
        await new Promise<void>((resolve) => hanging.push(resolve));
        answer = "delivered";
      }
      outcomes.push({
        recipient: number,
        status: answer === "down" ? "deferred" : answer,
        reply: `${answer} 4.2.0`,
        host: "local",
        ...(answer === "down" && { scope: "lane" }),
      });
    }
    return outcomes;
  }

  const dispatcher = makeDispatcher({
    queue,
    commits,
    clock,
    log,
    laneOf: ({ address }) => address.domain,
    laneLimit: () => 2,
    deliver,
    report: () => Promise.resolve([]),
    patience: PATIENCE,
    ...options,
  });

  return {
    clock,
    log,
    queue,
    memory,
    commits,
    dispatcher,
    answers,
    deliveries,
    /** Ends the deliveries that hang. */
    async release() {
      for (const resolve of hanging.splice(0)) resolve();
      await quiet();
    },
    /** Takes messages the way the server does. */
    async accept(...letters: readonly Put[]) {
      await Promise.all(
        letters.map(({ message, content }) => commits.put(message, content)),
      );
      for (const each of letters) dispatcher.take(each);
      await quiet();
    },
    /** Addresses tried so far, one list per delivery. */
    tried: () =>
      deliveries.map(({ recipients }) =>
        recipients.map(({ address }) => address.local).join()
      ),
    left: async () => (await queue.list("", 1000)).length,
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  };
}

/** Ends every lease, as the end of the process does. */
async function endLeases(queue: Queue): Promise<void> {
  const left = await queue.list("", 1000);
  await queue.release(left.map(({ message }) => message.id));
}

Deno.test("take() delivers from memory, and the row goes", async () => {
  using given = setUp();
  const mail = letter(["petya@test.ru"]);
  await given.accept(mail);
  const [delivery] = given.deliveries;
  assert(delivery?.content === mail.content);
  assertEquals(delivery?.again, false);
  assertEquals(delivery?.lane, "test.ru");
  await given.clock.advance(SECOND);
  assertEquals(await given.left(), 0);
  assertEquals(given.dispatcher.counts(), {
    held: 0,
    waiting: 0,
    running: 0,
    hot: 0,
  });
  const [line] = given.log.of("message delivered");
  assertEquals(line?.id, mail.message.id);
  assertEquals(line?.to, "petya@test.ru");
  assertEquals(line?.attempts, 1);
});

Deno.test("take() delivers at once though the clock has jumped back", async () => {
  using given = setUp();
  given.clock.jump(-MINUTE);
  await given.accept(letter(["petya@test.ru"], { receivedAt: START }));
  assertEquals(given.tried(), ["petya"]);
});

Deno.test("take() tries recipients of a lane together, lanes apart", async () => {
  using given = setUp();
  await given.accept(letter(["a@x.ru", "b@y.ru", "c@x.ru"]));
  assertEquals(given.tried(), ["a,c", "b"]);
  await given.clock.advance(SECOND);
  assertEquals(await given.left(), 0);
});

Deno.test("take() lets a stalled lane hold up no other", async () => {
  using given = setUp();
  given.answers.set("stalled", "hang");
  await given.accept(
    ...Array.from({ length: 20 }, () => letter(["stalled@x.ru"])),
    letter(["healthy@y.ru"]),
  );
  assertEquals(given.dispatcher.counts().running, 2);
  assertEquals(given.tried().at(-1), "healthy");
  await given.clock.advance(SECOND);
  assertEquals(await given.left(), 20);
});

Deno.test("take() keeps to the lane's limit", async () => {
  using given = setUp();
  given.answers.set("slow", "hang");
  await given.accept(...Array.from({ length: 5 }, () => letter(["slow@x.ru"])));
  assertEquals(given.dispatcher.counts(), {
    held: 5,
    waiting: 3,
    running: 2,
    hot: 20,
  });
  await given.release();
  await given.release();
  await given.release();
  assertEquals(given.deliveries.length, 5);
});

Deno.test("a deferred recipient is tried again in its time, the others are not", async () => {
  using given = setUp();
  given.answers.set("later", "deferred");
  await given.accept(letter(["later@x.ru", "now@x.ru"]));
  assertEquals(given.tried(), ["later,now"]);
  const [line] = given.log.of("message deferred");
  assertEquals(line?.next, new Date(START + 5 * MINUTE).toISOString());

  await given.clock.advance(5 * MINUTE - 1);
  assertEquals(given.deliveries.length, 1);
  await given.clock.advance(SECOND);
  assertEquals(given.tried(), ["later,now", "later"]);
  assertEquals(given.deliveries[1]?.again, true);

  given.answers.set("later", "delivered");
  await given.clock.advance(11 * MINUTE);
  assertEquals(given.tried(), ["later,now", "later", "later"]);
  assertEquals(await given.left(), 0);
  assertEquals(given.log.of("message delivered").at(-1)?.attempts, 3);
});

Deno.test("a delivery that throws is deferred", async () => {
  using given = setUp();
  given.answers.set("b", "throw");
  const mail = letter(["a@x.ru", "b@x.ru"]);
  await given.accept(mail);
  await given.clock.advance(SECOND);
  const queued = await given.queue.get(mail.message.id);
  assertEquals(
    queued?.states.map(({ status, lastReply }) => [status, lastReply]),
    [
      ["waiting", "451 4.3.0 Delivery broke off"],
      ["waiting", "451 4.3.0 Delivery broke off"],
    ],
  );
  assertEquals(given.log.of("delivery broke off")[0]?.error, "folder is gone");
});

Deno.test("a failure is settled in one commit with its report, which is delivered", async () => {
  const mail = letter(["nobody@x.ru", "petya@x.ru"]);
  const report = letter(["vasya@another.ru"]);
  using given = setUp({
    report({ message, notices }) {
      assertEquals(message.from, mail.message.from);
      const failed = notices.find(({ action }) => action === "failed");
      if (failed === undefined) return Promise.resolve([]);
      assertEquals(failed.recipient, message.recipients[0]!);
      assertEquals(failed.reply, "failed 4.2.0");
      return Promise.resolve([report]);
    },
  });
  given.answers.set("nobody", "failed");
  await given.accept(mail);
  assertEquals(given.tried(), ["nobody,petya"]);
  await given.clock.advance(SECOND);
  assertEquals(given.tried(), ["nobody,petya", "vasya"]);
  assertEquals(await given.left(), 0);
  const [line] = given.log.of("message undeliverable");
  assertEquals(line?.to, "nobody@x.ru");
  assertEquals(line?.gaveUp, false);
});

Deno.test("a recipient that is given up is reported", async () => {
  using given = setUp();
  given.answers.set("later", "deferred");
  await given.accept(letter(["later@x.ru"]));
  await given.clock.advance(59 * MINUTE);
  assertEquals(await given.left(), 1);
  await given.clock.advance(2 * MINUTE);
  assertEquals(await given.left(), 0);
  const [line] = given.log.of("message undeliverable");
  assertEquals(line?.gaveUp, true);
  assertEquals(line?.reply, "deferred 4.2.0");
});

Deno.test("a failure that can't be reported stays in the queue until it can", async () => {
  let broken = true;
  using given = setUp({
    report: () =>
      broken ? Promise.reject(new Error("no space")) : Promise.resolve([]),
  });
  given.answers.set("nobody", "failed");
  await given.accept(letter(["nobody@x.ru"]));
  await given.clock.advance(MINUTE);
  assertEquals(await given.left(), 1);
  assertEquals(given.log.of("report not written").length, 1);
  broken = false;
  await given.clock.advance(5 * MINUTE);
  assertEquals(await given.left(), 0);
});

/** Reports on each message but its own reports, and keeps what it told. */
function keptReports() {
  const told: string[] = [];
  const report: Report = ({ message, notices }) => {
    if (message.from === null) return Promise.resolve([]);
    told.push(
      ...notices.map(({ recipient, action }) =>
        `${recipient.address.local} ${action}`
      ),
    );
    const { message: put, content } = letter(["report@another.ru"]);
    return Promise.resolve([{ message: { ...put, from: null }, content }]);
  };
  return { told, report };
}

Deno.test("the sender of what waits is told once, whatever crashes", async () => {
  const before = keptReports();
  using first = setUp({ report: before.report });
  first.answers.set("later", "deferred");
  await first.accept(letter(["later@x.ru"]));
  await first.clock.advance(30 * MINUTE - 1);
  assertEquals(before.told, []);
  await first.clock.advance(SECOND);
  assertEquals(before.told, ["later delayed"]);
  await first.dispatcher.stop(0);

  const after = keptReports();
  const second = setUp({ report: after.report }, first.memory);
  await second.clock.advance(31 * MINUTE);
  second.answers.set("later", "deferred");
  second.dispatcher.kick();
  await second.clock.advance(28 * MINUTE);
  assertEquals(second.tried().includes("later"), true);
  assertEquals(after.told, []);
  await second.clock.advance(2 * MINUTE);
  assertEquals(after.told, ["later failed"]);
});

for (
  const { answer, after, settled } of [
    { answer: "failed", after: 0, settled: { status: "failed" } },
    { answer: "delivered", after: 0, settled: { status: "delivered" } },
    {
      answer: "deferred",
      after: 30,
      settled: { status: "waiting", warned: true },
    },
  ] as const
) {
  Deno.test(`a commit that fails leaves neither the news nor its report: ${answer}`, async () => {
    const memory = memoryQueue();
    let broken = true;
    const queue: Queue = {
      ...memory.queue,
      commit: (batch) =>
        broken && batch.put.some(({ message }) => message.from === null)
          ? Promise.reject(new Error("disk I/O error"))
          : memory.queue.commit(batch),
    };
    const { told, report } = keptReports();
    using given = setUp({ report }, { ...memory, queue });
    given.answers.set("a", answer);
    given.answers.set("slow", "hang");
    given.answers.set("report", "hang");
    await given.accept(letter(["a@x.ru", "slow@y.ru"]));
    await given.clock.advance((after + 1) * MINUTE);
    assertEquals(told.length, 1);

    // What the queue has is all that a crash would leave.
    const [unsettled, ...unwritten] = await queue.list("", 9);
    assertEquals(unwritten, []);
    assertEquals(unsettled?.states[0]?.status, "waiting");
    assertEquals(unsettled?.states[0]?.warned, undefined);

    broken = false;
    await given.clock.advance(5 * SECOND);
    const [{ states: [state] }, ...written] = await queue.list("", 9) as [
      Queued,
    ];
    assertEquals({ ...state, ...settled }, state);
    assertEquals(written.length, 1);
    assertEquals(told.length, 1);
    await given.release();
  });
}

Deno.test("a delay that can't be told is told the next time", async () => {
  const told: string[] = [];
  let broken = true;
  using given = setUp({
    report({ notices }) {
      if (broken) return Promise.reject(new Error("no space"));
      told.push(...notices.map(({ action }) => action));
      return Promise.resolve([]);
    },
  });
  given.answers.set("later", "deferred");
  await given.accept(letter(["later@x.ru"]));
  await given.clock.advance(31 * MINUTE);
  broken = false;
  await given.clock.advance(20 * MINUTE);
  assertEquals(told, ["delayed"]);
});

Deno.test("what was delivered isn't delivered again for want of a report", async () => {
  using given = setUp({ report: () => Promise.reject(new Error("no space")) });
  await given.accept(letter(["petya@x.ru"]));
  await given.clock.advance(60 * MINUTE);
  assertEquals(given.tried(), ["petya"]);
  assertEquals(await given.left(), 0);
});

Deno.test("a host that is down costs a try per rest, not one per message", async () => {
  using given = setUp();
  given.answers.set("a", "down");
  const put = Array.from({ length: 1000 }, () => letter(["a@x.ru"]));
  await given.accept(...put, letter(["b@y.ru"]));
  await given.clock.advance(SECOND);
  // As many as may be under way at once.
  assertEquals(given.tried(), ["a", "a", "b"]);
  const left = await given.queue.list("", 2000);
  assertEquals(left.length, 1000);
  for (const { states: [state] } of left) {
    assertEquals(state?.nextAttempt, START + 5 * MINUTE);
    assertEquals(state?.lastReply, "down 4.2.0");
  }
  assertEquals(
    left.filter(({ states }) => states[0]?.attempts === 0).length,
    998,
  );

  // A message that comes meanwhile is not tried either.
  await given.accept(letter(["a@x.ru"]));
  assertEquals(given.deliveries.length, 3);
  await given.clock.advance(4 * MINUTE);
  assertEquals(given.deliveries.length, 3);
  await given.clock.advance(2 * MINUTE);
  assertEquals(given.deliveries.length, 5);

  given.answers.set("a", "delivered");
  await given.clock.advance(5 * MINUTE);
  // All but those that were tried in vain, which wait for their own time.
  assertEquals(await given.left() <= 4, true);
  await given.clock.advance(10 * MINUTE);
  assertEquals(await given.left(), 0);
  assertEquals(given.deliveries.length, 5 + 1001);
});

Deno.test("a lane rests no longer than it takes to notice that its host is back", async () => {
  using given = setUp({ patience: { ...PATIENCE, retry: [50 * MINUTE] } });
  given.answers.set("a", "down");
  await given.accept(letter(["a@x.ru"]), letter(["a@x.ru"]));
  await given.accept(letter(["late@x.ru"]));
  assertEquals(given.tried(), ["a", "a"]);
  await given.clock.advance(5 * MINUTE + SECOND);
  assertEquals(given.tried(), ["a", "a", "late"]);
  // Once it is known to be back, nobody else has to wait.
  await given.accept(letter(["next@x.ru"]));
  assertEquals(given.tried(), ["a", "a", "late", "next"]);
});

Deno.test("a message is given up on time, though its lane rests", async () => {
  const { told, report } = keptReports();
  using given = setUp({
    report,
    laneLimit: () => 1,
    patience: {
      retry: [5 * MINUTE],
      warnAfter: 2 * MINUTE,
      giveUp: 4 * MINUTE,
    },
  });
  given.answers.set("a", "down");
  await given.accept(letter(["a@x.ru"]));
  await given.clock.advance(MINUTE);
  const late = letter(["late@x.ru"]);
  await given.accept(late);
  await given.clock.advance(MINUTE + SECOND);
  assertEquals(told, ["a delayed", "late delayed"]);
  await given.clock.advance(2 * MINUTE);
  assertEquals(told.slice(2), ["a failed", "late failed"]);
  assertEquals(given.tried().filter((who) => who === "late"), []);
});

Deno.test("kick() takes up what a crash left, with its content, marked again", async () => {
  using before = setUp();
  before.answers.set("a", "hang");
  const mail = letter(["a@x.ru"], { content: bytes("left behind") });
  await before.accept(mail);
  await endLeases(before.queue);

  const after = setUp({}, before.memory);
  after.dispatcher.kick();
  await after.clock.advance(SECOND);
  const [delivery] = after.deliveries;
  assertEquals(delivery?.again, true);
  assertEquals(delivery?.content, mail.content);
  assertEquals(await after.left(), 0);
});

Deno.test("kick() never tries a recipient settled before the crash", async () => {
  using before = setUp();
  before.answers.set("b", "hang");
  await before.accept(letter(["a@x.ru", "b@y.ru"]));
  await before.clock.advance(SECOND);
  await endLeases(before.queue);

  const after = setUp({}, before.memory);
  after.dispatcher.kick();
  await after.clock.advance(SECOND);
  assertEquals(after.tried(), ["b"]);
});

Deno.test("a message isn't tried again before its news is durable", async () => {
  const memory = memoryQueue();
  let broken = false;
  const queue: Queue = {
    ...memory.queue,
    commit: (batch) =>
      broken
        ? Promise.reject(new Error("disk I/O error"))
        : memory.queue.commit(batch),
  };
  using given = setUp({}, { ...memory, queue });
  await given.accept();
  const mail = letter(["a@x.ru"]);
  await given.commits.put(mail.message, mail.content);
  broken = true;
  given.dispatcher.take(mail);
  // Long past the end of its lease, had it not been renewed.
  for (let spent = 0; spent < 3 * LEASE; spent += MINUTE) {
    given.dispatcher.kick();
    await given.clock.advance(MINUTE);
  }
  assertEquals(given.deliveries.length, 1);
  assertEquals(await given.left(), 1);
  broken = false;
  await given.clock.advance(MINUTE);
  assertEquals(given.deliveries.length, 1);
  assertEquals(await given.left(), 0);
});

Deno.test("a deferred recipient doesn't wait for one whose lane is stalled", async () => {
  using given = setUp();
  given.answers.set("stalled", "hang");
  given.answers.set("later", "deferred");
  await given.accept(letter(["stalled@x.ru", "later@y.ru"]));
  given.answers.set("later", "delivered");
  await given.clock.advance(6 * MINUTE);
  assertEquals(given.tried(), ["stalled", "later", "later"]);
  await given.release();
  await given.clock.advance(SECOND);
  assertEquals(given.deliveries.length, 3);
  assertEquals(await given.left(), 0);
});

Deno.test("a long delivery keeps its lease, though the clock jumps", async () => {
  using given = setUp();
  given.answers.set("slow", "hang");
  await given.accept(letter(["slow@x.ru"]));
  given.dispatcher.kick();
  await given.clock.advance(4 * LEASE);
  assertEquals((await given.queue.due(given.clock.now(), 10)).length, 0);
  given.clock.jump(10 * LEASE);
  await given.clock.advance(LEASE);
  given.clock.jump(-20 * LEASE);
  await given.clock.advance(LEASE);
  assertEquals(given.deliveries.length, 1);
});

Deno.test("leases are renewed, though there is no room for more", async () => {
  using given = setUp({ heldLimit: 1 });
  given.answers.set("slow", "hang");
  await given.accept(letter(["slow@x.ru"]));
  given.dispatcher.kick();
  await given.clock.advance(2 * LEASE);
  assertEquals((await given.queue.due(given.clock.now(), 10)).length, 0);
});

Deno.test("a message held already isn't taken twice, whatever became of its lease", async () => {
  using given = setUp();
  given.answers.set("slow", "hang");
  given.dispatcher.kick();
  await given.clock.advance(SECOND);
  given.clock.jump(-10 * LEASE);
  await given.accept(letter(["slow@x.ru"], { receivedAt: given.clock.now() }));
  given.clock.jump(10 * LEASE);
  given.dispatcher.kick();
  await given.clock.advance(SECOND);
  assertEquals(given.deliveries.length, 1);
  assertEquals(given.dispatcher.counts().held, 1);
});

Deno.test("many due messages are taken up in one go", async () => {
  using given = setUp({ laneLimit: () => 1000 });
  const put = Array.from({ length: 1200 }, () => letter());
  await given.queue.commit({ put, settle: [], now: START });
  await given.queue.release(put.map(({ message }) => message.id));
  given.dispatcher.kick();
  await given.clock.advance(10);
  assertEquals(given.deliveries.length, 1200);
});

Deno.test("content beyond the limit is read again when its turn comes", async () => {
  using given = setUp({ hotLimit: 10, laneLimit: () => 1 });
  given.answers.set("slow", "hang");
  const letters = ["12345678", "abcdefgh", "ABCDEFGH"].map((text) =>
    letter(["slow@x.ru"], { content: bytes(text) })
  );
  await given.accept(...letters);
  assertEquals(given.dispatcher.counts().hot, 8);
  for (const _ of letters) await given.release();
  assertEquals(
    given.deliveries.map(({ content }) => content),
    letters.map(({ content }) => content),
  );
  assertEquals(given.dispatcher.counts().hot, 0);
});

Deno.test("messages beyond the limit wait in the queue until there is room", async () => {
  using given = setUp({ heldLimit: 4, laneLimit: () => 1 });
  given.answers.set("slow", "hang");
  const letters = Array.from(
    { length: 20 },
    (_, number) => letter([`slow@${number}.ru`]),
  );
  await given.accept(...letters);
  assertEquals(given.dispatcher.counts().held, 4);
  given.answers.set("slow", "delivered");
  for (let turn = 0; turn < 20; turn++) {
    await given.release();
    await given.clock.advance(SECOND);
    assert(given.dispatcher.counts().held <= 4);
  }
  assertEquals(given.deliveries.length, 20);
  assertEquals(await given.left(), 0);
});

Deno.test("recipients whose lane is full are put off, and others are not", async () => {
  using given = setUp({ heldLimit: 8, laneLimit: () => 1 });
  given.answers.set("slow", "hang");
  await given.accept(...Array.from({ length: 7 }, () => letter(["slow@x.ru"])));
  // One runs, four wait: half of what may be held.
  await given.clock.advance(SECOND);
  assertEquals(given.dispatcher.counts(), {
    held: 5,
    waiting: 4,
    running: 1,
    hot: 20,
  });
  await given.accept(letter(["slow@x.ru", "fast@y.ru"]));
  assertEquals(given.tried(), ["slow", "fast"]);
  given.answers.set("slow", "delivered");
  await given.release();
  await given.clock.advance(MINUTE);
  assertEquals(await given.left(), 0);
  // Being put off is no try.
  assertEquals(
    given.log.of("message delivered").map(({ attempts }) => attempts),
    Array(9).fill(1),
  );
});

Deno.test("damage to one message stops no other", async () => {
  using given = setUp();
  const [bad, torn, good] = [letter(), letter(), letter()];
  await given.queue.commit({ put: [bad, torn, good], settle: [], now: START });
  await endLeases(given.queue);
  given.memory.database.exec(
    `UPDATE message SET content = x'00' WHERE id = (SELECT min(id) FROM message);
     UPDATE message SET states = '[{' WHERE id = (SELECT min(id) + 1 FROM message);`,
  );
  given.dispatcher.kick();
  await given.clock.advance(SECOND);
  assertEquals(given.deliveries.map(({ message }) => message.id), [
    good.message.id,
  ]);
  const deferred = given.log.of("message deferred").map(({ id }) => id);
  assertEquals(deferred, [bad.message.id]);
});

Deno.test("a message somebody removed is let go of", async () => {
  using given = setUp({ hotLimit: 0, laneLimit: () => 1 });
  given.answers.set("slow", "hang");
  await given.accept(letter(["slow@x.ru"]), letter(["gone@x.ru"]));
  given.memory.database.exec(
    "DELETE FROM message WHERE id = (SELECT max(id) FROM message)",
  );
  await given.release();
  await given.clock.advance(SECOND);
  assertEquals(given.tried(), ["slow"]);
  assertEquals(given.dispatcher.counts().held, 0);
});

Deno.test("a queue that can't be read is read again", async () => {
  const memory = memoryQueue();
  let broken = true;
  const queue: Queue = {
    ...memory.queue,
    due: (now, limit) =>
      broken
        ? Promise.reject(new Error("disk I/O error"))
        : memory.queue.due(now, limit),
  };
  using given = setUp({}, { ...memory, queue });
  const mail = letter();
  await queue.commit({ put: [mail], settle: [], now: START });
  await queue.release([mail.message.id]);
  given.dispatcher.kick();
  await given.clock.advance(SECOND);
  assertEquals(given.log.of("queue unreadable").length, 1);
  broken = false;
  await given.clock.advance(5 * SECOND);
  assertEquals(given.deliveries.length, 1);
});

Deno.test("stop() waits for deliveries under way and commits what became of them", async () => {
  using given = setUp({ laneLimit: () => 1 });
  given.answers.set("slow", "hang");
  await given.accept(letter(["slow@x.ru"]), letter(["slow@x.ru"]));
  let stopped = false;
  const whenStopped = given.dispatcher.stop(9 * SECOND).then(() =>
    stopped = true
  );
  await given.clock.advance(SECOND);
  assertEquals(stopped, false);
  await given.release();
  await whenStopped;
  assertEquals(given.deliveries.length, 1);
  assertEquals(await given.left(), 1);
  assertEquals(given.clock.pending(), 0);
  // What wasn't tried is anybody's again.
  assertEquals((await given.queue.due(given.clock.now(), 10)).length, 1);
});

Deno.test("stop() leaves a delivery that takes too long to the next start", async () => {
  using given = setUp();
  given.answers.set("slow", "hang");
  await given.accept(letter(["slow@x.ru"]));
  const whenStopped = given.dispatcher.stop(9 * SECOND);
  await given.clock.advance(9 * SECOND);
  await whenStopped;
  await given.commits.close();
  await given.release();
  assertEquals(await given.left(), 1);
  assertEquals(given.clock.pending(), 0);
});
