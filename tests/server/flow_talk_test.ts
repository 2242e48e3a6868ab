import { assert, assertEquals } from "@std/assert";
import { isDiskFull } from "../../src/ports/disk.ts";
import { errorOf, failureOf } from "../../src/server/flow_talk.ts";

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
