/** Writes DER (ITU-T X.690), as far as a certificate needs it. */
import { Buffer } from "node:buffer";

/**
 * An element: its tag, and the parts of what it holds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { element } from "./der_writer.ts";
 *
 * assertEquals(element(0x02, Uint8Array.of(5)), Uint8Array.of(0x02, 1, 5));
 * ```
 */
export function element(
  tag: number,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const body = parts.flatMap((part) => [...part]);
  return Uint8Array.from([tag, ...lengthOf(body), ...body]);
}

/** One octet below 128; else how many octets follow, and these. */
function lengthOf({ length }: readonly number[]): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff);
  return [0x80 + octets.length, ...octets];
}

/** True. */
export const TRUE: Uint8Array = element(0x01, Uint8Array.of(0xff));

/** A positive number from its octets, the most significant first, which is 1 to 127. */
export function integer(octets: Uint8Array): Uint8Array {
  return element(0x02, octets);
}

/** Bits, but for the last `unused` (0 to 7) of the last octet. */
export function bitString(octets: Uint8Array, unused = 0): Uint8Array {
  return element(0x03, Uint8Array.of(unused), octets);
}

/** Octets, whatever they mean. */
export function octetString(octets: Uint8Array): Uint8Array {
  return element(0x04, octets);
}

/** What an algorithm, an attribute or a use is known by, from its octets in hexadecimal. */
export function objectIdentifier(hex: string): Uint8Array {
  return element(0x06, Buffer.from(hex, "hex"));
}

/** Text. */
export function utf8String(text: string): Uint8Array {
  return element(0x0c, new TextEncoder().encode(text));
}

/**
 * A time in milliseconds since the Unix epoch, to the second: with two digits for the year up to
 * 2049, as RFC 5280 §4.1.2.5 wants it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { time } from "./der_writer.ts";
 *
 * const text = (der: Uint8Array) => new TextDecoder().decode(der.subarray(2));
 * assertEquals(text(time(Date.UTC(2049, 11, 31, 23, 59, 59))), "491231235959Z");
 * assertEquals(text(time(Date.UTC(2050))), "20500101000000Z");
 * ```
 */
export function time(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds).toISOString()
    .replace(/[-:T]|\.\d+/g, "");
  const encode = (text: string) => new TextEncoder().encode(text);
  return digits < "2050"
    ? element(0x17, encode(digits.slice(2)))
    : element(0x18, encode(digits));
}

/** Elements in their order. */
export function sequence(...elements: readonly Uint8Array[]): Uint8Array {
  return element(0x30, ...elements);
}

/** A set of one. */
export function setOf(only: Uint8Array): Uint8Array {
  return element(0x31, only);
}
