import type { Access } from "./access.ts";
import type { RouteHost } from "./route.ts";

/** One address of one server on the way. */
export interface Stop {
  readonly host: RouteHost;
  /** An IP address, without brackets. */
  readonly address: string;
}

/** Every address on the way, in order. */
export function stopsOf(hosts: readonly RouteHost[]): readonly Stop[] {
  return hosts.flatMap((host) =>
    host.addresses.map((address) => ({ host, address }))
  );
}

/**
 * A server for the record and for reports.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nameOf } from "./remote_stop.ts";
 *
 * const address = "192.0.2.1";
 * const host = { name: "mx.test.ru", addresses: [address], port: 25, mx: true };
 * assertEquals(nameOf({ host, address }), "mx.test.ru [192.0.2.1]:25");
 * assertEquals(
 *   nameOf({ host: { ...host, name: address }, address }),
 *   "[192.0.2.1]:25",
 * );
 * ```
 */
export function nameOf({ host, address }: Stop): string {
  const where = `[${address}]:${host.port}`;
  return host.name === address ? where : `${host.name} ${where}`;
}

/** What connections have in common that can be used in place of each other. */
export function connectionKey(
  { host, address }: Stop,
  { tls, verified, credentials }: Access,
): string {
  return JSON.stringify([
    address,
    host.port,
    tls,
    verified ? host.name : "",
    credentials?.user ?? "",
  ]);
}
