/**
 * Delivery status notifications: what a sender is told of a message's fate. A report is
 * `multipart/report` (RFC 6522) of a text for people, a part for programs (RFC 3464) and what was
 * sent; for senders with SMTPUTF8 in the forms of RFC 6533.
 */
import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import { isAscii } from "../smtp/utf8.ts";
import { formatDate } from "./date.ts";
import type { ReportFacts } from "./dsn_facts.ts";
import { originalPart } from "./dsn_original.ts";
import { statusPart } from "./dsn_status.ts";
import { headline, textPart } from "./dsn_text.ts";
import { formatField } from "./header_text.ts";
import { concat, encodePart, encodeText, type Part } from "./mime_part.ts";

/** A report, ready for the queue. It leaves with the null reverse-path (RFC 3464 §2). */
export interface Report {
  /** Whom it goes to. */
  readonly recipient: Mailbox;
  /** The message, header and body. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** Whether its header holds UTF-8, which it does only if its recipient's address does. */
  readonly smtputf8: boolean;
  readonly body: "7BIT" | "8BITMIME";
}

/**
 * Writes a report.
 *
 * All that others said goes through `printable`: no CR, LF or control character of theirs reaches a
 * header, a field or a line. Where UTF-8 can't go as it is (a sender without SMTPUTF8), fields hold
 * it escaped as `\x{416}` and parts in quoted-printable.
 *
 * Throws a TypeError when there are no recipients, and a RangeError when the seed or a time is not
 * one.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { formatReport } from "./dsn.ts";
 *
 * const recipient = { local: "nobody", domain: "example.net" };
 * const { octets } = formatReport({
 *   hostname: "mx.test.ru",
 *   date: Date.UTC(2026, 10, 23),
 *   seed: "0K3F7Q2M1QX",
 *   sender: { local: "petya", domain: "test.ru" },
 *   message: {
 *     queueId: "0K3F7Q2M1QW",
 *     receivedAt: Date.UTC(2026, 10, 23),
 *     smtputf8: false,
 *     returned: null,
 *   },
 *   recipients: [{
 *     action: "failed",
 *     given: recipient,
 *     final: recipient,
 *     status: "5.1.1",
 *     reply: ["550 5.1.1 No such user"],
 *     host: "mx.example.net",
 *   }],
 * });
 * const text = new TextDecoder().decode(octets);
 * assert(text.includes("\r\nTo: <petya@test.ru>\r\n"));
 * assert(text.includes("\r\nFinal-Recipient: rfc822; nobody@example.net\r\n"));
 * ```
 */
export function formatReport(facts: ReportFacts): Report {
  if (!/^[A-Za-z0-9._-]{1,50}$/.test(facts.seed)) {
    throw new RangeError(`Cannot format report: bad seed "${facts.seed}"`);
  }
  const parts = reportParts(facts).map(encodePart);
  const eightBit = parts.some((part) => part.eightBit);
  const boundary = unusedBoundary(facts.seed, parts.map(({ bytes }) => bytes));
  const header = formatHeader(facts, { boundary, eightBit });
  return {
    recipient: facts.sender,
    octets: concat([
      encodeText(`${header}\r\n`),
      ...parts.flatMap(({ bytes }) => [
        encodeText(`--${boundary}\r\n`),
        bytes,
        encodeText("\r\n"),
      ]),
      encodeText(`--${boundary}--\r\n`),
    ]),
    smtputf8: !isAscii(header),
    body: eightBit ? "8BITMIME" : "7BIT",
  };
}

function reportParts(facts: ReportFacts): readonly Part[] {
  // RFC 3461 §4.3: RET=FULL is for failures alone.
  const whole = facts.recipients.some(({ action }) => action === "failed");
  const original = originalPart(facts.message, { whole });
  return [textPart(facts), statusPart(facts), ...(original ? [original] : [])];
}

/** A boundary that no part holds. `=_` alone keeps it out of quoted-printable (RFC 2045 §6.7). */
function unusedBoundary(seed: string, parts: readonly Uint8Array[]): string {
  const texts = parts.map((part) => new TextDecoder("latin1").decode(part));
  const isUsed = (boundary: string) =>
    texts.some((text) => text.includes(`--${boundary}`));
  let boundary = `=_${seed}`;
  for (let more = 1; isUsed(boundary); more++) boundary = `=_${seed}.${more}`;
  return boundary;
}

function formatHeader(
  { hostname, date, seed, sender, message, recipients }: ReportFacts,
  { boundary, eightBit }: {
    readonly boundary: string;
    readonly eightBit: boolean;
  },
): string {
  const parent = threadId(message.messageId);
  return [
    ["From", `Mail Delivery System <MAILER-DAEMON@${hostname}>`],
    ["To", `<${formatMailbox(sender)}>`],
    ["Subject", headline(recipients)],
    ["Date", formatDate(date)],
    ["Message-ID", `<${seed}@${hostname}>`],
    ...(parent ? [["In-Reply-To", parent], ["References", parent]] : []),
    ["Auto-Submitted", "auto-replied"], // RFC 3834 §5
    ["MIME-Version", "1.0"],
    [
      "Content-Type",
      `multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    ],
    ["Content-Transfer-Encoding", eightBit ? "8bit" : "7bit"],
  ].map(([name, text]) => formatField(name!, text!)).join("");
}

/** A Message-ID that others' mail programs can take for one (RFC 5322 §3.6.4). */
function threadId(messageId: string | undefined): string | undefined {
  return messageId !== undefined && /^<[!-;=?-~]{1,900}>$/.test(messageId)
    ? messageId
    : undefined;
}
