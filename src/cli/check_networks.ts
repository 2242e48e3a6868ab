import { BlockList, isIP, isIPv4 } from "node:net";
import type { Network } from "../config/network_values.ts";
import type { Settings } from "../config/settings.ts";

const LOOPBACK: readonly Network[] = [
  { address: "127.0.0.0", prefix: 8 },
  { address: "::1", prefix: 128 },
];

/** Networks that are not the internet. */
const PRIVATE: readonly Network[] = [
  ...LOOPBACK,
  { address: "10.0.0.0", prefix: 8 },
  { address: "100.64.0.0", prefix: 10 },
  { address: "169.254.0.0", prefix: 16 },
  { address: "172.16.0.0", prefix: 12 },
  { address: "192.168.0.0", prefix: 16 },
  { address: "fc00::", prefix: 7 },
  { address: "fe80::", prefix: 10 },
];

/**
 * Whether all of a network is in one of the others.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isWithin } from "./check_networks.ts";
 *
 * const site = [{ address: "10.1.0.0", prefix: 16 }];
 * assert(isWithin({ address: "10.1.2.0", prefix: 24 }, site));
 * assert(!isWithin({ address: "10.0.0.0", prefix: 8 }, site));
 * ```
 */
export function isWithin(
  { address, prefix }: Network,
  others: readonly Network[],
): boolean {
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  return others.some((other) => {
    if (isIPv4(other.address) !== isIPv4(address)) return false;
    if (other.prefix > prefix) return false;
    const list = new BlockList();
    list.addSubnet(other.address, other.prefix, family);
    return list.check(address, family);
  });
}

/** How much of the internet a network is. */
export type Extent =
  /** None of it. */
  | "private"
  /** A site or less of it. */
  | "site"
  /** More than one site has: thousands of strangers. */
  | "wide"
  /** So much that it may as well be all. */
  | "everybody";

/** Fewer bits than these in a prefix mean more than a site, or everybody. */
const BITS = { ipv4: { site: 20, some: 8 }, ipv6: { site: 48, some: 16 } };

/**
 * How much of the internet a network is. A site may have up to 4,096 IPv4 addresses, or an IPv6
 * /48.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { extentOf } from "./check_networks.ts";
 *
 * assertEquals(extentOf({ address: "10.0.0.0", prefix: 8 }), "private");
 * assertEquals(extentOf({ address: "198.51.100.0", prefix: 24 }), "site");
 * assertEquals(extentOf({ address: "198.51.0.0", prefix: 16 }), "wide");
 * assertEquals(extentOf({ address: "::", prefix: 0 }), "everybody");
 * ```
 */
export function extentOf(network: Network): Extent {
  const { address, prefix } = network;
  if (isWithin(network, PRIVATE)) return "private";
  // RFC 4291 §2.5.5.2: what begins like this and is so narrow is an IPv4 network.
  const mapped = /^::ffff:/i.test(address) && prefix >= 96;
  const { site, some } = isIPv4(address) || mapped ? BITS.ipv4 : BITS.ipv6;
  const bits = mapped ? prefix - 96 : prefix;
  if (bits < some) return "everybody";
  return bits < site ? "wide" : "site";
}

/** Whether a name or an IP address means this machine, whatever DNS says. */
export function isLocal(host: string): boolean {
  if (isIP(host) === 0) return /^(?:.*\.)?localhost$/.test(host);
  return isWithin({ address: host, prefix: isIPv4(host) ? 32 : 128 }, LOOPBACK);
}

/** Whether others than this machine can come in, by themselves or by way of a proxy. */
export function isWithinReach(
  { host, proxyFrom }: Pick<Settings, "host" | "proxyFrom">,
): boolean {
  return proxyFrom.length > 0 || !isLocal(host);
}

/** A network as it is written: `10.0.0.0/8`. */
export function formatNetwork({ address, prefix }: Network): string {
  return `${address}/${prefix}`;
}
