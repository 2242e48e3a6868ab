import { andThen, type Awaitable } from "../ports/awaitable.ts";
import type { Mailbox } from "../smtp/address.ts";
import type { Reply } from "../smtp/reply.ts";
import {
  ALIAS_LOOP,
  ALIAS_TOO_WIDE,
  NO_SUCH_USER,
  RECIPIENT_OK,
  RELAY_DENIED,
} from "../smtp/replies.ts";

/** What a {@linkcode Directory} knows of an address. */
export type Resolution =
  /** Where its mail goes; never empty. */
  | { readonly kind: "mailboxes"; readonly mailboxes: readonly Mailbox[] }
  | { readonly kind: "unknown" }
  /** Its aliases lead back to themselves. */
  | { readonly kind: "loop" }
  /** Its aliases lead to more mailboxes than one recipient may stand for. */
  | { readonly kind: "too many" };

/** Who lives here, as far as the policy must know. */
export interface Directory {
  /** Whether mail for the domain is kept here. */
  isOurs(domain: string): boolean;
  /** Where mail for an address goes, aliases expanded. */
  resolve(mailbox: Mailbox): Awaitable<Resolution>;
}

/** Whether we take mail for a recipient, and if so where it goes. */
export type Verdict =
  | {
    readonly kind: "accepted";
    readonly reply: Reply;
    /** Never empty. */
    readonly destinations: readonly Mailbox[];
  }
  | { readonly kind: "refused"; readonly reply: Reply };

/**
 * Decides on one recipient (RFC 5321 §3.3): refused here it never becomes a bounce. Elsewhere is
 * only for those who may relay; where an alias of ours leads there, for everybody.
 */
export function judgeRecipient(
  to: Mailbox,
  { directory, mayRelay }: {
    readonly directory: Directory;
    readonly mayRelay: boolean;
  },
): Awaitable<Verdict> {
  // RFC 5321 §4.5.1: <Postmaster> without a domain is ours always.
  if (to.domain !== "" && !directory.isOurs(to.domain)) {
    return mayRelay
      ? { kind: "accepted", reply: RECIPIENT_OK, destinations: [to] }
      : { kind: "refused", reply: RELAY_DENIED };
  }
  return andThen(directory.resolve(to), verdictOn);
}

function verdictOn(resolution: Resolution): Verdict {
  switch (resolution.kind) {
    case "mailboxes":
      return {
        kind: "accepted",
        reply: RECIPIENT_OK,
        destinations: resolution.mailboxes,
      };
    case "unknown":
      return { kind: "refused", reply: NO_SUCH_USER };
    case "loop":
      return { kind: "refused", reply: ALIAS_LOOP };
    case "too many":
      return { kind: "refused", reply: ALIAS_TOO_WIDE };
    default:
      return resolution satisfies never;
  }
}
