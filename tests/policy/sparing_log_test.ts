import { assertEquals } from "@std/assert";
import { sparingLog } from "../../src/policy/sparing_log.ts";
import { manualClock } from "../log/manual_clock.ts";
import { keptLog } from "./login_fakes.ts";

const MINUTE = 60_000;

function setting() {
  const clock = manualClock("2026-01-01T00:00:00Z");
  const { told, ...log } = keptLog();
  return { clock, told, log: sparingLog(log, clock) };
}

Deno.test("sparingLog() tells sixty refusals of a kind in a minute, and how many it left out", async () => {
  const { clock, told, log } = setting();
  const fields = { session: "S", peer: "192.0.2.1", reply: "421 4.7.0 no" };
  for (let count = 0; count < 100; count++) {
    log.info("connection refused", fields);
  }
  assertEquals(told, Array(60).fill({ event: "connection refused", fields }));
  await clock.advance(MINUTE);
  for (const _ of "ab") log.info("connection refused", fields);
  assertEquals(told.slice(60), [
    { event: "connection refused", fields: { ...fields, unlogged: 40 } },
    { event: "connection refused", fields },
  ]);
});

Deno.test("sparingLog() counts each kind and each client group by itself", () => {
  const { told, log } = setting();
  const flood = (event: string, peer: string) => {
    for (let count = 0; count < 100; count++) log.warn(event, { peer });
    return told.splice(0).length;
  };
  assertEquals(flood("connection refused", "2001:db8:0:1::1"), 60);
  assertEquals(flood("connection refused", "2001:db8:0:1:ff::2"), 0);
  assertEquals(flood("connection refused", "2001:db8:0:2::1"), 60);
  assertEquals(flood("recipient refused", "2001:db8:0:1::1"), 60);
});

Deno.test("sparingLog() tells all else, of whatever level", () => {
  const { told, log } = setting();
  for (let count = 0; count < 100; count++) {
    log.info("message accepted", { peer: "192.0.2.1" });
    log.info("connection refused");
    log.debug("connection refused", { peer: "192.0.2.1" });
    log.error("connection refused", { peer: "192.0.2.1" });
  }
  assertEquals(told.length, 400);
});
