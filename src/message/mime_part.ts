import { quotedPrintable } from "./quoted_printable.ts";

/** One part of a multipart message, before it is encoded (RFC 2046 §5.1). */
export interface Part {
  /** Its media type, with parameters. */
  readonly type: string;
  /** What a mail program may show as its title. */
  readonly description: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Whether it may go as it is though it isn't ASCII. */
  readonly eightBit: boolean;
}

/** A part as it stands between two boundaries. */
export interface EncodedPart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it holds octets past 127. */
  readonly eightBit: boolean;
}

/** What octets can pass for on the wire. */
export interface Survey {
  /** Whether they are ASCII. */
  readonly ascii: boolean;
  /** Whether they are lines of at most 998 octets that end in CRLF, without NUL (RFC 2045 §2.7). */
  readonly lines: boolean;
}

const LF = 10;
const CR = 13;
const LINE_LIMIT = 998; // RFC 5322 §2.1.1

/**
 * Encodes a part with its own header: as it is if it can be, or else as quoted-printable
 * (RFC 2045 §6).
 */
export function encodePart(
  { type, description, content, eightBit }: Part,
): EncodedPart {
  const { ascii, lines } = survey(content);
  const asItIs = lines && (ascii || eightBit);
  const encoding = !asItIs ? "quoted-printable" : ascii ? "7bit" : "8bit";
  const header = [
    `Content-Description: ${description}`,
    `Content-Type: ${type}`,
    `Content-Transfer-Encoding: ${encoding}`,
    "\r\n",
  ].join("\r\n");
  const body = asItIs ? content : encodeText(quotedPrintable(content));
  return {
    bytes: concat([encodeText(header), body]),
    eightBit: encoding === "8bit",
  };
}

/**
 * Looks at octets for how they may travel.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeText, survey } from "./mime_part.ts";
 *
 * assertEquals(survey(encodeText("ж\r\n")), { ascii: false, lines: true });
 * assertEquals(survey(encodeText("bare\n")), { ascii: true, lines: false });
 * ```
 */
export function survey(octets: Uint8Array): Survey {
  let ascii = true;
  let lines = true;
  let column = 0;
  let before = 0;
  for (const octet of octets) {
    if (octet > 127) ascii = false;
    const ended = before === CR && octet === LF;
    if (octet === 0 || (before === CR) !== (octet === LF)) lines = false;
    column = ended ? 0 : column + 1;
    if (column - (octet === CR ? 1 : 0) > LINE_LIMIT) lines = false;
    before = octet;
  }
  return { ascii, lines: lines && before !== CR };
}

/** Joins octets. */
export function concat(
  pieces: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The octets of text, in UTF-8. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
