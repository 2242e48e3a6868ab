/**
 * Reads text out of octets that were widened one by one to UTF-16 units (`\u0000` to `\u00ff`).
 * Returns `undefined` when they are not well-formed UTF-8 (RFC 3629 §4).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeUtf8 } from "./utf8.ts";
 *
 * assertEquals(decodeUtf8("\u00d0\u00b8"), "и");
 * assertEquals(decodeUtf8("\u00d0"), undefined);
 * ```
 */
export function decodeUtf8(octets: string): string | undefined {
  if (isAscii(octets)) return octets;
  const escaped = octets.replace(
    /[%\u0080-\u00ff]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

/** Octets that `text` takes in UTF-8. */
export function utf8Length(text: string): number {
  if (isAscii(text)) return text.length;
  let octets = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    octets += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return octets;
}

/**
 * ASCII letters in upper case and nothing else changed: a look-alike such as U+017F must not become
 * a letter of a keyword.
 */
export function toUpperAscii(text: string): string {
  return isAscii(text) ? text.toUpperCase() : text;
}

/** Whether `text` has no character above U+007F. */
export function isAscii(text: string): boolean {
  // deno-lint-ignore no-control-regex -- the control characters are ASCII too
  return /^[\u0000-\u007f]*$/.test(text);
}
