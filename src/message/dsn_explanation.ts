/** An enhanced status code in plain words. */
export interface Explanation {
  /** What happened. */
  readonly meaning: string;
  /** What the sender can do about it. */
  readonly remedy: string;
}

const ASK_RECIPIENT =
  "Reach the recipient in another way, and tell them of it.";
const ASK_POSTMASTER =
  "You can do nothing about it; the people who run the recipient's mail server can.";
const ASK_OWN_POSTMASTER =
  "Show this report to the people who run your own mail server.";

/** By subject and detail (RFC 3463 §3, RFC 5248 §2.4); the class only tells for how long it holds. */
const BY_DETAIL: ReadonlyMap<string, Explanation> = new Map(Object.entries({
  "1.1": {
    meaning: "There is no such mailbox at that domain.",
    remedy:
      "Check the part of the address before the @, or ask the recipient for the right one.",
  },
  "1.2": {
    meaning: "There is no such domain.",
    remedy: "Check the part of the address after the @.",
  },
  "1.3": {
    meaning: "The server does not understand the address.",
    remedy: "Check how the address is written.",
  },
  "1.6": {
    meaning: "The mailbox has moved, and where to is not known.",
    remedy: "Ask the recipient for the new address.",
  },
  "1.7": {
    meaning: "The server does not understand your own address.",
    remedy: "Check the sender's address that your mail program uses.",
  },
  "1.8": {
    meaning: "The server takes your own address for one that can't exist.",
    remedy: ASK_OWN_POSTMASTER,
  },
  "1.10": {
    meaning: "The domain takes no mail at all.",
    remedy: "Check the part of the address after the @.",
  },
  "2.1": {
    meaning: "The mailbox is closed.",
    remedy: ASK_RECIPIENT,
  },
  "2.2": {
    meaning: "The recipient's mailbox is full.",
    remedy:
      "Send the message again later, or reach the recipient in another way.",
  },
  "2.3": {
    meaning: "The message is too big for the recipient's mailbox.",
    remedy: "Send less at once, or put large files where they can be fetched.",
  },
  "2.4": {
    meaning: "The address is a mailing list that could not be expanded.",
    remedy: "Ask the people who run the list.",
  },
  "3.1": {
    meaning: "The server has no room for more mail.",
    remedy: ASK_POSTMASTER,
  },
  "3.2": {
    meaning: "The server takes no mail at the moment.",
    remedy: "Send the message again later.",
  },
  "3.4": {
    meaning: "The message is too big for the server.",
    remedy: "Send less at once, or put large files where they can be fetched.",
  },
  "4.1": {
    meaning: "The server of that domain could not be reached.",
    remedy:
      "Check the part of the address after the @; if it is right, send the message again later.",
  },
  "4.2": {
    meaning: "The connection to the server broke.",
    remedy: "Send the message again later.",
  },
  "4.3": {
    meaning: "The domain could not be looked up in DNS.",
    remedy:
      "Check the part of the address after the @; if it is right, send the message again later.",
  },
  "4.4": {
    meaning: "No server is known that takes mail for that domain.",
    remedy: "Check the part of the address after the @.",
  },
  "4.6": {
    meaning: "The message went round in a loop between servers.",
    remedy: ASK_POSTMASTER,
  },
  "4.7": {
    meaning: "The message could not be delivered in the time there was.",
    remedy: "Send the message again later.",
  },
  "5.3": {
    meaning: "The message has too many recipients for the server.",
    remedy: "Send it to fewer recipients at once.",
  },
  "6.3": {
    meaning: "The server can't take the message in the form it has.",
    remedy: "Send it as plain text.",
  },
  "6.7": {
    meaning: "The server can't take addresses with letters beyond ASCII.",
    remedy: "Use an address in plain Latin letters, for both sides.",
  },
  "7.0": {
    meaning: "The message was refused by a decision of those who run a server.",
    remedy: ASK_POSTMASTER,
  },
  "7.1": {
    meaning: "The server refuses mail from you to that address.",
    remedy: ASK_RECIPIENT,
  },
  "7.10": {
    meaning: "The connection could not be encrypted as it must be.",
    remedy: ASK_OWN_POSTMASTER,
  },
  "7.20": {
    meaning: "The message has no DKIM signature that the server accepts.",
    remedy: ASK_OWN_POSTMASTER,
  },
  "7.23": {
    meaning: "Your domain does not let our server send its mail (SPF).",
    remedy: ASK_OWN_POSTMASTER,
  },
  "7.25": {
    meaning: "The address of our server has no name in DNS.",
    remedy: ASK_OWN_POSTMASTER,
  },
  "7.26": {
    meaning: "The message could not be shown to be from your domain.",
    remedy: ASK_OWN_POSTMASTER,
  },
  "7.27": {
    meaning: "Your own address is at a domain that takes no mail.",
    remedy: "Check the sender's address that your mail program uses.",
  },
}));

/** By subject alone (RFC 3463 §3.1). */
const BY_SUBJECT: ReadonlyMap<string, Explanation> = new Map(Object.entries({
  "1": {
    meaning: "The address was not accepted.",
    remedy: "Check the address.",
  },
  "2": {
    meaning: "The recipient's mailbox could not take the message.",
    remedy: ASK_RECIPIENT,
  },
  "3": {
    meaning: "The recipient's mail system could not take the message.",
    remedy: ASK_POSTMASTER,
  },
  "4": {
    meaning: "The message could not be brought to the recipient's server.",
    remedy: "Send the message again later.",
  },
  "5": {
    meaning: "Our server and the other did not understand each other.",
    remedy: ASK_OWN_POSTMASTER,
  },
  "6": {
    meaning: "The server does not take a message of this form.",
    remedy: "Send it as plain text, without attachments.",
  },
  "7": {
    meaning: "The server refuses the message for its own safety.",
    remedy: ASK_RECIPIENT,
  },
}));

const UNKNOWN: Explanation = {
  meaning: "The message was not accepted.",
  remedy: ASK_RECIPIENT,
};

/**
 * Explains an enhanced status code, as closely as we know it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explain } from "./dsn_explanation.ts";
 *
 * assertEquals(explain("5.1.2").meaning, "There is no such domain.");
 * assertEquals(explain("4.1.99").meaning, "The address was not accepted.");
 * ```
 */
export function explain(status: string): Explanation {
  const [, subject = "", detail = ""] = status.split(".");
  return BY_DETAIL.get(`${subject}.${detail}`) ?? BY_SUBJECT.get(subject) ??
    UNKNOWN;
}
