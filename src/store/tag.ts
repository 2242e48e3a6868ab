import type { Mailbox } from "../smtp/address.ts";

/**
 * `user` for `user+tag`; the mailbox itself when it has no tag.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutTag } from "./tag.ts";
 *
 * const mailbox = { local: "petya", domain: "test.ru" };
 * assertEquals(withoutTag({ ...mailbox, local: "petya+shop" }), mailbox);
 * assertEquals(withoutTag(mailbox), mailbox);
 * ```
 */
export function withoutTag(mailbox: Mailbox): Mailbox {
  const plus = mailbox.local.indexOf("+");
  return plus > 0
    ? { ...mailbox, local: mailbox.local.slice(0, plus) }
    : mailbox;
}
