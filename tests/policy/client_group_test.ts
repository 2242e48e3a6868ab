import { assertEquals, assertNotEquals } from "@std/assert";
import { clientGroup } from "../../src/policy/client_group.ts";

Deno.test("clientGroup() tells IPv4 addresses apart, in IPv6 or not", () => {
  assertEquals(clientGroup("192.0.2.1"), clientGroup("::ffff:192.0.2.1"));
  assertEquals(clientGroup("192.0.2.1"), clientGroup("::FFFF:c000:201"));
  assertNotEquals(clientGroup("192.0.2.1"), clientGroup("192.0.2.2"));
  assertNotEquals(
    clientGroup("::ffff:192.0.2.1"),
    clientGroup("::ffff:192.0.2.2"),
  );
});

Deno.test("clientGroup() takes a /64 as one, however its addresses are spelled", () => {
  const group = clientGroup("2001:db8:0:1::1");
  for (
    const address of [
      "2001:DB8:0:1::1",
      "2001:0db8:0000:0001:ffff:ffff:ffff:ffff",
      "2001:db8::1:0:0:0:7",
    ]
  ) {
    assertEquals(clientGroup(address), group, address);
  }
  assertNotEquals(clientGroup("2001:db8:0:2::1"), group);
  assertNotEquals(clientGroup("2001:db8:1:1::1"), group);
});
