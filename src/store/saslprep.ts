/** Spaces that are not ASCII (RFC 3454 C.1.2): they become one that is. */
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;

/** Characters that are commonly mapped to nothing (RFC 3454 B.1). */
const INVISIBLE =
  /[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

/**
 * A password as clients prepare it for SCRAM (SASLprep, RFC 4013 §2.1 and §2.2), so that it does
 * not matter how it is typed. What SASLprep forbids (control characters, private use, mixed
 * directions, characters later than Unicode 3.2) is left as it is: a client that minds does not
 * come this far.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { saslprep } from "./saslprep.ts";
 *
 * assertEquals(saslprep("I\u00adX \u2168"), "IX IX");
 * ```
 */
export function saslprep(password: string): string {
  return password.replace(SPACES, " ").replace(INVISIBLE, "").normalize("NFKC");
}
