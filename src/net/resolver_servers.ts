import { getServers } from "node:dns";
import { isIP } from "node:net";
import type { Endpoint } from "./transport.ts";

/** Where Unix keeps what DNS servers to ask. Needs the permission to read it. */
export const RESOLV_CONF = "/etc/resolv.conf";

/**
 * The DNS servers that the system asks, the best first: those that `Deno.resolveDns` uses.
 *
 * Windows has no file of them. There it takes `--allow-sys=networkInterfaces`, as the list counts
 * as knowledge of the network.
 *
 * @throws {Error} When the list can't be read, by lack of permission for instance.
 */
export async function systemNameServers(): Promise<readonly Endpoint[]> {
  const addresses = Deno.build.os === "windows"
    ? getServers()
    : nameServersIn(await Deno.readTextFile(RESOLV_CONF));
  return addresses
    .filter((address) => isIP(address) !== 0)
    .map((address) => ({ address, port: 53 }));
}

/**
 * The addresses of a resolv.conf(5), in its order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nameServersIn } from "./resolver_servers.ts";
 *
 * assertEquals(
 *   nameServersIn("# ours\nsearch test.ru\nnameserver 192.0.2.53\nnameserver ::1\n"),
 *   ["192.0.2.53", "::1"],
 * );
 * ```
 */
export function nameServersIn(text: string): readonly string[] {
  return [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)]
    .map(([, address]) => address!);
}
