/**
 * What we have to know of a server's certificate (RFC 5280 §4), read from its octets: in the text
 * that Node makes of the names, two names can't be told from one with a comma in it.
 */
import { isIP } from "node:net";

/** A certificate, as far as we look into it. */
export interface Certificate {
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  /** Milliseconds since the Unix epoch. */
  readonly notAfter: number;
  /** Domains it is for, in lower case; `*` may stand for the first label. */
  readonly domains: readonly string[];
  /** IP addresses it is for, in their shortest form. */
  readonly addresses: readonly string[];
}

/**
 * Reads an X.509 certificate in DER. Verifies nothing.
 *
 * @throws {SyntaxError} If it isn't one.
 */
export function readCertificate(der: Uint8Array): Certificate {
  const [whole] = elements(der);
  const [signed] = inside(whole);
  const fields = inside(signed);
  // The version is left out if it is 1.
  const validity = fields[fields[0]?.tag === TAG.version ? 4 : 3];
  const [from, to] = inside(validity);
  const names = alternativeNames(fields.find(has(TAG.extensions)));
  return {
    notBefore: timeOf(from),
    notAfter: timeOf(to),
    domains: names.filter(has(TAG.dnsName)).map(({ body }) =>
      text(body).toLowerCase()
    ),
    addresses: names.filter(has(TAG.ipAddress)).map(({ body }) =>
      addressOf(body)
    ),
  };
}

/**
 * Whether a certificate is in the name of `host`, a domain in ASCII or an IP address without
 * brackets. Only subject alternative names count, and `*` stands for one label (RFC 9525 §6).
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isFor } from "./certificate.ts";
 *
 * const names = { domains: ["*.test.ru"], addresses: ["::1"] };
 * assert(isFor(names, "MX.test.ru"));
 * assert(!isFor(names, "test.ru"));
 * assert(!isFor(names, "a.mx.test.ru"));
 * assert(isFor(names, "0:0:0:0:0:0:0:1"));
 * ```
 */
export function isFor(
  { domains, addresses }: Pick<Certificate, "domains" | "addresses">,
  host: string,
): boolean {
  if (isIP(host) !== 0) return addresses.includes(shortest(host));
  const name = host.toLowerCase();
  const [, parent = ""] = /^[^.]+(\..+\..+)$/.exec(name) ?? [];
  return domains.includes(name) ||
    parent !== "" && domains.includes(`*${parent}`);
}

/** A value in DER: a tag and what it holds. */
interface Element {
  readonly tag: number;
  readonly body: Uint8Array;
}

const TAG = {
  utcTime: 0x17,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;

/** subjectAltName, 2.5.29.17. */
const ALTERNATIVE_NAMES = "55,1d,11";

function has(tag: number): (element: Element) => boolean {
  return (element) => element.tag === tag;
}

function alternativeNames(extensions?: Element): readonly Element[] {
  if (extensions === undefined) return [];
  for (const extension of inside(inside(extensions)[0])) {
    const [name, ...rest] = inside(extension);
    if (name && hex(name.body).join() === ALTERNATIVE_NAMES) {
      // After a flag, if there is one, a string of octets that are DER themselves.
      return inside(inside(rest.at(-1))[0]);
    }
  }
  return [];
}

function inside(element: Element | undefined): readonly Element[] {
  if (element === undefined) throw malformed("it lacks a part");
  return elements(element.body);
}

function elements(der: Uint8Array): readonly Element[] {
  const all: Element[] = [];
  for (let at = 0; at < der.length;) {
    const [tag = 0, short = 0] = der.subarray(at, at + 2);
    const more = short < 0x80 ? 0 : short - 0x80;
    if (more > 4) throw malformed("a length is too long");
    if (short === 0x80) throw malformed("a length is left open");
    const start = at + 2 + more;
    const length = more === 0 ? short : der.subarray(at + 2, start)
      .reduce((sum, octet) => sum * 256 + octet, 0);
    at = start + length;
    if (at > der.length) throw malformed("it ends too early");
    all.push({ tag, body: der.subarray(start, at) });
  }
  return all;
}

/** RFC 5280 §4.1.2.5: `YYMMDDhhmmssZ` up to 2049, then `YYYYMMDDhhmmssZ`. */
function timeOf(element: Element | undefined): number {
  if (element === undefined) throw malformed("it lacks a time");
  const digits = text(element.body);
  const full = element.tag !== TAG.utcTime
    ? digits
    : `${digits < "5" ? "20" : "19"}${digits}`;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ??
    [];
  const [year, month, day, hour, minute, second] = parts;
  const time = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}Z`,
  );
  if (Number.isNaN(time)) throw malformed("a time is none");
  return time;
}

function addressOf(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups = hex(octets).join("").match(/.{4}/g) ?? [];
  return shortest(groups.join(":"));
}

/** An IPv6 address has many forms; RFC 5952 has one. */
function shortest(address: string): string {
  if (!address.includes(":")) return address;
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address;
}

function hex(octets: Uint8Array): readonly string[] {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0"));
}

function text(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}

function malformed(fault: string): SyntaxError {
  return new SyntaxError(`Cannot read certificate: ${fault}`);
}
