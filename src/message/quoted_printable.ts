const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const EQUALS = 61;

/** Characters of a line, the `=` of a soft break included (RFC 2045 §6.7, rule 5). */
const LINE_LIMIT = 76;

/**
 * Encodes text as quoted-printable (RFC 2045 §6.7). CRLF stays the end of a line; a CR or LF alone is
 * encoded like any other octet that can't travel.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { quotedPrintable } from "./quoted_printable.ts";
 *
 * const octets = new TextEncoder().encode("1 + 1 = 2 \r\nж\n");
 * assertEquals(quotedPrintable(octets), "1 + 1 =3D 2=20\r\n=D0=B6=0A");
 * ```
 */
export function quotedPrintable(octets: Uint8Array): string {
  let text = "";
  let column = 0;
  for (let at = 0; at < octets.length; at++) {
    if (isLineEnd(octets, at)) {
      text += "\r\n";
      column = 0;
      at++;
      continue;
    }
    const last = at + 1 === octets.length || isLineEnd(octets, at + 1);
    const token = encodeOctet(octets[at]!, last);
    if (column + token.length > (last ? LINE_LIMIT : LINE_LIMIT - 1)) {
      text += "=\r\n";
      column = 0;
    }
    text += token;
    column += token.length;
  }
  return text;
}

function isLineEnd(octets: Uint8Array, at: number): boolean {
  return octets[at] === CR && octets[at + 1] === LF;
}

/** One octet; blanks only stay as they are where more follows on the line (rule 3). */
function encodeOctet(octet: number, last: boolean): string {
  const blank = octet === SPACE || octet === TAB;
  const plain = blank ? !last : octet > SPACE && octet < 127 &&
    octet !== EQUALS;
  return plain
    ? String.fromCharCode(octet)
    : `=${octet.toString(16).toUpperCase().padStart(2, "0")}`;
}
