import { assertEquals, assertThrows } from "@std/assert";
import type { Outcome } from "../../src/queue/delivery.ts";
import type { RecipientState } from "../../src/queue/queue.ts";
import { freshStates } from "../../src/queue/state.ts";
import { completeOutcomes, judge, postpone } from "../../src/queue/verdict.ts";
import { letter, START } from "./fakes.ts";

const { message } = letter(["a@test.ru", "b@test.ru"]);
const fresh = { message, states: freshStates(message) };
const patience = { retry: [100], warnAfter: 500, giveUp: 1000 };
const [a] = message.recipients;

function outcome(status: Outcome["status"], recipient = 0): Outcome {
  return { recipient, status, reply: "450 4.2.0 Later", host: "mx.test.ru" };
}

/** The message when its first recipient has fared otherwise before. */
function after(state: Partial<RecipientState>) {
  const [first, ...others] = fresh.states;
  return { message, states: [{ ...first!, ...state }, ...others] };
}

Deno.test("completeOutcomes() has one outcome per recipient, in order", () => {
  const outcomes = completeOutcomes(message.recipients, [
    outcome("delivered", 1),
    outcome("failed", 1),
    outcome("failed", 9),
  ]);
  assertEquals(
    outcomes.map(({ recipient, status }) => [recipient, status]),
    [[0, "deferred"], [1, "delivered"]],
  );
});

Deno.test("judge() puts off what failed for now", () => {
  const verdict = judge(fresh, outcome("deferred"), { now: START, patience });
  assertEquals(verdict, {
    recipient: a!,
    settled: {
      status: "deferred",
      recipient: 0,
      reply: "450 4.2.0 Later",
      host: "mx.test.ru",
      until: START + 100,
    },
    attempts: 1,
    gaveUp: false,
  });
});

Deno.test("judge() keeps where and in which dialogue it was tried", () => {
  const where = { address: "192.0.2.1", session: "00000000009" };
  for (const status of ["delivered", "deferred", "failed"] as const) {
    const { settled } = judge(
      fresh,
      { ...outcome(status), ...where, scope: "lane" },
      { now: START, patience },
    );
    assertEquals({ ...settled, ...where }, settled);
    assertEquals("scope" in settled, false);
  }
});

Deno.test("judge() gives up when patience ends", () => {
  const now = START + 1000;
  const verdict = judge(fresh, outcome("deferred"), { now, patience });
  assertEquals(verdict.settled.status, "failed");
  assertEquals(verdict.gaveUp, true);
});

Deno.test("judge() takes delivered and failed as they are", () => {
  for (const status of ["delivered", "failed"] as const) {
    const now = START + 5000;
    const verdict = judge(fresh, outcome(status), { now, patience });
    assertEquals(verdict.settled.status, status);
    assertEquals(verdict.gaveUp, false);
  }
});

Deno.test("judge() refuses a recipient the message hasn't", () => {
  assertThrows(
    () => judge(fresh, outcome("delivered", 2), { now: START, patience }),
    RangeError,
  );
});

/** When a try that fails for now ends, and what comes of it. */
const WARNINGS: readonly {
  readonly what: string;
  readonly warnAfter: number;
  readonly now: number;
  readonly warned?: true;
  readonly then: { readonly until: number; readonly warned?: true } | "failed";
}[] = [
  {
    what: "tries again when the sender is to be told, if that is sooner",
    warnAfter: 50,
    now: 0,
    then: { until: 50 },
  },
  {
    what: "tells when the time has come",
    warnAfter: 50,
    now: 50,
    then: { until: 150, warned: true },
  },
  {
    what: "tells late rather than not at all",
    warnAfter: 50,
    now: 800,
    then: { until: 900, warned: true },
  },
  {
    what: "tells once",
    warnAfter: 50,
    now: 800,
    warned: true,
    then: { until: 900 },
  },
  {
    what: "tells at the first failure with a delay of 0",
    warnAfter: 0,
    now: 0,
    then: { until: 100, warned: true },
  },
  {
    what: "tells nothing of waiting when it gives up",
    warnAfter: 50,
    now: 1000,
    then: "failed",
  },
  {
    what: "gives up without having told, if told only then",
    warnAfter: 1000,
    now: 950,
    then: { until: 1000 },
  },
  {
    what: "never tells with a delay longer than its patience",
    warnAfter: 5000,
    now: 950,
    then: { until: 1000 },
  },
];

for (const { what, warnAfter, now, warned, then } of WARNINGS) {
  const circumstances = {
    now: START + now,
    patience: { ...patience, warnAfter },
  };
  const queued = after(warned ? { warned } : {});
  const expected = then === "failed"
    ? { status: "failed" }
    : { ...then, until: START + then.until };

  Deno.test(`judge() ${what}`, () => {
    const { settled } = judge(queued, outcome("deferred"), circumstances);
    assertEquals(settled, {
      status: "deferred",
      recipient: 0,
      reply: "450 4.2.0 Later",
      host: "mx.test.ru",
      ...expected,
    });
  });

  Deno.test(`postpone() ${what}`, () => {
    const rest = {
      reply: "451 4.4.1 Down",
      host: "",
      until: START + now + 100,
    };
    const { settled } = postpone(queued, a!, { ...rest, ...circumstances });
    assertEquals(settled, {
      status: "postponed",
      recipient: 0,
      reply: "451 4.4.1 Down",
      host: "",
      ...expected,
    });
  });
}

Deno.test("postpone() is no try, but to give up is", () => {
  const rest = { reply: "451 4.4.1 Down", host: "", until: START + 9000 };
  const queued = after({ attempts: 3 });
  const waits = postpone(queued, a!, { ...rest, now: START, patience });
  assertEquals([waits.attempts, waits.gaveUp], [3, false]);
  const now = START + 1000;
  const fails = postpone(queued, a!, { ...rest, now, patience });
  assertEquals([fails.attempts, fails.gaveUp], [4, true]);
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOURLY = {
  retry: [60 * MINUTE],
  warnAfter: 600 * MINUTE,
  giveUp: 6000 * MINUTE,
};

Deno.test("judge() comes back soon to who doesn't know us", () => {
  const said: Readonly<Record<string, number>> = {
    "450 4.7.1 Try again later": 5,
    "451-4.7.1 Hello stranger\n451 4.7.1 come again": 5,
    "450 4.2.0 <a@test.ru>: Recipient address rejected: Greylisted": 5,
    "451 Temporarily rejected\nby greylisting": 5,
    "421 4.2.0 Gray-listed": 5,
    "450 4.7.10 TLS required": 60,
    "450 4.2.0 Later": 60,
    "450 4.2.1 4.7.1": 60,
  };
  for (const [reply, minutes] of Object.entries(said)) {
    const deferred = { ...outcome("deferred"), reply };
    const times = [
      judge(fresh, deferred, { now: START, patience: HOURLY }),
      judge(after({ attempts: 1 }), deferred, { now: START, patience: HOURLY }),
    ].map(({ settled }) => "until" in settled && settled.until - START);
    assertEquals(times, [minutes * MINUTE, 60 * MINUTE], reply);
  }
});

Deno.test("judge() comes back sooner still if it would anyway", () => {
  const patience = { ...HOURLY, retry: [SECOND] };
  const deferred = { ...outcome("deferred"), reply: "450 4.7.1 Greylisted" };
  const { settled } = judge(fresh, deferred, { now: START, patience });
  assertEquals("until" in settled && settled.until, START + SECOND);
});
