import { assertEquals } from "@std/assert";
import type { Outcome } from "../../src/queue/delivery.ts";
import { makeDispatcher } from "../../src/queue/dispatcher.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import type { Order } from "../../src/queue/order.ts";
import type { Put } from "../../src/queue/queue.ts";
import { watchOrders } from "../../src/queue/watch.ts";
import { fakeClock, fakeLog, letter, quiet } from "./fakes.ts";
import { queueFolder } from "./queue_folder.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A server's dispatcher with a postmaster beside it. Deliveries wait until they are told to end. */
async function setUp({ reportFailures = 0 } = {}) {
  const folder = await queueFolder();
  const { queue, oversight } = folder;
  const clock = fakeClock();
  const log = fakeLog();
  const commits = makeGroupCommit({ queue, clock, log, turn: queueMicrotask });
  const tried: string[] = [];
  const running = new Map<string, (outcome: Partial<Outcome>) => void>();
  const bounced: string[] = [];
  let reports = 0;

  const dispatcher = makeDispatcher({
    queue,
    commits,
    clock,
    log,
    laneOf: ({ address }) => address.domain,
    laneLimit: () => 1,
    async deliver({ recipients }) {
      const outcomes = recipients.map(async ({ number, address }) => {
        tried.push(address.local);
        const { promise, resolve } = Promise.withResolvers<Partial<Outcome>>();
        running.set(address.local, resolve);
        return {
          recipient: number,
          status: "delivered",
          reply: "250 2.0.0 Ok",
          host: "mx",
          ...await promise,
        } satisfies Outcome;
      });
      return await Promise.all(outcomes);
    },
    report({ notices }) {
      const failures = notices.filter(({ action }) => action === "failed");
      if (failures.length > 0 && ++reports <= reportFailures) {
        return Promise.reject(new Error("disk full"));
      }
      for (const { recipient, reply } of failures) {
        bounced.push(`${recipient.address.local}: ${reply}`);
      }
      return Promise.resolve([]);
    },
    patience: { retry: [10 * MINUTE], giveUp: 24 * HOUR, warnAfter: 4 * HOUR },
  });
  const { recall } = dispatcher;
  const watch = watchOrders({ queue, clock, log, recall });

  return {
    clock,
    oversight,
    tried,
    bounced,
    async accept(mail: Put) {
      await commits.put(mail.message, mail.content);
      dispatcher.take(mail);
      await quiet();
      return mail.message.id;
    },
    /** Ends a try. */
    async end(local: string, outcome: Partial<Outcome> = {}) {
      running.get(local)?.(outcome);
      await clock.advance(100);
    },
    /** Gives an order, and the server the time to hear of it. */
    async order(order: Order, id: string) {
      await oversight.apply(order, [id], clock.now());
      await clock.advance(1.5 * SECOND);
    },
    /** How often a report of failure was to be written. */
    reports: () => reports,
    held: () => dispatcher.counts().held,
    async [Symbol.asyncDispose]() {
      for (const end of running.values()) end({});
      await watch.stop();
      await dispatcher.stop(SECOND);
      await commits.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const LATER = { status: "deferred", reply: "450 4.2.1 Later" } as const;

Deno.test("recall() tries at once what was to be retried", async () => {
  await using given = await setUp();
  const id = await given.accept(letter(["petya@test.ru"]));
  await given.end("petya", LATER);
  await given.order("retry", id);
  assertEquals(given.tried, ["petya", "petya"]);
});

Deno.test("recall() tries what is retried though its lane was at rest", async () => {
  await using given = await setUp();
  const id = await given.accept(letter(["petya@test.ru"]));
  await given.end("petya", { ...LATER, scope: "lane" });
  await given.accept(letter(["masha@test.ru"]));
  assertEquals(given.tried, ["petya"]);
  await given.order("retry", id);
  assertEquals(given.tried, ["petya", "petya"]);
});

Deno.test("recall() keeps a held message from every further try", async () => {
  await using given = await setUp();
  const id = await given.accept(letter(["petya@test.ru"]));
  await given.end("petya", LATER);
  await given.order("hold", id);
  await given.clock.advance(HOUR);
  assertEquals(given.tried, ["petya"]);
  await given.order("release", id);
  assertEquals(given.tried, ["petya", "petya"]);
});

Deno.test("recall() takes a held message out of its lane", async () => {
  await using given = await setUp();
  await given.accept(letter(["first@test.ru"]));
  const id = await given.accept(letter(["second@test.ru"]));
  await given.accept(letter(["third@test.ru"]));
  await given.order("hold", id);
  assertEquals(given.held(), 2);
  await given.end("first");
  assertEquals(given.tried, ["first", "third"]);
  await given.end("third");
  await given.order("release", id);
  assertEquals(given.tried, ["first", "third", "second"]);
});

Deno.test("recall() lets a try end that is under way, and begins no other", async () => {
  await using given = await setUp();
  const id = await given.accept(letter(["a@x.ru", "b@y.ru"]));
  await given.end("b", LATER);
  await given.order("hold", id);
  await given.clock.advance(HOUR);
  assertEquals(given.tried, ["a", "b"]);
  await given.end("a");
  const queued = await given.oversight.get(id);
  assertEquals(queued?.order, "hold");
  assertEquals(queued?.states.map(({ status }) => status), [
    "delivered",
    "waiting",
  ]);
  assertEquals(given.held(), 0);
});

Deno.test("recall() bounces recipients that wait, with a report", async () => {
  await using given = await setUp();
  const id = await given.accept(letter(["petya@test.ru"]));
  await given.end("petya", LATER);
  await given.order("bounce", id);
  assertEquals(given.tried, ["petya"]);
  assertEquals(await given.oversight.get(id), undefined);
  assertEquals(given.bounced, ["petya: 550 5.7.0 Bounced by the postmaster"]);
});

Deno.test("recall() bounces a message that waits in a lane, past that lane", async () => {
  await using given = await setUp();
  await given.accept(letter(["first@test.ru"]));
  const id = await given.accept(letter(["second@test.ru"]));
  await given.order("bounce", id);
  assertEquals(given.tried, ["first"]);
  assertEquals(await given.oversight.get(id), undefined);
  assertEquals(given.bounced.length, 1);
});

Deno.test("recall() bounces after a try under way has failed for now, not if it got through", async () => {
  await using given = await setUp();
  const id = await given.accept(letter(["through@x.ru", "later@y.ru"]));
  await given.order("bounce", id);
  await given.end("through");
  assertEquals(given.bounced, []);
  await given.end("later", LATER);
  assertEquals(await given.oversight.get(id), undefined);
  assertEquals(given.bounced, ["later: 550 5.7.0 Bounced by the postmaster"]);
});

Deno.test("recall() bounces when the report can be written", async () => {
  await using given = await setUp({ reportFailures: 2 });
  const id = await given.accept(letter(["petya@test.ru"]));
  await given.end("petya", LATER);
  await given.order("bounce", id);
  assertEquals(given.bounced, []);
  await given.clock.advance(4 * MINUTE);
  assertEquals(given.reports(), 1);
  await given.clock.advance(7 * MINUTE);
  assertEquals(given.bounced, ["petya: 550 5.7.0 Bounced by the postmaster"]);
  assertEquals(given.tried, ["petya"]);
  assertEquals(await given.oversight.get(id), undefined);
});

Deno.test("recall() forgets a message that was removed", async () => {
  await using given = await setUp();
  await given.accept(letter(["first@test.ru"]));
  const id = await given.accept(letter(["second@test.ru"]));
  const other = await given.accept(letter(["third@test.ru"]));
  await given.end("first");
  await given.order("remove", other);
  await given.order("remove", id);
  await given.end("second", LATER);
  await given.clock.advance(HOUR);
  assertEquals(given.tried, ["first", "second"]);
  assertEquals(given.held(), 0);
  assertEquals(given.bounced, []);
});
