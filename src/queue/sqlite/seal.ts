import { crc32 } from "node:zlib";

/**
 * Puts a checksum in front of a row's text, by which damage to it is known that its grammar doesn't
 * show. The checksum is of the row's key as well: a text in another's row is damage too.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { seal, unseal } from "./seal.ts";
 *
 * const sealed = seal(`{"to":"petya"}`, 7);
 * assertEquals(unseal(sealed, 7), `{"to":"petya"}`);
 * assertThrows(() => unseal(sealed.replace("petya", "pitya"), 7), SyntaxError);
 * assertThrows(() => unseal(sealed, 8), SyntaxError);
 * ```
 */
export function seal(text: string, id: number): string {
  return `${checksum(`${id} ${text}`)} ${text}`;
}

/**
 * The text behind {@linkcode seal}; one that was written before there were seals is taken as it is.
 * Throws a SyntaxError when it is damaged.
 */
export function unseal(sealed: string, id: number): string {
  if (/^[[{]/.test(sealed)) return sealed;
  const text = sealed.slice(SUM_LENGTH + 1);
  if (seal(text, id) !== sealed) throw new SyntaxError("Checksum is wrong");
  return text;
}

/** The checksum of octets, or of a text in UTF-8, as 8 hexadecimal digits. */
export function checksum(data: Uint8Array | string): string {
  return crc32(data).toString(16).padStart(SUM_LENGTH, "0");
}

const SUM_LENGTH = 8;
