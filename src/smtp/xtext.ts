/**
 * The encodings that carry addresses and envelope identifiers in parameters of MAIL and RCPT: xtext
 * (RFC 3461 §4) and the two forms that RFC 6533 §3 gives addresses of type `utf-8`.
 */

/** RFC 3461 §4: `xchar`, the characters that stand for themselves: `!` to `~` without `+` and `=`. */
const NOT_XCHAR = /[^!-*,-<>-~]/gu;

/** `xtext = *( xchar / hexchar )`; a `=` that should have been encoded is taken, as it does no harm. */
const XTEXT = /^(?:[!-*,-~]|\+[0-9A-Fa-f]{2})*$/;

/**
 * Writes text as xtext (RFC 3461 §4). It is meant for US-ASCII; of anything else come the octets of
 * its UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeXtext } from "./xtext.ts";
 *
 * assertEquals(encodeXtext("petya+list@test.ru"), "petya+2Blist@test.ru");
 * ```
 */
export function encodeXtext(text: string): string {
  return text.toWellFormed().replace(
    NOT_XCHAR,
    (character) => encodeURIComponent(character).replaceAll("%", "+"),
  );
}

/**
 * Reads xtext (RFC 3461 §4). Returns `undefined` when it is not, or its octets are not UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeXtext } from "./xtext.ts";
 *
 * assertEquals(decodeXtext("petya+2Blist@test.ru"), "petya+list@test.ru");
 * assertEquals(decodeXtext("petya+list@test.ru"), undefined);
 * ```
 */
export function decodeXtext(xtext: string): string | undefined {
  if (!XTEXT.test(xtext)) return undefined;
  try {
    return decodeURIComponent(
      xtext.replaceAll("%", "%25").replaceAll("+", "%"),
    );
  } catch {
    return undefined;
  }
}

/** What an address of type `utf-8` may not show as it is: all but RFC 6533 §3's `QCHAR`, `QUCHAR`. */
const NOT_QCHAR = /[^!-*,-<>-[\]-~]/gu;
const NOT_QUCHAR = /[^!-*,-<>-[\]-~\u{a0}-\u{10ffff}]/gu;

/** RFC 6533 §3: `HEXPOINT`, a code point that is no surrogate. */
const HEXPOINT =
  "(?!0?[dD][89a-fA-F][0-9a-fA-F]{2}\\})(?:10[0-9a-fA-F]{4}|[0-9a-fA-F]{2,5})";
const EMBEDDED = `\\\\x\\{(${HEXPOINT})\\}`;
const EVERY_EMBEDDED = new RegExp(EMBEDDED, "gu");
const UNITEXT = new RegExp(`^(?:[^\\\\]|${EMBEDDED})*$`, "u");

/**
 * Writes an address as `utf-8-addr-xtext`, all in ASCII, or as `utf-8-addr-unitext`, where only
 * what a parameter can't hold is escaped (RFC 6533 §3).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeUtf8Address } from "./xtext.ts";
 *
 * assertEquals(encodeUtf8Address("ж+1@test.ru", "xtext"), "\\x{436}\\x{2B}1@test.ru");
 * assertEquals(encodeUtf8Address("ж+1@test.ru", "unitext"), "ж\\x{2B}1@test.ru");
 * ```
 */
export function encodeUtf8Address(
  address: string,
  form: "xtext" | "unitext",
): string {
  return address.toWellFormed().replace(
    form === "xtext" ? NOT_QCHAR : NOT_QUCHAR,
    embedCharacter,
  );
}

/**
 * Writes one character as RFC 6533 §3 embeds it in ASCII: `\x{436}`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { embedCharacter } from "./xtext.ts";
 *
 * assertEquals(embedCharacter("\n"), "\\x{0A}");
 * ```
 */
export function embedCharacter(character: string): string {
  const hex = character.codePointAt(0)!.toString(16).toUpperCase();
  return `\\x{${hex.padStart(2, "0")}}`;
}

/**
 * Reads an address of type `utf-8` in any of its forms (RFC 6533 §3). Returns `undefined` when a
 * backslash in it starts no embedded character.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeUtf8Address } from "./xtext.ts";
 *
 * assertEquals(decodeUtf8Address("\\x{436}@test.ru"), "ж@test.ru");
 * assertEquals(decodeUtf8Address("\\x{D800}@test.ru"), undefined);
 * ```
 */
export function decodeUtf8Address(text: string): string | undefined {
  return UNITEXT.test(text)
    ? text.replace(
      EVERY_EMBEDDED,
      (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)),
    )
    : undefined;
}
