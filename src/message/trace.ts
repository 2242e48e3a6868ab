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

/** What a connection was secured with. */
export interface Encryption {
  /** As TLS libraries write it: `TLSv1.3`. */
  readonly protocol: string;
  /** By the name it is registered under: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
}

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
  /** The TLS that it came under, if it didn't come in the clear. */
  readonly encryption?: Encryption;
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
 *     encryption: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
 *     authenticated: true,
 *     smtputf8: false,
 *     recipient: { local: "petya", domain: "test.ru" },
 *     receivedAt: Date.UTC(2026, 10, 23, 2, 51, 3),
 *   }),
 *   "Received: from client.test ([192.0.2.1])\r\n" +
 *     "\tby mx.test.ru with ESMTPSA id 0K3F7Q2M1QX\r\n" +
 *     "\tfor <petya@test.ru>\r\n" +
 *     "\ttls TLS_AES_256_GCM_SHA384 (TLSv1.3);\r\n" +
 *     "\tMon, 23 Nov 2026 02:51:03 +0000\r\n",
 * );
 * ```
 */
export function formatReceived(reception: Reception): string {
  const { hostname, id, recipient, encryption, receivedAt } = reception;
  const clauses = [
    fromClause(reception),
    `by ${hostname} with ${withProtocol(reception)} id ${id}`,
    ...(recipient ? [`for <${formatMailbox(recipient)}>`] : []),
    // RFC 8314 §4.3, which has no word for the protocol.
    ...(encryption
      ? [`tls ${encryption.cipher} (${encryption.protocol})`]
      : []),
  ];
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
  { esmtp, encryption, authenticated, smtputf8 }: Reception,
): string {
  if (!esmtp) return "SMTP";
  const base = smtputf8 ? "UTF8SMTP" : "ESMTP";
  return base + (encryption ? "S" : "") + (authenticated ? "A" : "");
}

/** The `Return-Path` field that final delivery puts on top, with its CRLF (RFC 5321 §4.4). */
export function formatReturnPath(reversePath: Mailbox | null): string {
  return `Return-Path: <${formatReversePath(reversePath)}>\r\n`;
}
