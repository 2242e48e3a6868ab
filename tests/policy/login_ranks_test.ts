import { assertEquals } from "@std/assert";
import { LoginRanks } from "../../src/policy/login_ranks.ts";

const DAY = 24 * 60 * 60 * 1000;
const FRIEND = "192.0.2.1/32";
const GUESSER = "192.0.2.2/32";

/** Ranks at a time of our choice. */
function setting() {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const ranks = new LoginRanks({ now: () => now });
  return { ranks, pass: (time: number) => now += time };
}

Deno.test("LoginRanks.of() puts a success before all failures, whichever came last", () => {
  const { ranks } = setting();
  ranks.failed(FRIEND);
  assertEquals(ranks.of(FRIEND), 2);
  ranks.proved(FRIEND);
  assertEquals(ranks.of(FRIEND), 0);
  ranks.failed(FRIEND);
  assertEquals(ranks.of(FRIEND), 0);
  assertEquals(ranks.of(GUESSER), 1);
});

Deno.test("LoginRanks.of() forgets failures after a day and successes after a month", () => {
  const { ranks, pass } = setting();
  ranks.proved(FRIEND);
  ranks.failed(GUESSER);
  pass(DAY - 1);
  assertEquals(ranks.of(GUESSER), 2);
  pass(1);
  assertEquals(ranks.of(GUESSER), 1);
  pass(29 * DAY - 1);
  assertEquals(ranks.of(FRIEND), 0);
  pass(1);
  assertEquals(ranks.of(FRIEND), 1);
});

Deno.test("LoginRanks.of() knows a friend though a million strangers fail", () => {
  const { ranks } = setting();
  ranks.proved(FRIEND);
  for (let each = 0; each < 1_000_000; each++) ranks.failed(`${each}`);
  assertEquals(ranks.of(FRIEND), 0);
  assertEquals(ranks.of("999999"), 2);
});
