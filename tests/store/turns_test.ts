import { assertEquals, assertRejects } from "@std/assert";
import { takeTurns } from "../../src/store/turns.ts";
import { settle } from "../log/manual_clock.ts";

Deno.test("takeTurns() runs one task of a key at a time, in order", async () => {
  const inTurn = takeTurns();
  const started: string[] = [];
  const gate = Promise.withResolvers<void>();
  const all = ["a1", "a2", "b1"].map((name) =>
    inTurn(name.slice(0, 1), () => {
      started.push(name);
      return gate.promise;
    })
  );
  await settle();
  assertEquals(started, ["a1", "b1"]);
  gate.resolve();
  await Promise.all(all);
  assertEquals(started, ["a1", "b1", "a2"]);
});

Deno.test("takeTurns() goes on after a task that fails", async () => {
  const inTurn = takeTurns();
  const failing = inTurn("a", () => Promise.reject(new Error("Broken")));
  const next = inTurn("a", () => Promise.resolve("done"));
  await assertRejects(() => failing, Error, "Broken");
  assertEquals(await next, "done");
});
