/** In what order the hosts of a domain, and the addresses of a host, are tried. */

/** What has a preference as MX records do: the lowest first. */
interface Preferred {
  readonly preference: number;
}

/**
 * Sorted by preference, equal ones in the order of lots drawn with `random`, which returns numbers
 * from 0 up to but not including 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { byPreference } from "./route_order.ts";
 *
 * const sorted = byPreference([{ preference: 20 }, { preference: 10 }], Math.random);
 * assertEquals(sorted, [{ preference: 10 }, { preference: 20 }]);
 * ```
 */
export function byPreference<Item extends Preferred>(
  items: readonly Item[],
  random: () => number,
): readonly Item[] {
  return items
    .map((item) => ({ item, lot: random() }))
    .sort((one, other) =>
      one.item.preference - other.item.preference || one.lot - other.lot
    )
    .map(({ item }) => item);
}

/**
 * Those that are preferred to ourselves, all of them if we aren't among them: mail goes only
 * towards better servers and so never in circles (RFC 5321 §5.1).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { beforeUs } from "./route_order.ts";
 *
 * const hosts = [
 *   { name: "primary", preference: 10 },
 *   { name: "we", preference: 20 },
 *   { name: "like us", preference: 20 },
 * ];
 * assertEquals(beforeUs(hosts, ({ name }) => name === "we"), [
 *   { name: "primary", preference: 10 },
 * ]);
 * ```
 */
export function beforeUs<Item extends Preferred>(
  items: readonly Item[],
  isUs: (item: Item) => boolean,
): readonly Item[] {
  const ours = items.filter(isUs).map(({ preference }) => preference);
  const limit = Math.min(...ours); // Infinity when there are none.
  return items.filter(({ preference }) => preference < limit);
}

/**
 * IPv6 and IPv4 addresses by turns, IPv6 first, so that a family that doesn't work here costs one
 * try and not all of them (RFC 8305 §4).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { interleaved } from "./route_order.ts";
 *
 * assertEquals(
 *   interleaved(["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
 *   ["2001:db8::1", "192.0.2.1", "192.0.2.2"],
 * );
 * ```
 */
export function interleaved(addresses: readonly string[]): readonly string[] {
  const ipv6 = addresses.filter((address) => address.includes(":"));
  const ipv4 = addresses.filter((address) => !address.includes(":"));
  const turns = Math.max(ipv6.length, ipv4.length);
  return Array.from({ length: turns }, (_, turn) => [ipv6[turn], ipv4[turn]])
    .flat()
    .filter((address) => address !== undefined);
}
