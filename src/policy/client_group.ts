import { networkOf } from "./networks.ts";

/** Whoever has one IPv6 address has the rest of its /64 too (RFC 4291 §2.5.4). */
const PREFIXES = { ipv4: 32, ipv6: 64 };

/**
 * Those who are counted as one client: an IPv4 address, mapped into IPv6 or not, or the /64 of an
 * IPv6 one, as text that is the same for all of them. What isn't an address is a group of its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clientGroup } from "./client_group.ts";
 *
 * assertEquals(clientGroup("192.0.2.1"), "192.0.2.1/32");
 * assertEquals(clientGroup("::ffff:192.0.2.1"), "192.0.2.1/32");
 * assertEquals(clientGroup("2001:DB8:0:1::7"), "2001:db8:0:1::/64");
 * ```
 */
export function clientGroup(address: string): string {
  return networkOf(address, PREFIXES);
}
