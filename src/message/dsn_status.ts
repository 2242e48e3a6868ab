import { type TypedAddress, typedAddress } from "../smtp/dsn_parameters.ts";
import { encodeUtf8Address } from "../smtp/xtext.ts";
import { isAscii } from "../smtp/utf8.ts";
import { formatDate } from "./date.ts";
import {
  type ReportedRecipient,
  type ReportFacts,
  statusOf,
} from "./dsn_facts.ts";
import { formatField, printableAscii } from "./header_text.ts";
import { encodeText, type Part } from "./mime_part.ts";

/** A field's name and its value; a field without a value is left out. */
type Field = readonly [name: string, value: string | undefined];

/**
 * The part for programs: `message/delivery-status` (RFC 3464 §2), or for a sender who understands
 * UTF-8 and where there is some, `message/global-delivery-status` (RFC 6533 §4).
 */
export function statusPart(facts: ReportFacts): Part {
  const { smtputf8 } = facts.message;
  const text = [
    messageFields(facts),
    ...facts.recipients.map((it) => recipientFields(it, smtputf8)),
  ].map((fields) => formatFields(fields, smtputf8)).join("\r\n");
  return {
    type: isAscii(text)
      ? "message/delivery-status"
      : "message/global-delivery-status",
    description: "Delivery report",
    content: encodeText(text),
    eightBit: smtputf8,
  };
}

/** RFC 3464 §2.2 */
function messageFields({ hostname, message }: ReportFacts): readonly Field[] {
  return [
    ["Original-Envelope-Id", message.envid],
    ["Reporting-MTA", `dns; ${hostname}`],
    ["Arrival-Date", formatDate(message.receivedAt)],
  ];
}

/** RFC 3464 §2.3. Without ORCPT there must be no Original-Recipient (RFC 3461 §6.3 (d)). */
function recipientFields(
  recipient: ReportedRecipient,
  utf8: boolean,
): readonly Field[] {
  const { action, orcpt, final, host, reply, lastAttempt, retryUntil } =
    recipient;
  return [
    ["Original-Recipient", orcpt && formatAddress(orcpt, utf8)],
    ["Final-Recipient", formatAddress(typedAddress(final), utf8)],
    ["Action", action],
    ["Status", statusOf(recipient)],
    ["Remote-MTA", host && `dns; ${host}`],
    ["Diagnostic-Code", diagnosticCode(reply, host)],
    ["Last-Attempt-Date", optionalDate(lastAttempt)],
    [
      "Will-Retry-Until",
      action === "delayed" ? optionalDate(retryUntil) : undefined,
    ],
  ];
}

/** RFC 3464 §2.3.6. Only what was said over SMTP is of type `smtp`. */
function diagnosticCode(
  reply: readonly string[],
  host: string | undefined,
): string | undefined {
  if (reply.length === 0) return undefined;
  return `${host === undefined ? "X-smtpd" : "smtp"}; ${reply.join(" ")}`;
}

/** An address in the form that RFC 6533 §3 wants in a report of this kind. */
function formatAddress(
  { type, address }: TypedAddress,
  utf8: boolean,
): string {
  return type === "utf-8" && !utf8
    ? `${type}; ${encodeUtf8Address(address, "xtext")}`
    : `${type}; ${address}`;
}

function optionalDate(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDate(ms);
}

function formatFields(fields: readonly Field[], utf8: boolean): string {
  return fields.map(([name, value]) =>
    value === undefined
      ? ""
      : formatField(name, utf8 ? value : printableAscii(value))
  ).join("");
}
