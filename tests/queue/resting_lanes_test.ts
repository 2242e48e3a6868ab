import { assertEquals } from "@std/assert";
import type { Outcome } from "../../src/queue/delivery.ts";
import { makeRestingLanes } from "../../src/queue/resting_lanes.ts";
import { fakeClock, START } from "./fakes.ts";

const GOOD: Outcome = {
  recipient: 0,
  status: "delivered",
  reply: "250 2.0.0 Ok",
  host: "mx.test.ru",
};
const BAD: Outcome = {
  recipient: 1,
  status: "deferred",
  reply: "451 4.4.1 Down",
  host: "mx.test.ru",
  scope: "lane",
};

function setUp() {
  const clock = fakeClock();
  return { clock, lanes: makeRestingLanes({ clock, length: 100 }) };
}

Deno.test("of() knows a lane in trouble, until its rest ends", async () => {
  const { clock, lanes } = setUp();
  assertEquals(lanes.of("x"), undefined);
  lanes.learn("x", [GOOD, BAD]);
  const rest = { reply: BAD.reply, host: BAD.host, until: START + 100 };
  assertEquals(lanes.of("x"), rest);
  assertEquals(lanes.of("y"), undefined);
  await clock.advance(99);
  assertEquals(lanes.of("x"), rest);
  await clock.advance(1);
  assertEquals(lanes.of("x"), undefined);
});

Deno.test("learn() doesn't lengthen a rest", async () => {
  const { clock, lanes } = setUp();
  lanes.learn("x", [BAD]);
  await clock.advance(50);
  lanes.learn("x", [BAD]);
  assertEquals(lanes.of("x")?.until, START + 100);
  await clock.advance(60);
  lanes.learn("x", [BAD]);
  assertEquals(lanes.of("x")?.until, START + 210);
});

Deno.test("learn() ends a rest when a try came through", () => {
  const { lanes } = setUp();
  lanes.learn("x", [BAD]);
  lanes.learn("y", [BAD]);
  lanes.learn("x", [GOOD]);
  assertEquals(lanes.of("x"), undefined);
  assertEquals(lanes.of("y")?.reply, BAD.reply);
});

Deno.test("of() isn't kept waiting by a clock that was put back", () => {
  const { clock, lanes } = setUp();
  lanes.learn("x", [BAD]);
  clock.jump(-1000);
  assertEquals(lanes.of("x"), undefined);
});

Deno.test("endAll() ends every rest", () => {
  const { lanes } = setUp();
  lanes.learn("x", [BAD]);
  lanes.learn("y", [BAD]);
  lanes.endAll();
  assertEquals([lanes.of("x"), lanes.of("y")], [undefined, undefined]);
});
