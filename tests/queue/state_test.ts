import { assertEquals } from "@std/assert";
import type { Settled } from "../../src/queue/queue.ts";
import { freshStates, nextDueOf, settleStates } from "../../src/queue/state.ts";
import { letter, START } from "./fakes.ts";

const { message } = letter(["a@test.ru", "b@test.ru"]);
const fresh = freshStates(message);
const said = { reply: "250 2.1.5 Ok", host: "local" };

function after(...recipients: Settled[]) {
  return settleStates(fresh, { id: message.id, at: START + 9, recipients });
}

Deno.test("freshStates() are due at once", () => {
  assertEquals(fresh.length, 2);
  assertEquals(nextDueOf(fresh), message.receivedAt);
});

Deno.test("settleStates() keeps what was said last", () => {
  const [first, second] = after({ status: "failed", recipient: 0, ...said });
  assertEquals(first?.status, "failed");
  assertEquals(first?.attempts, 1);
  assertEquals(first?.lastAttempt, START + 9);
  assertEquals(first?.lastReply, said.reply);
  assertEquals(first?.lastHost, said.host);
  assertEquals(second, fresh[1]);
});

Deno.test("settleStates() never takes back what was settled", () => {
  const delivered = after({ status: "delivered", recipient: 0, ...said });
  const late = settleStates(delivered, {
    id: message.id,
    at: START + 10,
    recipients: [{ status: "deferred", recipient: 0, until: 1, ...said }],
  });
  assertEquals(late, delivered);
});

Deno.test("settleStates() does not count what wasn't tried", () => {
  const [first] = after({ status: "postponed", recipient: 0, until: 77 });
  assertEquals(first, { ...fresh[0]!, nextAttempt: 77 });
});

Deno.test("settleStates() keeps what others were told where it wasn't tried", () => {
  const [first] = after({
    status: "postponed",
    recipient: 0,
    until: 77,
    reply: "451 4.4.1 Down",
    host: "mx.test.ru",
  });
  assertEquals(first, {
    ...fresh[0]!,
    nextAttempt: 77,
    lastReply: "451 4.4.1 Down",
    lastHost: "mx.test.ru",
  });
});

Deno.test("settleStates() never forgets that the sender was told", () => {
  const until = START + 50;
  const news: readonly Settled[] = [
    { status: "deferred", recipient: 0, until, warned: true, ...said },
    { status: "postponed", recipient: 1, until, warned: true },
    { status: "deferred", recipient: 0, until, ...said },
    { status: "postponed", recipient: 0, until },
    { status: "deferred", recipient: 1, until, ...said },
  ];
  let states = after();
  assertEquals(states.map(({ warned }) => warned), [undefined, undefined]);
  states = after(...news.slice(0, 2));
  assertEquals(states.map(({ warned }) => warned), [true, true]);
  assertEquals(after(...news).map(({ warned }) => warned), [true, true]);
});

Deno.test("settleStates() passes over recipients that aren't there", () => {
  assertEquals(after({ status: "delivered", recipient: 7, ...said }), fresh);
});

Deno.test("nextDueOf() is the earliest time of those that wait", () => {
  const states = after(
    { status: "delivered", recipient: 0, ...said },
    { status: "deferred", recipient: 1, until: START + 50, ...said },
  );
  assertEquals(nextDueOf(states), START + 50);
});

Deno.test("nextDueOf() is undefined when none waits", () => {
  const states = after(
    { status: "delivered", recipient: 0, ...said },
    { status: "failed", recipient: 1, ...said },
  );
  assertEquals(nextDueOf(states), undefined);
});
