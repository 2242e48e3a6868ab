import { assertEquals } from "@std/assert";
import type { Outcome } from "../../src/queue/delivery.ts";
import { noticesOf, withoutNotices } from "../../src/queue/notices.ts";
import { freshStates } from "../../src/queue/state.ts";
import { judge, postpone } from "../../src/queue/verdict.ts";
import { letter, START } from "./fakes.ts";

const { message } = letter(["a@test.ru", "b@test.ru"]);
const queued = { message, states: freshStates(message) };
const patience = { retry: [100], warnAfter: 500, giveUp: 1000 };
const [a, b] = message.recipients;

function judged(
  { now, ...outcome }: Partial<Outcome> & { readonly now: number },
) {
  const circumstances = { now: START + now, patience };
  return judge(queued, {
    recipient: 0,
    status: "deferred",
    reply: "450 4.2.0 Later",
    host: "mx.test.ru",
    ...outcome,
  }, circumstances);
}

function postponed(now: number) {
  const rest = { reply: "451 4.4.1 Down", host: "", until: START + now + 50 };
  return postpone(queued, b!, { ...rest, now: START + now, patience });
}

const ACTIONS = [
  ["failed", judged({ now: 0, status: "failed" })],
  ["failed", judged({ now: 1000 })],
  ["failed", postponed(1000)],
  ["delayed", judged({ now: 500 })],
  ["delayed", postponed(500)],
  ["delivered", judged({ now: 0, status: "delivered" })],
  [
    "relayed",
    judged({ now: 0, status: "delivered", relayed: "no dsn" }),
  ],
  [undefined, judged({ now: 0, status: "delivered", relayed: "dsn" })],
  [undefined, judged({ now: 499 })],
  [undefined, postponed(499)],
] as const;

Deno.test("noticesOf() has a word for all that is new, and for nothing else", () => {
  for (const [action, verdict] of ACTIONS) {
    const notices = noticesOf(queued, [verdict], { now: START, patience });
    assertEquals(
      notices.map((notice) => notice.action),
      action ? [action] : [],
    );
  }
});

Deno.test("noticesOf() says what there is to say of a failure", () => {
  const now = START + 1000;
  const verdicts = [judged({ now: 1000 }), postponed(1000)];
  assertEquals(noticesOf(queued, verdicts, { now, patience }), [
    {
      recipient: a!,
      action: "failed",
      reply: "450 4.2.0 Later",
      host: "mx.test.ru",
      lastAttempt: now,
      gaveUp: true,
      retryUntil: START + 1000,
    },
    {
      recipient: b!,
      action: "failed",
      reply: "451 4.4.1 Down",
      host: "",
      lastAttempt: now,
      gaveUp: true,
      retryUntil: START + 1000,
    },
  ]);
});

Deno.test("noticesOf() knows that a recipient wasn't tried", () => {
  const now = START + 500;
  const [notice] = noticesOf(queued, [postponed(500)], { now, patience });
  assertEquals([notice?.action, notice?.lastAttempt], ["delayed", null]);
});

Deno.test("withoutNotices() leaves nothing to be told", () => {
  const untold = withoutNotices(
    ACTIONS.map(([, verdict]) => verdict),
    START + 7,
  );
  assertEquals(
    untold.map(({ settled }) => [
      settled.status,
      "until" in settled && settled.until - START,
    ]),
    [
      ["deferred", 7],
      ["deferred", 7],
      ["deferred", 7],
      ["deferred", 600],
      ["postponed", 550],
      ["delivered", false],
      ["delivered", false],
      ["delivered", false],
      ["deferred", 500],
      ["postponed", 500],
    ],
  );
  assertEquals(untold.some(({ gaveUp }) => gaveUp), false);
  const told = noticesOf(queued, untold, { now: START, patience });
  assertEquals(told.map(({ action }) => action), ["delivered", "relayed"]);
});
