import { assertEquals } from "@std/assert";
import {
  type ConnectionCounter,
  countConnections,
} from "../../src/policy/connections.ts";

/** Admits a client who must be let in; returns how it leaves. */
function enter(
  counter: ConnectionCounter,
  address: string,
  options?: { readonly squeeze: boolean },
): () => void {
  const admission = counter.admit(address, options);
  if (typeof admission === "string") throw new Error(admission);
  return admission;
}

Deno.test("admit() holds the limit of all clients together", () => {
  const counter = countConnections({ total: 2, perAddress: 9 });
  const leave = enter(counter, "192.0.2.1");
  enter(counter, "192.0.2.2");
  assertEquals(counter.admit("192.0.2.3"), "full");
  leave();
  enter(counter, "192.0.2.3");
  assertEquals(counter.admit("192.0.2.1"), "full");
});

Deno.test("admit() holds the limit of one address and lets others in", () => {
  const counter = countConnections({ total: 9, perAddress: 2 });
  const leave = enter(counter, "192.0.2.1");
  enter(counter, "192.0.2.1");
  assertEquals(counter.admit("192.0.2.1"), "too many");
  assertEquals(counter.admit("::ffff:192.0.2.1"), "too many");
  enter(counter, "2001:db8::1");
  leave();
  enter(counter, "192.0.2.1");
  assertEquals(counter.admit("192.0.2.1"), "too many");
});

Deno.test("admit() takes the IPv6 addresses of a /64 as one", () => {
  const counter = countConnections({ total: 9, perAddress: 2 });
  const leave = enter(counter, "2001:db8::1");
  enter(counter, "2001:db8::2");
  assertEquals(counter.admit("2001:db8::3"), "too many");
  enter(counter, "2001:db8:0:1::1");
  leave();
  enter(counter, "2001:db8::3");
});

Deno.test("admit() doesn't count a client that it turned away", () => {
  const counter = countConnections({ total: 2, perAddress: 1 });
  enter(counter, "192.0.2.1");
  for (let count = 0; count < 5; count++) {
    assertEquals(counter.admit("192.0.2.1"), "too many");
  }
  enter(counter, "192.0.2.2");
});

Deno.test("admit() squeezes a client in when all have too many, not when it has", () => {
  const counter = countConnections({ total: 2, perAddress: 2 });
  const leave = enter(counter, "192.0.2.1");
  enter(counter, "192.0.2.1");
  assertEquals(counter.admit("192.0.2.1", { squeeze: true }), "too many");
  enter(counter, "192.0.2.2", { squeeze: true });
  leave();
  assertEquals(counter.admit("192.0.2.3"), "full");
});
