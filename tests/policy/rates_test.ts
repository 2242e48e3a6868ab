import { assertEquals } from "@std/assert";
import { makeRate, type Rate } from "../../src/policy/rates.ts";

function setting(perMinute: number): {
  readonly time: { now: number };
  readonly rate: Rate;
} {
  const time = { now: Date.UTC(2026, 0, 1) };
  return {
    time,
    rate: makeRate({ perMinute, clock: { now: () => time.now } }),
  };
}

/** How many of `tries` at once may be. */
function taken(rate: Rate, key: string, tries: number): number {
  let count = 0;
  for (let each = 0; each < tries; each++) if (rate.take(key)) count++;
  return count;
}

Deno.test("take() lets a minute's worth through at once, and no more", () => {
  for (const perMinute of [1, 2, 7, 120, 1000]) {
    const { time, rate } = setting(perMinute);
    assertEquals(taken(rate, "a", perMinute + 5), perMinute);
    time.now += 60_000;
    assertEquals(taken(rate, "a", perMinute + 5), perMinute);
  }
});

Deno.test("take() lets through as much as the time allows, whatever is refused", () => {
  const { time, rate } = setting(60);
  assertEquals(taken(rate, "a", 100), 60);
  for (let second = 0; second < 600; second++) {
    time.now += 1_000;
    assertEquals(taken(rate, "a", 3), 1);
  }
  time.now += 30_000;
  assertEquals(taken(rate, "a", 100), 30);
});

Deno.test("take() counts each key by itself", () => {
  const { rate } = setting(3);
  assertEquals(taken(rate, "a", 5), 3);
  assertEquals(taken(rate, "b", 5), 3);
});

Deno.test("take() of a rate of 0 knows no limit", () => {
  const { rate } = setting(0);
  assertEquals(taken(rate, "a", 10_000), 10_000);
});

Deno.test("take() shuts out nobody for long when the clock is put back", () => {
  const { time, rate } = setting(2);
  taken(rate, "a", 2);
  time.now -= 3_600_000;
  assertEquals(taken(rate, "a", 1), 0);
  time.now += 30_000;
  assertEquals(taken(rate, "a", 2), 1);
});
