import { isIPv4, isIPv6 } from "node:net";

/** The IP addresses whose first `prefix` bits are those of `address`. */
export interface Network {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  /** Bits that count: 0 to 32 in IPv4, 0 to 128 in IPv6. */
  readonly prefix: number;
}

/**
 * Makes the function that tells whether an IP address, without brackets, is in one of the networks.
 * An IPv4 address is the same one mapped into IPv6 (RFC 4291 §2.5.5.2), of a network or of a client,
 * and in no other network of IPv6: `::/0` has none. What isn't an address is in no network.
 *
 * @throws {RangeError} When a network isn't one.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { containedIn } from "./networks.ts";
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
  const all = networks.map(bitsOf);
  return (address) => {
    const octets = octetsOf(address);
    return octets !== undefined &&
      all.some(({ base, prefix }) =>
        base.length === octets.length &&
        base.every((octet, index) =>
          ((octet ^ octets[index]!) & maskAt(index, prefix)) === 0
        )
      );
  };
}

/** A network's octets, and how many of their bits count. */
function bitsOf(
  { address, prefix }: Network,
): { readonly base: readonly number[]; readonly prefix: number } {
  const base = octetsOf(address);
  const most = isIPv4(address) ? 32 : 128;
  if (base === undefined || !(prefix >= 0 && prefix <= most)) {
    throw new RangeError(`Cannot use "${address}/${prefix}": not a network`);
  }
  return { base, prefix: Math.max(0, prefix - most + 8 * base.length) };
}

/** Those bits of an octet that are among the first `prefix` of an address. */
function maskAt(index: number, prefix: number): number {
  const bits = Math.min(Math.max(prefix - 8 * index, 0), 8);
  return 0xff00 >> bits & 0xff;
}

/** RFC 4007 §11: `fe80::1%eth0` */
function withoutZone(address: string): string {
  return address.split("%", 1)[0]!;
}

/**
 * The octets of an IP address, without brackets: 4 of an IPv4 one, mapped into IPv6 or not
 * (RFC 4291 §2.5.5.2), 16 of another IPv6 one. `undefined` for what isn't an address.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { octetsOf } from "./networks.ts";
 *
 * assertEquals(octetsOf("192.0.2.1"), [192, 0, 2, 1]);
 * assertEquals(octetsOf("::ffff:192.0.2.1"), [192, 0, 2, 1]);
 * assertEquals(octetsOf("::1")?.length, 16);
 * assertEquals(octetsOf("localhost"), undefined);
 * ```
 */
export function octetsOf(address: string): readonly number[] | undefined {
  if (isIPv4(address)) return address.split(".").map(Number);
  const ipv6 = withoutZone(address);
  if (!isIPv6(ipv6)) return undefined;
  const octets = ipv6Octets(ipv6);
  return isMapped(octets) ? octets.slice(12) : octets;
}

function ipv6Octets(address: string): readonly number[] {
  const [head = [], tail = []] = plainIpv6(address).split("::").map((half) =>
    half.split(":").filter((group) => group !== "")
  );
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const bits = parseInt(group, 16);
    return [bits >> 8, bits & 0xff];
  });
}

function isMapped(octets: readonly number[]): boolean {
  return octets.slice(0, 10).every((octet) => octet === 0) &&
    octets[10] === 0xff && octets[11] === 0xff;
}

/** In lower case, with the longest run of zeros left out and no IPv4 inside. */
function plainIpv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** How many bits two addresses must have in common to be of one network. */
export interface Prefixes {
  /** 0 to 32. */
  readonly ipv4: number;
  /** 0 to 128. */
  readonly ipv6: number;
}

/**
 * The network that an IP address, without brackets, is of, as text that is the same for all of it.
 * What isn't an address is a network of its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { networkOf } from "./networks.ts";
 *
 * const prefixes = { ipv4: 24, ipv6: 64 };
 * assertEquals(networkOf("192.0.2.77", prefixes), "192.0.2.0/24");
 * assertEquals(networkOf("2001:db8::1:2:3:4:5", prefixes), "2001:db8:0:1::/64");
 * ```
 */
export function networkOf(address: string, prefixes: Prefixes): string {
  const octets = octetsOf(address);
  if (octets === undefined) return address;
  const prefix = octets.length === 4 ? prefixes.ipv4 : prefixes.ipv6;
  const common = octets.map((octet, index) => octet & maskAt(index, prefix));
  return `${formatOctets(common)}/${prefix}`;
}

function formatOctets(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) =>
      (octets[2 * index]! << 8 | octets[2 * index + 1]!).toString(16),
  );
  return plainIpv6(groups.join(":"));
}
