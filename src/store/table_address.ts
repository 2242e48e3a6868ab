import { type Mailbox, parseMailbox } from "../smtp/address.ts";
import { canonicalMailbox } from "./canonical.ts";

/**
 * How far an address reaches in a line, as the source of a regular expression: to the first blank,
 * comma or colon outside quotes and brackets. Whether it is an address is for others to say.
 *
 * Blanks are spaces and tabs, and nothing else that Unicode has of white space: that can be part of
 * an address.
 */
export const ADDRESS_EXTENT =
  `(?:"(?:\\\\.|[^"\\\\])*"|\\[[^\\]]*\\]|[^ \\t",:\\[\\]])+`;

/** What may end a line: a comment after a blank, as the source of a regular expression. */
export const COMMENT = "(?:[ \\t]+#.*)?";

/**
 * Writes a canonical address at the start of a line. One that starts with `#` is quoted, for its
 * line would be a comment, and one that starts as a file may to say that it is UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { leadingAddress } from "./table_address.ts";
 *
 * assertEquals(leadingAddress("petya@test.ru"), "petya@test.ru");
 * assertEquals(leadingAddress("#1@test.ru"), '"#1"@test.ru');
 * ```
 */
export function leadingAddress(address: string): string {
  return address.replace(/^[#\ufeff][^@]*/, '"$&"');
}

/** Reads an address of ours as an operator gives it, canonically. Throws when it is not one. */
export function readAddress(text: string): Mailbox {
  const mailbox = parseMailbox(text);
  if (!mailbox) throw notAnAddress(text);
  return canonicalMailbox(mailbox);
}

/** The error that says so. */
export function notAnAddress(text: string): Error {
  return new Error(`Cannot use "${text}": it is not an address`);
}
