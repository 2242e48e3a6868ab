import { assert, assertEquals } from "@std/assert";
import { countConnections } from "../../src/policy/connections.ts";

Deno.test("admit() holds the limit of all clients together", () => {
  const counter = countConnections({ total: 2, perAddress: 9 });
  const leave = counter.admit("192.0.2.1");
  assert(leave);
  assert(counter.admit("192.0.2.2"));
  assertEquals(counter.admit("192.0.2.3"), undefined);
  leave!();
  assert(counter.admit("192.0.2.3"));
  assertEquals(counter.admit("192.0.2.1"), undefined);
});

Deno.test("admit() holds the limit of one address and lets others in", () => {
  const counter = countConnections({ total: 9, perAddress: 2 });
  const leave = counter.admit("192.0.2.1");
  assert(leave);
  assert(counter.admit("192.0.2.1"));
  assertEquals(counter.admit("192.0.2.1"), undefined);
  assert(counter.admit("2001:db8::1"));
  leave!();
  assert(counter.admit("192.0.2.1"));
  assertEquals(counter.admit("192.0.2.1"), undefined);
});

Deno.test("admit() doesn't count a client that it turned away", () => {
  const counter = countConnections({ total: 2, perAddress: 1 });
  assert(counter.admit("192.0.2.1"));
  for (let count = 0; count < 5; count++) {
    assertEquals(counter.admit("192.0.2.1"), undefined);
  }
  assert(counter.admit("192.0.2.2"));
});
