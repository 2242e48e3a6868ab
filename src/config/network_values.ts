/** The kinds of value that name hosts and networks. */

import { isIP, isIPv4 } from "node:net";
import { domainToASCII } from "node:url";
import type { Kind } from "./values.ts";
import { list } from "./values.ts";

/** A network: every address whose first `prefix` bits are those of `address`. */
export interface Network {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  /** Bits that count: 0 to 32 in IPv4, 0 to 128 in IPv6. */
  readonly prefix: number;
}

/**
 * A domain name, in lower-case ASCII (RFC 5890 §2.3.2.1: A-labels for what isn't ASCII).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { domainName } from "./network_values.ts";
 *
 * assertEquals(domainName.read("Почта.test.RU"), "xn--80a1acny.test.ru");
 * assertEquals(domainName.read("-test.ru"), undefined);
 * ```
 */
export const domainName: Kind<string> = {
  placeholder: "NAME",
  allowed: "a domain name (such as test.ru)",
  read(text) {
    const name = domainToASCII(text);
    // RFC 1035 §2.3.4: 63 octets in a label, and 255 on the wire leave 253 in text.
    return name.length <= 253 && DOMAIN.test(name) ? name : undefined;
  },
};

/** A host name or an IP address, brackets around IPv6 allowed and taken off. */
export const host: Kind<string> = {
  placeholder: "ADDR",
  allowed: "an IP address or a host name (such as 127.0.0.1, :: or localhost)",
  read: (text) => address(text) ?? domainName.read(text),
};

/**
 * A network in CIDR notation, or a single address: `10.0.0.0/8`, `::1`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { network } from "./network_values.ts";
 *
 * assertEquals(network.read("127.0.0.0/8"), { address: "127.0.0.0", prefix: 8 });
 * assertEquals(network.read("::1"), { address: "::1", prefix: 128 });
 * ```
 */
export const network: Kind<Network> = {
  placeholder: "CIDR",
  allowed: "a network (such as 10.0.0.0/8, fd00::/8 or ::1)",
  read(text) {
    const [, base = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const found = address(base);
    if (found === undefined) return undefined;
    const most = isIPv4(found) ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits);
    return prefix <= most ? { address: found, prefix } : undefined;
  },
};

/** Networks with commas between them, or `none`. */
export const networks: Kind<readonly Network[]> = {
  placeholder: "CIDR[,CIDR]|none",
  allowed: "none or a list of networks (such as 127.0.0.0/8,::1)",
  read: (text) => text === "none" ? [] : list(network, "networks").read(text),
};

/**
 * RFC 5321 §4.1.2 `Domain`: labels of letters, digits and inner hyphens with dots between. The last
 * is no number, for `192.0.2.1` is an address (RFC 1123 §2.1).
 */
const DOMAIN =
  /^(?!(?:.*\.)?\d+$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.(?!$)|$))+$/;

function address(text: string): string | undefined {
  const bare = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
  const found = isIP(bare);
  if (found === 0 || (found === 4 && bare !== text)) return undefined;
  return bare.toLowerCase();
}

/** A DNS server: an IP address and, if it isn't 53, a port. */
export interface NameServer {
  /** Without brackets. */
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A DNS server: `ADDR[:PORT]`, with brackets around IPv6 if a port follows. */
export const nameServer: Kind<NameServer> = {
  placeholder: "ADDR[:PORT]",
  allowed: "an IP address, and a port if it isn't 53 (such as 127.0.0.1:5353)",
  read(text) {
    const alone = address(text);
    if (alone !== undefined) return { address: alone, port: 53 };
    const [, left = "", digits = ""] =
      /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text) ??
        [];
    const found = address(left);
    const port = Number(digits);
    return found !== undefined && port >= 1 && port <= 65_535
      ? { address: found, port }
      : undefined;
  },
};
