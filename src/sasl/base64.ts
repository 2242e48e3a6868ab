/**
 * The UTF-8 of a text in base64 (RFC 4648 §4).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeText } from "./base64.ts";
 *
 * assertEquals(encodeText("петя"), "0L/QtdGC0Y8=");
 * ```
 */
export function encodeText(text: string): string {
  return encodeBase64(new TextEncoder().encode(text));
}

/**
 * Octets in base64, some thousands of them at most.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeBase64 } from "./base64.ts";
 *
 * assertEquals(encodeBase64(Uint8Array.of(0, 255)), "AP8=");
 * ```
 */
export function encodeBase64(octets: Uint8Array): string {
  return btoa(String.fromCharCode(...octets));
}

/**
 * The octets that `text` stands for in base64; `undefined` for text that none are written as:
 * with characters or spaces that don't belong, without its padding, or with bits too many.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeBase64 } from "./base64.ts";
 *
 * assertEquals(decodeBase64("AP8="), new Uint8Array([0, 255]));
 * assertEquals(decodeBase64("AP8"), undefined);
 * assertEquals(decodeBase64("AP9="), undefined);
 * ```
 */
export function decodeBase64(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  try {
    const octets = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    // What is not written as it would be was read leniently.
    return encodeBase64(octets) === text ? octets : undefined;
  } catch {
    return undefined;
  }
}

/** The text that `text` stands for in base64; `undefined` when it is not base64 or not UTF-8. */
export function decodeText(text: string): string | undefined {
  const octets = decodeBase64(text);
  if (!octets) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(octets);
  } catch {
    return undefined;
  }
}
