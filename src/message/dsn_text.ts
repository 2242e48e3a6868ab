import { formatMailbox, isAsciiMailbox } from "../smtp/address.ts";
import { formatDate } from "./date.ts";
import { explain } from "./dsn_explanation.ts";
import {
  type ReportedMessage,
  type ReportedRecipient,
  type ReportFacts,
  statusOf,
} from "./dsn_facts.ts";
import type { Action } from "./dsn_policy.ts";
import { wrap } from "./header_text.ts";
import { encodeText, type Part } from "./mime_part.ts";

/** What matters most comes first. */
const ACTIONS: readonly Action[] = [
  "failed",
  "delayed",
  "relayed",
  "expanded",
  "delivered",
];

const FLUSH = { first: "", next: "" };
const ADDRESS = { first: "", next: "  " };
const DETAIL = { first: "    ", next: "    " };
const QUOTE = { first: "      ", next: "        " };

/** The part for people: what happened to each recipient, and what to do (RFC 6522 §3). */
export function textPart(facts: ReportFacts): Part {
  const { hostname, message, recipients } = facts;
  const paragraphs = [
    wrap(
      `This is the mail server ${hostname}. Nobody reads replies to this report.`,
      FLUSH,
    ),
    ...ACTIONS.flatMap((action) =>
      formatSection(
        action,
        recipients.filter((it) => it.action === action),
        message,
      )
    ),
    aboutMessage(message),
  ];
  const text = paragraphs.map((lines) => `${lines.join("\r\n")}\r\n`);
  return {
    type: "text/plain; charset=utf-8",
    description: "What happened",
    content: encodeText(text.join("\r\n")),
    eightBit: message.smtputf8,
  };
}

/**
 * What the report is about, for its subject, in ASCII. Throws a TypeError when there are no
 * recipients.
 */
export function headline(recipients: readonly ReportedRecipient[]): string {
  const [first, ...others] = recipients;
  const named = first !== undefined && others.length === 0 &&
    isAsciiMailbox(first.given);
  const message = named
    ? `Your message to ${formatMailbox(first.given)}`
    : "Your message";
  const action = ACTIONS.find((action) =>
    recipients.some((recipient) => recipient.action === action)
  );
  switch (action) {
    case "failed":
      return `${message} was not delivered`;
    case "delayed":
      return `${message} is delayed`;
    case "relayed":
    case "expanded":
      return `${message} was passed on`;
    case "delivered":
      return `${message} was delivered`;
    case undefined:
      throw new TypeError("Cannot format report: it has no recipients");
  }
  return action satisfies never;
}

/** The paragraphs on the recipients of one fate, if there are any; each paragraph is its lines. */
function formatSection(
  action: Action,
  recipients: readonly ReportedRecipient[],
  message: ReportedMessage,
): readonly (readonly string[])[] {
  if (recipients.length === 0) return [];
  const addresses = recipients.length === 1 ? "address" : "addresses";
  return [
    wrap(summary(action, `the ${addresses} below`), FLUSH),
    ...recipients.map((recipient) => [
      ...wrap(whoItIs(recipient), ADDRESS),
      ...whatHappened(recipient, message),
    ]),
  ];
}

function summary(action: Action, whom: string): string {
  switch (action) {
    case "failed":
      return `Your message could not be delivered to ${whom}. It will not be tried again.`;
    case "delayed":
      return `Your message has not been delivered to ${whom} yet. You need not send it again: it is still being tried.`;
    case "relayed":
      return `Your message was passed on to the server of ${whom}, which does not report what becomes of it. You may hear no more.`;
    case "expanded":
      return `Your message came to ${whom} and was sent on to everyone behind it.`;
    case "delivered":
      return `Your message was delivered to ${whom}.`;
  }
  return action satisfies never;
}

function whoItIs({ given, final }: ReportedRecipient): string {
  const named = formatMailbox(given);
  const reached = formatMailbox(final);
  return named === reached ? `<${named}>` : `<${named}>, that is <${reached}>`;
}

/** Why a recipient has no copy, what was said, and what can be done. */
function whatHappened(
  recipient: ReportedRecipient,
  { receivedAt }: ReportedMessage,
): readonly string[] {
  const { action, lastAttempt, retryUntil } = recipient;
  if (action !== "failed" && action !== "delayed") return [];

  const status = statusOf(recipient);
  const { meaning, remedy } = explain(status);
  const sentences = [meaning];
  if (action === "failed") {
    if (status.startsWith("4.") && lastAttempt !== undefined) {
      const time = formatDuration(lastAttempt - receivedAt);
      sentences.push(`It was tried for ${time}.`);
    }
    sentences.push(remedy);
  } else if (retryUntil !== undefined) {
    sentences.push(`It will be tried until ${formatDate(retryUntil)}.`);
  }
  return [...wrap(sentences.join(" "), DETAIL), ...whatWasSaid(recipient)];
}

function whatWasSaid({ reply, host }: ReportedRecipient): readonly string[] {
  if (reply.length === 0) return [];
  const who = host === undefined ? "This server" : `The server ${host}`;
  return [
    ...wrap(`${who} said:`, DETAIL),
    ...reply.flatMap((line) => wrap(line, QUOTE)),
  ];
}

function aboutMessage(message: ReportedMessage): readonly string[] {
  const { receivedAt, messageId, envid, queueId } = message;
  const lines = [
    `Received here: ${formatDate(receivedAt)}`,
    ...(messageId === undefined ? [] : [`Message-ID: ${messageId}`]),
    ...(envid === undefined ? [] : [`Envelope ID: ${envid}`]),
    `Queue ID: ${queueId} (give it to the people who run this server if you ask them)`,
  ];
  return ["About your message:", ...lines.flatMap((it) => wrap(it, DETAIL))];
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** A time span in the largest unit that it holds twice, or else in minutes. */
function formatDuration(ms: number): string {
  const [name, length] = UNITS.find(([, length]) => ms >= 2 * length) ??
    UNITS[2];
  const count = Math.max(1, Math.round(ms / length));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
