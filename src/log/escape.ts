/**
 * What a terminal might obey instead of showing: control characters (C0, DEL, C1), line and paragraph
 * separators, marks that turn the direction of text, halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, "gu");

/**
 * Makes text safe to show on a terminal and to keep as one line: what is not to be shown becomes `\xNN`
 * (or `\u{NNNN}` past U+00FF).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { escaped } from "./escape.ts";
 *
 * assertEquals(escaped("HELO \x1b[2Jevil\r\n"), "HELO \\x1b[2Jevil\\x0d\\x0a");
 * ```
 */
export function escaped(text: string): string {
  return UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, escape) : text;
}

function escape(character: string): string {
  const hex = character.charCodeAt(0).toString(16);
  return hex.length > 2 ? `\\u{${hex}}` : `\\x${hex.padStart(2, "0")}`;
}

/**
 * Writes text, or any value, as JSON that is safe to show on a terminal: what JSON leaves as it is though a
 * terminal might obey it becomes `\uNNNN`, so it is still JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { quoted } from "./escape.ts";
 *
 * assertEquals(quoted('say "hi"\x7f'), String.raw`"say \"hi\"\u007f"`);
 * ```
 */
export function quoted(value: unknown): string {
  const json = JSON.stringify(value);
  return UNSAFE.test(json) ? json.replace(EVERY_UNSAFE, escapeInJson) : json;
}

function escapeInJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
