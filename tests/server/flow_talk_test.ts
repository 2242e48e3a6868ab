import { assert, assertEquals } from "@std/assert";
import { isDiskFull } from "../../src/ports/disk.ts";
import type { Put } from "../../src/queue/queue.ts";
import {
  errorOf,
  failureOf,
  type FlowEvent,
  packEvents,
  packPuts,
  unpackEvents,
  unpackPuts,
} from "../../src/server/flow_talk.ts";
import { letter } from "../queue/fakes.ts";

Deno.test("a full disk is known as one in the other thread", () => {
  const full = [
    Object.assign(new Error("no space left"), { code: "ENOSPC" }),
    Object.assign(new Error("database or disk is full"), { errcode: 13 }),
  ];
  for (const error of full) {
    const told = errorOf(structuredClone(failureOf(error)));
    assert(isDiskFull(told), error.message);
    assertEquals(told.message, error.message);
  }
  assert(!isDiskFull(errorOf(failureOf(new Error("disk I/O error")))));
});

Deno.test("failureOf() tells whatever was thrown", () => {
  assertEquals(failureOf("text"), { message: "text" });
  assertEquals(failureOf(undefined), { message: "undefined" });
});

Deno.test("messages arrive in the other thread as they were", () => {
  const small = letter(["petya@test.ru", "masha@test.ru"]);
  const large = letter(["you@example.net"], {
    content: { kind: "file", path: "spool/1" },
  });
  const odd: Put = {
    ...letter(),
    message: {
      ...letter().message,
      from: null,
      ret: "HDRS",
      envid: "QQ+\u00e9\ud83d\ude00",
      smtputf8: true,
      trusted: true,
    },
  };
  const puts = [small, large, odd];
  assertEquals(unpackPuts(structuredClone(packPuts(puts))), puts);
});

Deno.test("events arrive in the other thread as they were", () => {
  const events: readonly FlowEvent[] = [
    { what: "queued", id: "00000000100" },
    { what: "not queued", id: "1", failure: { message: "full", errcode: 13 } },
    { what: "log", line: 'INFO x y="\\u2028"\n', grave: false },
    { what: "said", id: "2", lines: ["-> 250 OK", "<- \u0436"] },
  ];
  assertEquals(unpackEvents(structuredClone(packEvents(events))), events);
});
