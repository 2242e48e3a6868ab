import { assertEquals } from "@std/assert";
import { makeAlarm } from "../../src/queue/alarm.ts";
import { fakeClock, START } from "./fakes.ts";

function setUp() {
  const clock = fakeClock();
  const times: number[] = [];
  const alarm = makeAlarm(clock, () => times.push(clock.now() - START));
  return { clock, alarm, times };
}

Deno.test("makeAlarm() goes off at the earliest time, once", async () => {
  const { clock, alarm, times } = setUp();
  alarm.set(START + 30);
  alarm.set(START + 10);
  alarm.set(START + 20);
  await clock.advance(100);
  assertEquals(times, [10]);
});

Deno.test("makeAlarm() goes off soon for a time gone by", async () => {
  const { clock, alarm, times } = setUp();
  alarm.set(START - 5);
  await clock.advance(0);
  assertEquals(times, [0]);
});

Deno.test("makeAlarm() can be set again", async () => {
  const { clock, alarm, times } = setUp();
  alarm.set(START + 10);
  await clock.advance(10);
  alarm.set(START + 20);
  await clock.advance(10);
  assertEquals(times, [10, 20]);
});

Deno.test("makeAlarm() leaves no timer behind when cancelled", async () => {
  const { clock, alarm, times } = setUp();
  alarm.set(START + 10);
  alarm.cancel();
  assertEquals(clock.pending(), 0);
  await clock.advance(20);
  assertEquals(times, []);
});
