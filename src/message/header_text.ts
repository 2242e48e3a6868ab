import { embedCharacter } from "../smtp/xtext.ts";
import { utf8Length } from "../smtp/utf8.ts";

/**
 * What could end a line or a field, or show a reader something else than is there: control
 * characters, line and paragraph separators, marks that turn the direction of text, and halves of
 * surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/** Columns that a line should not pass (RFC 5322 §2.1.1). */
const COLUMNS = 78;

/** Octets of a word left whole; with what stands before it a line stays below 998 (§2.1.1). */
const WORD_LIMIT = 900;

/**
 * Makes any text one line that is safe to show and to put into a header: what is not becomes
 * `\x{0A}`, as RFC 6533 §3 writes it; a tab becomes a space.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { printable } from "./header_text.ts";
 *
 * assertEquals(printable("no\r\nBcc:\tall"), "no\\x{0D}\\x{0A}Bcc: all");
 * ```
 */
export function printable(text: string): string {
  return text.replaceAll("\t", " ").replace(UNSAFE, embedCharacter);
}

/**
 * Makes any text printable ASCII, all else escaped as by {@linkcode printable}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { printableAscii } from "./header_text.ts";
 *
 * assertEquals(printableAscii("Ящик full"), "\\x{42F}\\x{449}\\x{438}\\x{43A} full");
 * ```
 */
export function printableAscii(text: string): string {
  return printable(text).replace(/[\u{80}-\u{10ffff}]/gu, embedCharacter);
}

/** What stands before the text on its first line and on those after. */
export interface Margins {
  readonly first: string;
  readonly next: string;
}

/**
 * Breaks text into lines of at most 78 columns where its spaces allow, and never of more than 998
 * octets (RFC 5322 §2.1.1). Whatever the text holds, it can add no line of its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wrap } from "./header_text.ts";
 *
 * const lines = wrap("word ".repeat(20), { first: "> ", next: "  " });
 * assertEquals(lines.map((line) => line.length), [76, 26]);
 * ```
 */
export function wrap(
  text: string,
  { first, next }: Margins,
): readonly string[] {
  const [head = "", ...rest] = words(text);
  const lines: string[] = [];
  let line = first + head;
  for (const word of rest) {
    if (columns(line) + 1 + columns(word) <= COLUMNS) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = next + word;
    }
  }
  return [...lines, line.trimEnd()];
}

/**
 * Writes a header field, folded (RFC 5322 §2.2.3), with its CRLF.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatField } from "./header_text.ts";
 *
 * assertEquals(formatField("Subject", "Hello\r\nBcc: all"), "Subject: Hello\\x{0D}\\x{0A}Bcc: all\r\n");
 * ```
 */
export function formatField(name: string, text: string): string {
  return `${wrap(text, { first: `${name}: `, next: " " }).join("\r\n")}\r\n`;
}

/**
 * The text cut where a line may break: at single spaces, so that several in a row stay what they
 * are and no line is ever blank.
 */
function words(text: string): readonly string[] {
  return printable(text).trim().split(/(?<! ) (?! )/u).flatMap(pieces);
}

/** A word too long for any line in pieces; all others as they are. */
function pieces(word: string): readonly string[] {
  if (utf8Length(word) <= WORD_LIMIT) return [word];
  const characters = [...word.replace(/ +/gu, " ")];
  const step = WORD_LIMIT / 4; // the most octets of a character
  return Array.from(
    { length: Math.ceil(characters.length / step) },
    (_, index) =>
      characters.slice(index * step, (index + 1) * step).join("").trim(),
  );
}

function columns(text: string): number {
  return [...text].length;
}
