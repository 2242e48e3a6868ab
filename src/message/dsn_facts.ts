import type { Mailbox } from "../smtp/address.ts";
import type { TypedAddress } from "../smtp/dsn_parameters.ts";
import type { Action } from "./dsn_policy.ts";

/** All that a report says. Times are milliseconds since the Unix epoch. */
export interface ReportFacts {
  /** The name of this server, a domain or an address literal. */
  readonly hostname: string;
  /** When the report is written. */
  readonly date: number;
  /**
   * What its Message-ID and its boundary are made of, never used before: 1 to 50 letters, digits,
   * dots, hyphens and underscores.
   */
  readonly seed: string;
  /** Reverse-path of the message reported on, which is where the report goes. */
  readonly sender: Mailbox;
  readonly message: ReportedMessage;
  /** At least one. */
  readonly recipients: readonly ReportedRecipient[];
}

/** The message reported on. */
export interface ReportedMessage {
  readonly queueId: string;
  /** When we took it on. */
  readonly receivedAt: number;
  /** What ENVID said, decoded. */
  readonly envid?: string;
  /** Its Message-ID field, with angle brackets; passed over when it isn't of that form. */
  readonly messageId?: string;
  /** Whether it was sent with SMTPUTF8, so that its sender can read a report in UTF-8. */
  readonly smtputf8: boolean;
  /**
   * What to return of it: its header, or all of it for RET=FULL if it isn't too big to be sent
   * twice; `null` when it can't be read any more. What follows a header's blank line is left out.
   */
  readonly returned:
    | { readonly kind: "header"; readonly octets: Uint8Array }
    | { readonly kind: "message"; readonly octets: Uint8Array }
    | null;
}

/** What became of one recipient. */
export interface ReportedRecipient {
  readonly action: Action;
  /** Whom the client named in RCPT. */
  readonly given: Mailbox;
  /** Where the message was to go for it, aliases expanded. */
  readonly final: Mailbox;
  /** What ORCPT said. */
  readonly orcpt?: TypedAddress;
  /** Enhanced status (RFC 3463); what isn't of that form is replaced by one of the action's class. */
  readonly status: string;
  /** The reply that decided it, a text per line, codes included; empty when there was none. */
  readonly reply: readonly string[];
  /** The remote host that gave the reply; absent when it is our own. */
  readonly host?: string;
  /** When the last try ended. */
  readonly lastAttempt?: number;
  /** Until when a delayed message is tried. */
  readonly retryUntil?: number;
}

/** The recipient's status, or one that says no more than the action does. */
export function statusOf({ action, status }: ReportedRecipient): string {
  if (/^[245]\.\d{1,3}\.\d{1,3}$/.test(status)) return status;
  switch (action) {
    case "failed":
      return "5.0.0";
    case "delayed":
      return "4.0.0";
    case "delivered":
    case "relayed":
    case "expanded":
      return "2.0.0";
  }
  return action satisfies never;
}
