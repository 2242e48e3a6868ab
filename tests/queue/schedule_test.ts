import { assertEquals, assertThrows } from "@std/assert";
import { schedule } from "../../src/queue/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const retry = [5, 10, 20, 40, 60].map((minutes) => minutes * MINUTE);
const patience = { retry, giveUp: 120 * HOUR };

const table: [
  name: string,
  attempts: number,
  now: number,
  expected: number | "give up",
][] = [
  ["the first wait", 1, 0, 5 * MINUTE],
  ["the second wait", 2, 5 * MINUTE, 15 * MINUTE],
  ["the last wait", 5, 2 * HOUR, 3 * HOUR],
  ["the last wait, repeated", 50, 40 * HOUR, 41 * HOUR],
  ["a last try at the very end", 99, 119.5 * HOUR, 120 * HOUR],
  ["giving up at the end", 100, 120 * HOUR, "give up"],
  ["giving up at once after a long outage", 1, 500 * HOUR, "give up"],
  ["the first wait though the clock jumped back", 1, -HOUR, -55 * MINUTE],
];

for (const [name, attempts, now, expected] of table) {
  Deno.test(`schedule() has ${name}`, () => {
    const receivedAt = Date.UTC(2026, 0, 1);
    assertEquals(
      schedule({ attempts, receivedAt, now: receivedAt + now }, patience),
      expected === "give up" ? expected : { next: receivedAt + expected },
    );
  });
}

Deno.test("schedule() refuses an empty list of waits", () => {
  assertThrows(
    () =>
      schedule({ attempts: 1, receivedAt: 0, now: 0 }, {
        retry: [],
        giveUp: HOUR,
      }),
    RangeError,
  );
});
