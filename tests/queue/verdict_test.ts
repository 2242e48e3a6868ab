import { assertEquals, assertThrows } from "@std/assert";
import type { Outcome } from "../../src/queue/delivery.ts";
import { freshStates } from "../../src/queue/state.ts";
import {
  completeOutcomes,
  failuresOf,
  judge,
  putOffFailures,
} from "../../src/queue/verdict.ts";
import { letter, START } from "./fakes.ts";

const { message } = letter(["a@test.ru", "b@test.ru"]);
const held = { message, states: freshStates(message) };
const patience = { retry: [100], giveUp: 1000 };

function outcome(status: Outcome["status"], recipient = 0): Outcome {
  return { recipient, status, reply: "450 4.2.0 Later", host: "mx.test.ru" };
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
  const verdict = judge(held, outcome("deferred"), { now: START, patience });
  assertEquals(verdict.settled, {
    status: "deferred",
    recipient: 0,
    reply: "450 4.2.0 Later",
    host: "mx.test.ru",
    until: START + 100,
  });
  assertEquals(verdict.attempts, 1);
});

Deno.test("judge() gives up when patience ends", () => {
  const now = START + 1000;
  const verdict = judge(held, outcome("deferred"), { now, patience });
  assertEquals(verdict.settled.status, "failed");
  assertEquals(verdict.gaveUp, true);
  assertEquals(failuresOf([verdict]), [{
    recipient: message.recipients[0]!,
    reply: "450 4.2.0 Later",
    host: "mx.test.ru",
    attempts: 1,
    gaveUp: true,
  }]);
});

Deno.test("judge() takes delivered and failed as they are", () => {
  for (const status of ["delivered", "failed"] as const) {
    const now = START + 5000;
    const verdict = judge(held, outcome(status), { now, patience });
    assertEquals(verdict.settled.status, status);
    assertEquals(verdict.gaveUp, false);
  }
});

Deno.test("judge() refuses a recipient the message hasn't", () => {
  assertThrows(
    () => judge(held, outcome("delivered", 2), { now: START, patience }),
    RangeError,
  );
});

Deno.test("putOffFailures() leaves the others alone", () => {
  const now = START;
  const failed = judge(held, outcome("failed", 0), { now, patience });
  const delivered = judge(held, outcome("delivered", 1), { now, patience });
  const [first, second] = putOffFailures([failed, delivered], START + 7);
  assertEquals(first?.settled.status, "deferred");
  assertEquals(second, delivered);
  assertEquals(failuresOf([first!, second!]), []);
});
