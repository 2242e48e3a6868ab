/**
 * The header by which a proxy passes on whom it connects with whom, in front of all else:
 * https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, versions 1 and 2. "§" is of it.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Endpoint } from "./transport.ts";

/** What the octets that a proxy sent so far are. */
export type ProxyHeader =
  /** The start of a header. */
  | { readonly kind: "more" }
  /** A header in the first `length` octets. */
  | {
    readonly kind: "header";
    readonly length: number;
    /** Who speaks to whom; `undefined` when the proxy speaks for itself or doesn't say. */
    readonly passedOn: PassedOn | undefined;
  }
  /** Not a header that we can go by, and why, for people. */
  | { readonly kind: "bad"; readonly why: string };

/** The two ends of the connection that a proxy passes on. */
export interface PassedOn {
  readonly client: Endpoint;
  /** Where the client connected to: the proxy's address. */
  readonly server: Endpoint;
}

/** Octets of the longest header that we take. Those in use have less than 600. */
export const LONGEST_PROXY_HEADER = 4096;

/** §2.1: octets of the longest header of version 1. */
const LONGEST_LINE = 107;

/** §2.1 */
const LINE_START = octets("PROXY ");

/** §2.2 */
const SIGNATURE = octets("\r\n\r\n\0\r\nQUIT\n");

/** §2.2: the signature, version and command, family and protocol, and the length of what follows. */
const FIXED_SIZE = 16;

const MORE: ProxyHeader = { kind: "more" };

/**
 * Reads the header at the start of `bytes`, all that came so far. What is passed over are the
 * extensions of version 2 (§2.2.1 and on), its checksum among them, which TCP makes up for.
 *
 * A proxy that doesn't say for whom it speaks (UNKNOWN, AF_UNSPEC, a UNIX socket) is taken for the
 * client itself, as the specification has it: what rights its address gives is for others to say.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProxyHeader } from "./proxy_protocol.ts";
 *
 * const text = "PROXY TCP4 192.0.2.1 198.51.100.1 40000 25\r\nEHLO a.test\r\n";
 * assertEquals(readProxyHeader(new TextEncoder().encode(text)), {
 *   kind: "header",
 *   length: 44,
 *   passedOn: {
 *     client: { address: "192.0.2.1", port: 40000 },
 *     server: { address: "198.51.100.1", port: 25 },
 *   },
 * });
 * ```
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startAlike(bytes, SIGNATURE)) return readBinary(bytes);
  if (startAlike(bytes, LINE_START)) return readLine(bytes);
  return bad("no PROXY header");
}

/** §2.1: `PROXY TCP4 192.0.2.1 198.51.100.1 40000 25`, CR and LF. */
function readLine(bytes: Uint8Array): ProxyHeader {
  const text = String.fromCharCode(...bytes.subarray(0, LONGEST_LINE));
  const [line] = /^[^\r\n]*/.exec(text)!;
  const end = text.slice(line.length, line.length + 2);
  if (end === "" || end === "\r") {
    return text.length < LONGEST_LINE ? MORE : bad("PROXY line too long");
  }
  if (end !== "\r\n") return bad("PROXY line not ended by CR LF");
  const length = line.length + 2;
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return unnamed(length);
  const passedOn = readConnection(line);
  return passedOn === undefined
    ? bad("malformed PROXY line")
    : { kind: "header", length, passedOn };
}

const CONNECTION =
  /^PROXY TCP(?<version>[46]) (?<from>\S+) (?<to>\S+) (?<fromPort>\d+) (?<toPort>\d+)$/;

function readConnection(line: string): PassedOn | undefined {
  const { version, from, to, fromPort, toPort } =
    CONNECTION.exec(line)?.groups ?? {};
  const read = version === "4" ? ipv4Endpoint : ipv6Endpoint;
  const client = read(from, fromPort);
  const server = read(to, toPort);
  return client && server && { client, server };
}

function ipv4Endpoint(
  address: string = "",
  port: string = "",
): Endpoint | undefined {
  return isIPv4(address) && isPort(port)
    ? { address, port: Number(port) }
    : undefined;
}

function ipv6Endpoint(
  address: string = "",
  port: string = "",
): Endpoint | undefined {
  return isIPv6(address) && !address.includes("%") && isPort(port)
    ? { address: canonicalIpv6(address), port: Number(port) }
    : undefined;
}

/** Without leading zeros, which some take for octal. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff;
}

/** As a connection without a proxy would have it: RFC 5952 §4, and of IPv4 inside IPv6 the IPv4. */
function canonicalIpv6(address: string): string {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([^:]+):([^:]+)$/.exec(text) ?? [];
  return high === undefined || low === undefined
    ? text
    : [high, low].map((group) => parseInt(group, 16))
      .flatMap((bits) => [bits >> 8, bits & 0xff])
      .join(".");
}

/** §2.2, the second half of the octet that the version, 2, is the first half of. */
const LOCAL = 0x20;
const PROXY = 0x21;

/** §2.2: the address family, and that the connection is a stream. */
const TCP4 = 0x11;
const TCP6 = 0x21;

function readBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < FIXED_SIZE) return MORE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const command = view.getUint8(12);
  const family = view.getUint8(13);
  const length = FIXED_SIZE + view.getUint16(14);
  if (command !== LOCAL && command !== PROXY) {
    return bad("PROXY header of an unknown version or command");
  }
  if (length > LONGEST_PROXY_HEADER) return bad("PROXY header too long");
  if (bytes.length < length) return MORE;
  if (command === LOCAL) return unnamed(length);
  switch (family) {
    case TCP4:
      return readAddresses(view, length, 4);
    case TCP6:
      return readAddresses(view, length, 16);
    default:
      return unnamed(length);
  }
}

/** §2.2: the client's address and the server's, of `size` octets, then the ports. */
function readAddresses(
  view: DataView,
  length: number,
  size: 4 | 16,
): ProxyHeader {
  const ports = FIXED_SIZE + 2 * size;
  if (length < ports + 4) return bad("PROXY header too short");
  const end = (index: 0 | 1): Endpoint => ({
    address: formatAddress(view, FIXED_SIZE + index * size, size),
    port: view.getUint16(ports + 2 * index),
  });
  return {
    kind: "header",
    length,
    passedOn: { client: end(0), server: end(1) },
  };
}

function formatAddress(view: DataView, at: number, size: 4 | 16): string {
  if (size === 4) {
    return [0, 1, 2, 3].map((index) => view.getUint8(at + index)).join(".");
  }
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((index) =>
    view.getUint16(at + index).toString(16)
  );
  return canonicalIpv6(groups.join(":"));
}

/** Whether they are the same as far as both go. */
function startAlike(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((octet, index) => (bytes[index] ?? octet) === octet);
}

function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function bad(why: string): ProxyHeader {
  return { kind: "bad", why };
}

function unnamed(length: number): ProxyHeader {
  return { kind: "header", length, passedOn: undefined };
}
