import { domainToASCII } from "node:url";
import { formatMailbox, isDomain, type Mailbox } from "../smtp/address.ts";

/** What a domain that is plain ASCII, not an address literal, consists of. */
const ASCII = /^[\x20-\x7e]*$/;

/**
 * The one spelling of a domain that all others of it are compared by: lower case, A-labels
 * (RFC 5890 §2.3.2.1), no dot at the end. Text that is no domain comes back in lower case.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalDomain } from "./canonical.ts";
 *
 * assertEquals(canonicalDomain("Bücher.Example."), "xn--bcher-kva.example");
 * ```
 */
export function canonicalDomain(domain: string): string {
  if (ASCII.test(domain)) return withoutDot(domain).toLowerCase();
  const ascii = withoutDot(domainToASCII(domain));
  // Of a space that is wider than others it makes a plain one.
  return (isDomain(ascii) ? ascii : domain).toLowerCase();
}

function withoutDot(domain: string): string {
  return domain.replace(/\.$/, "");
}

/**
 * The one spelling of a mailbox of ours: its domain canonical, its local part in lower case and
 * Unicode NFC. Only our own mailboxes may be folded so, for only the host of a mailbox knows what
 * its local part means (RFC 5321 §2.4).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalMailbox } from "./canonical.ts";
 *
 * assertEquals(canonicalMailbox({ local: "Petya", domain: "TEST.ru" }), {
 *   local: "petya",
 *   domain: "test.ru",
 * });
 * ```
 */
export function canonicalMailbox({ local, domain }: Mailbox): Mailbox {
  return { local: canonicalLocal(local), domain: canonicalDomain(domain) };
}

function canonicalLocal(local: string): string {
  // A few capitals decompose when folded, hence NFC after as well as before.
  return local.normalize("NFC").toLowerCase().normalize("NFC");
}

/** The text a mailbox of ours is looked up by: that of its canonical spelling. */
export function mailboxKey(mailbox: Mailbox): string {
  return formatMailbox(canonicalMailbox(mailbox));
}
