import { assertEquals } from "@std/assert";
import {
  canonicalAddress,
  isOurEndpoint,
} from "../../src/delivery/route_ourselves.ts";

/** Where we listen, an address, and whether that is us. */
const ENDPOINTS: readonly (readonly [string, string, boolean])[] = [
  ["192.0.2.1", "192.0.2.1", true],
  ["192.0.2.1", "::ffff:192.0.2.1", true],
  ["192.0.2.1", "192.0.2.2", false],
  ["192.0.2.1", "127.0.0.1", false],
  ["2001:db8::1", "2001:DB8:0::1", true],
  ["fe80::1%eth0", "fe80::1", true],
  ["0.0.0.0", "127.0.0.1", true],
  ["0.0.0.0", "127.1.2.3", true],
  ["0.0.0.0", "0.0.0.0", true],
  ["0.0.0.0", "192.0.2.1", false],
  ["::", "127.0.0.1", true],
  ["::", "::ffff:127.0.0.1", true],
  ["::", "::1", true],
  ["::", "::", true],
  ["::", "2001:db8::1", false],
];
for (const [ours, address, expected] of ENDPOINTS) {
  Deno.test(`isOurEndpoint() of ${address}, listening on ${ours}, is ${expected}`, () => {
    const listens = [
      { address: "198.51.100.1", port: 25 },
      { address: ours, port: 25 },
    ];
    assertEquals(isOurEndpoint({ address, port: 25 }, listens), expected);
    assertEquals(isOurEndpoint({ address, port: 26 }, listens), false);
  });
}

Deno.test("canonicalAddress() leaves canonical addresses as they are", () => {
  for (
    const address of ["0.0.0.0", "192.0.2.1", "::", "::1", "2001:db8::1:0:0:1"]
  ) {
    assertEquals(canonicalAddress(address), address);
  }
});
