import { assertEquals } from "@std/assert";
import { rule, underOrder } from "../../src/queue/order.ts";
import type { Order } from "../../src/queue/order.ts";
import type { Queued, StandingOrder } from "../../src/queue/queue.ts";
import { freshStates, settleStates } from "../../src/queue/state.ts";
import { letter, START } from "./fakes.ts";

const NOW = START + 60_000;

/** A message with one recipient that has its copy and one that waits for its next try. */
function queued(order?: StandingOrder): Queued {
  const { message } = letter(["a@test.ru", "b@test.ru"]);
  const said = { reply: "450 4.2.1 Later", host: "mx.test.ru" };
  const states = settleStates(freshStates(message), {
    id: message.id,
    at: START,
    recipients: [
      { status: "delivered", recipient: 0, ...said },
      { status: "deferred", recipient: 1, until: NOW + 1, ...said },
    ],
  });
  return { message, states, ...(order && { order }) };
}

const REFUSED = [
  ["retry", "hold", "it is held: release it first"],
  ["retry", "bounce", "it is about to be bounced"],
  ["hold", "hold", "it is held already"],
  ["release", undefined, "it is not held"],
  ["release", "bounce", "it is not held"],
  ["bounce", "bounce", "it is about to be bounced"],
] as const;

for (const [order, standing, why] of REFUSED) {
  Deno.test(`rule() refuses ${order} after ${standing ?? "nothing"}`, () => {
    assertEquals(rule(queued(standing), order, NOW), { kind: "refused", why });
  });
}

const KEPT: readonly [
  Exclude<Order, "remove">,
  StandingOrder | undefined,
  { order?: StandingOrder; due: number },
][] = [
  ["retry", undefined, { due: NOW }],
  ["hold", undefined, { order: "hold", due: NOW + 1 }],
  ["hold", "bounce", { order: "hold", due: NOW + 1 }],
  ["release", "hold", { due: NOW }],
  ["bounce", undefined, { order: "bounce", due: NOW }],
  ["bounce", "hold", { order: "bounce", due: NOW }],
];

for (const [order, standing, { due, ...after }] of KEPT) {
  Deno.test(`rule() obeys ${order} after ${standing ?? "nothing"}`, () => {
    const before = queued(standing);
    const { message, states: [settled, waiting] } = before;
    assertEquals(rule(before, order, NOW), {
      kind: "keep",
      // What is settled is left as it is.
      queued: {
        message,
        states: [settled!, { ...waiting!, nextAttempt: due }],
        ...after,
      },
    });
  });
}

Deno.test("underOrder() has what is to be bounced wait for no further try", () => {
  const said = { reply: "450 4.2.1 Later", host: "mx.test.ru" };
  const news = {
    id: "00000000100",
    at: START,
    recipients: [
      { status: "deferred", recipient: 0, until: NOW, ...said },
      { status: "postponed", recipient: 1, until: NOW },
      { status: "delivered", recipient: 2, ...said },
    ],
  } as const;
  const [deferred, ...others] = news.recipients;
  assertEquals(underOrder(news, undefined), news);
  assertEquals(underOrder(news, "hold"), news);
  assertEquals(underOrder(news, "bounce"), {
    ...news,
    recipients: [{ ...deferred, until: START }, ...others],
  });
});
