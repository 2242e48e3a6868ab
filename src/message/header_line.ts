/** What a line is, as far as its beginning shows while the header goes on. */
export type LineStart =
  /** A field; its name in small letters. */
  | { readonly kind: "field"; readonly name: string }
  /** More of the field before it (RFC 5322 §2.2.3). */
  | { readonly kind: "folded" }
  /** `From ` and no colon: what an mbox puts before each message. */
  | { readonly kind: "mbox" }
  /** The empty line that ends the header. */
  | { readonly kind: "empty" }
  /** Nothing that belongs in a header. */
  | { readonly kind: "text" }
  /** More octets are needed to tell. */
  | { readonly kind: "unclear" };

/** Octets that may stand before a field's colon: no line is to be longer (RFC 5322 §2.1.1). */
const NAME_LIMIT = 998;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const TILDE = 126;

/**
 * Tells what the line that begins at `at` is, where there must be an octet. It is `unclear` with no
 * more than 998 octets, so that no more need be held back. A bare LF ends a line too, as it will for
 * those who read the stored message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lineStart } from "./header_line.ts";
 *
 * const octets = new TextEncoder().encode("Bcc : petya@test.ru\r\n");
 * assertEquals(lineStart(octets, 0), { kind: "field", name: "bcc" });
 * assertEquals(lineStart(octets.subarray(0, 4), 0), { kind: "unclear" });
 * ```
 */
export function lineStart(octets: Uint8Array, at: number): LineStart {
  if (isBlank(octets[at])) return { kind: "folded" };
  if (octets[at] === LF) return { kind: "empty" };
  if (octets[at] === CR) return afterCr(octets[at + 1]);
  const limit = at + NAME_LIMIT;
  let nameEnd = at;
  while (nameEnd <= limit && isNameOctet(octets[nameEnd])) nameEnd++;
  let end = nameEnd;
  // RFC 5322 §4.5: white space before the colon, as it was written long ago.
  while (end <= limit && isBlank(octets[end])) end++;
  if (end > limit) return { kind: "text" };
  if (end >= octets.length) return { kind: "unclear" };
  const name = String.fromCharCode(...octets.subarray(at, nameEnd));
  if (octets[end] === COLON && name !== "") {
    return { kind: "field", name: name.toLowerCase() };
  }
  return { kind: name === "From" && end > nameEnd ? "mbox" : "text" };
}

function afterCr(next: number | undefined): LineStart {
  if (next === undefined) return { kind: "unclear" };
  return { kind: next === LF ? "empty" : "text" };
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

/** `ftext` of RFC 5322 §3.6.8. */
function isNameOctet(octet: number | undefined): boolean {
  return octet !== undefined && octet > SPACE && octet <= TILDE &&
    octet !== COLON;
}
