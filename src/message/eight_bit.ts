/**
 * Whether any octet is beyond ASCII. Of a message sent with SMTPUTF8 that may be UTF-8 in its header
 * or in that of a part (RFC 6532 §3.1, §3.2), so that it needs SMTPUTF8 all the way.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { hasEightBit } from "./eight_bit.ts";
 *
 * const encoder = new TextEncoder();
 * assert(hasEightBit(encoder.encode("Subject: привет")));
 * assert(!hasEightBit(encoder.encode("Subject: hello")));
 * ```
 */
export function hasEightBit(octets: Uint8Array): boolean {
  for (let at = 0; at < octets.length; at++) {
    if (octets[at]! > 0x7f) return true;
  }
  return false;
}
