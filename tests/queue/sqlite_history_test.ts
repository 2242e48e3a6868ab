import { assertEquals } from "@std/assert";
import { ATTEMPTS_KEPT, REPLY_KEPT } from "../../src/queue/queue.ts";
import type { Settled } from "../../src/queue/queue.ts";
import { letter, START } from "./fakes.ts";
import { queueFolder } from "./queue_folder.ts";

const LATER = {
  status: "deferred",
  reply: "451 4.3.0 Later",
  host: "mx.test.ru",
  until: START + 1,
} as const;

Deno.test("attempts() tells every try of each recipient", async () => {
  await using given = await queueFolder();
  const mail = letter(["a@test.ru", "b@test.ru"]);
  await given.put(mail);
  await given.settle(
    mail,
    { ...LATER, recipient: 0, address: "192.0.2.7", session: "07AMS75MBZZ" },
    { status: "postponed", recipient: 1, until: START + 1 },
  );
  await given.settle(
    mail,
    { ...LATER, recipient: 0 },
    { status: "failed", recipient: 1, reply: "550 5.1.1 Nobody", host: "" },
  );
  const tried = {
    recipient: 0,
    at: START,
    status: "deferred",
    reply: LATER.reply,
    host: LATER.host,
  } as const;
  assertEquals(await given.oversight.attempts(mail.message.id), [
    { ...tried, number: 1, address: "192.0.2.7", session: "07AMS75MBZZ" },
    { ...tried, number: 2, address: "", session: "" },
    {
      recipient: 1,
      number: 1,
      at: START,
      status: "failed",
      reply: "550 5.1.1 Nobody",
      host: "",
      address: "",
      session: "",
    },
  ]);
});

Deno.test("attempts() tells nothing of news that came too late", async () => {
  await using given = await queueFolder();
  const mail = letter(["a@test.ru", "b@test.ru"]);
  await given.put(mail);
  const late: Settled = { ...LATER, recipient: 0 };
  const delivered = { ...LATER, recipient: 0, status: "delivered" } as const;
  await given.settle(mail, delivered);
  await given.settle(mail, late);
  const attempts = await given.oversight.attempts(mail.message.id);
  assertEquals(attempts.map(({ status }) => status), ["delivered"]);
});

Deno.test("commit() remembers the last tries of each recipient, and no endless reply", async () => {
  await using given = await queueFolder();
  const mail = letter(["a@test.ru", "b@test.ru"]);
  await given.put(mail);
  await given.settle(mail, { ...LATER, recipient: 1 });
  const reply = `451 ${"x".repeat(2 * REPLY_KEPT)}`;
  for (let tries = 0; tries < ATTEMPTS_KEPT + 3; tries++) {
    await given.settle(mail, { ...LATER, reply, recipient: 0 });
  }
  const attempts = await given.oversight.attempts(mail.message.id);
  const numbers = (recipient: number) =>
    attempts.filter((attempt) => attempt.recipient === recipient)
      .map(({ number }) => number);
  assertEquals(numbers(0).length, ATTEMPTS_KEPT);
  assertEquals([numbers(0).at(0), numbers(0).at(-1)], [4, ATTEMPTS_KEPT + 3]);
  assertEquals(numbers(1), [1]);
  assertEquals(attempts[0]?.reply, reply.slice(0, REPLY_KEPT));
});

Deno.test("commit() forgets the tries with the message", async () => {
  await using given = await queueFolder();
  const [mail, other] = [letter(["a@test.ru"]), letter(["a@test.ru"])];
  await given.put(mail, other);
  await given.settle(mail, { ...LATER, recipient: 0 });
  await given.settle(other, { ...LATER, recipient: 0 });
  await given.settle(mail, { ...LATER, recipient: 0, status: "delivered" });
  assertEquals(await given.oversight.attempts(mail.message.id), []);
  assertEquals(given.rows(), {
    message: 1,
    attempt: 1,
    standing_order: 0,
    changed: 0,
  });
});
