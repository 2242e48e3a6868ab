/** The trace lines that a server puts on top of a message (RFC 5321 §4.4). */
import {
  formatMailbox,
  formatReversePath,
  isAddressLiteral,
  isDomain,
  isIpv4,
  type Mailbox,
} from "../smtp/address.ts";
import { isAscii } from "../smtp/utf8.ts";
import { formatDate } from "./date.ts";

/** How a message came in, for its `Received` line. */
export interface Reception {
  /** The name the client gave in HELO or EHLO. */
  readonly helo: string;
  /** The client's IP address, without brackets. */
  readonly peer: string;
  /** The name of this server. */
  readonly hostname: string;
  /** Queue ID. */
  readonly id: string;
  /** Whether the client used EHLO. */
  readonly esmtp: boolean;
  /** Whether it came under TLS. */
  readonly secure: boolean;
  readonly authenticated: boolean;
  /** Whether the SMTPUTF8 parameter was given. */
  readonly smtputf8: boolean;
  /** The recipient if there is but one: several must not learn of each other. */
  readonly recipient?: Mailbox;
  /** When it came, milliseconds since the Unix epoch. */
  readonly receivedAt: number;
}

/**
 * The `Received` field, folded, with its CRLF (RFC 5321 §4.4).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatReceived } from "./trace.ts";
 *
 * assertEquals(
 *   formatReceived({
 *     helo: "client.test",
 *     peer: "192.0.2.1",
 *     hostname: "mx.test.ru",
 *     id: "0K3F7Q2M1QX",
 *     esmtp: true,
 *     secure: false,
 *     authenticated: false,
 *     smtputf8: false,
 *     recipient: { local: "petya", domain: "test.ru" },
 *     receivedAt: Date.UTC(2026, 10, 23, 2, 51, 3),
 *   }),
 *   "Received: from client.test ([192.0.2.1])\r\n" +
 *     "\tby mx.test.ru with ESMTP id 0K3F7Q2M1QX\r\n" +
 *     "\tfor <petya@test.ru>;\r\n" +
 *     "\tMon, 23 Nov 2026 02:51:03 +0000\r\n",
 * );
 * ```
 */
export function formatReceived(reception: Reception): string {
  const { hostname, id, recipient, receivedAt } = reception;
  const from = fromClause(reception);
  const by = `by ${hostname} with ${withProtocol(reception)} id ${id}`;
  const whom = recipient && `for <${formatMailbox(recipient)}>`;
  const clauses = whom ? [from, by, whom] : [from, by];
  return `Received: ${clauses.join("\r\n\t")};\r\n\t${
    formatDate(receivedAt)
  }\r\n`;
}

/**
 * `From-domain`: the name the client gave and the address we saw. A name that is no domain would
 * break the field, so it goes into a comment, and only its harmless characters.
 */
function fromClause({ helo, peer, smtputf8 }: Reception): string {
  const literal = addressLiteral(peer);
  if (isGoodName(helo) && (smtputf8 || isAscii(helo))) {
    return `from ${helo} (${literal})`;
  }
  const harmless = helo.replace(/[^a-zA-Z0-9._:@-]/gu, "?").slice(0, 64);
  return `from ${literal} (HELO ${harmless})`;
}

function isGoodName(helo: string): boolean {
  return isDomain(helo) || isAddressLiteral(helo);
}

/** The address as SMTP writes it where a domain could stand (RFC 5321 §4.1.3). */
export function addressLiteral(address: string): string {
  return isIpv4(address) ? `[${address}]` : `[IPv6:${address}]`;
}

/** The registered name of the way it came (RFC 3848, RFC 6531 §4.3). */
function withProtocol(
  { esmtp, secure, authenticated, smtputf8 }: Reception,
): string {
  if (!esmtp) return "SMTP";
  const base = smtputf8 ? "UTF8SMTP" : "ESMTP";
  return base + (secure ? "S" : "") + (authenticated ? "A" : "");
}

/** The `Return-Path` field that final delivery puts on top, with its CRLF (RFC 5321 §4.4). */
export function formatReturnPath(reversePath: Mailbox | null): string {
  return `Return-Path: <${formatReversePath(reversePath)}>\r\n`;
}
