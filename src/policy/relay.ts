import { BlockList, isIPv4, isIPv6 } from "node:net";

/** The IP addresses whose first `prefix` bits are those of `address`. */
export interface Network {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  /** Bits that count: 0 to 32 in IPv4, 0 to 128 in IPv6. */
  readonly prefix: number;
}

/**
 * Makes the function that tells whether an IP address, without brackets, is in one of the networks.
 * An IPv4 address is the same one mapped into IPv6 (RFC 4291 §2.5.5.2). What isn't an address is in
 * no network.
 *
 * @throws {Error} When a network isn't one.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { containedIn } from "./relay.ts";
 *
 * const isLocal = containedIn([{ address: "127.0.0.0", prefix: 8 }]);
 * assert(isLocal("127.1.2.3"));
 * assert(isLocal("::ffff:127.0.0.1"));
 * assert(!isLocal("192.0.2.1"));
 * ```
 */
export function containedIn(
  networks: readonly Network[],
): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix } of networks) {
    list.addSubnet(address, prefix, isIPv4(address) ? "ipv4" : "ipv6");
  }
  return (address) =>
    isIPv4(address)
      ? list.check(address, "ipv4")
      : isIPv6(address) && list.check(address, "ipv6");
}
