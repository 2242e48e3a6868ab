/** What tells this server from others, so that mail isn't sent to where it comes from. */
export interface Ourselves {
  /** The names we greet with, as `canonicalDomain` spells them. */
  readonly names: readonly string[];
  /** Where we listen. A port that isn't ours is another server, even on our own address. */
  readonly listens: readonly Endpoint[];
}

/** An IP address, without brackets, and a TCP port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * Whether a connection to `endpoint` would reach ourselves, as far as the settings tell. Listening
 * on every address (`::`, `0.0.0.0`), we know only the loopback ones to be among them.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isOurEndpoint } from "./route_ourselves.ts";
 *
 * const listens = [{ address: "::", port: 25 }];
 * assert(isOurEndpoint({ address: "127.0.0.1", port: 25 }, listens));
 * assert(!isOurEndpoint({ address: "127.0.0.1", port: 2525 }, listens));
 * assert(!isOurEndpoint({ address: "192.0.2.1", port: 25 }, listens));
 * ```
 */
export function isOurEndpoint(
  endpoint: Endpoint,
  listens: readonly Endpoint[],
): boolean {
  const address = canonicalAddress(endpoint.address);
  return listens.some((listen) => {
    if (listen.port !== endpoint.port) return false;
    const ours = canonicalAddress(listen.address);
    return ours === address || (isUnspecified(ours) && staysHere(address));
  });
}

/**
 * Whether a connection that is open reached ourselves: from an address of this machine to the same
 * one, at a port where we listen on every address. It finds what `isOurEndpoint` can't know.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { reachedOurselves } from "./route_ourselves.ts";
 *
 * const peer = { address: "192.0.2.1", port: 25 };
 * const local = { address: "192.0.2.1", port: 40000 };
 * assert(reachedOurselves({ peer, local }, [{ address: "::", port: 25 }]));
 * assert(!reachedOurselves({ peer, local }, [{ address: "::", port: 2525 }]));
 * ```
 */
export function reachedOurselves(
  { peer, local }: { readonly peer: Endpoint; readonly local: Endpoint },
  listens: readonly Endpoint[],
): boolean {
  return canonicalAddress(peer.address) === canonicalAddress(local.address) &&
    listens.some(({ address, port }) =>
      port === peer.port && isUnspecified(canonicalAddress(address))
    );
}

/**
 * The one spelling of an IP address that all others of it are compared by: IPv6 as RFC 5952 §4 has
 * it, IPv4 inside IPv6 (RFC 4291 §2.5.5.2) as IPv4, no leading zeros in IPv4, where some systems
 * would read octal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalAddress } from "./route_ourselves.ts";
 *
 * assertEquals(canonicalAddress("2001:DB8:0:0::1"), "2001:db8::1");
 * assertEquals(canonicalAddress("::ffff:192.0.2.1"), "192.0.2.1");
 * assertEquals(canonicalAddress("192.000.002.001"), "192.0.2.1");
 * ```
 */
export function canonicalAddress(address: string): string {
  if (!address.includes(":")) {
    return address.split(".").map(Number).join(".");
  }
  const [unscoped = ""] = address.split("%"); // RFC 4007 §11: `fe80::1%eth0`
  const ipv6 = new URL(`http://[${unscoped}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([^:]+):([^:]+)$/.exec(ipv6) ?? [];
  return high === undefined || low === undefined
    ? ipv6
    : [...octets(high), ...octets(low)].join(".");
}

function octets(group: string): readonly number[] {
  const bits = parseInt(group, 16);
  return [bits >> 8, bits & 0xff];
}

/** Whether it stands for every address when listened on, and for loopback when connected to. */
function isUnspecified(address: string): boolean {
  return address === "::" || address === "0.0.0.0";
}

function staysHere(address: string): boolean {
  return isUnspecified(address) || address === "::1" ||
    address.startsWith("127.");
}
