/**
 * A transaction as the caller gives it, what stands against sending it to a given server, and its
 * commands as that server understands them.
 */
import {
  formatMailbox,
  formatReversePath,
  isAsciiMailbox,
  type Mailbox,
  parseForwardPath,
  parseReversePath,
  type Path,
} from "./address.ts";
import {
  type DsnMailParameters,
  type DsnRcptParameters,
  formatDsnMailParameters,
  formatDsnRcptParameters,
  isEnvid,
  isTypedAddress,
} from "./dsn_parameters.ts";
import type { RemoteExtensions } from "./client_extensions.ts";
import * as words from "./client_outcome.ts";
import type { Body } from "./extensions.ts";
import type { Reply } from "./reply.ts";

/** A message to send, all but its text. */
export interface Transaction extends DsnMailParameters {
  /** The reverse-path; `null` for `<>`. */
  readonly from: Mailbox | null;
  /** At least one. */
  readonly recipients: readonly TransactionRecipient[];
  /** Octets of the message, its lines ended by CRLF, before any dot is stuffed (RFC 1870 §3). */
  readonly size: number;
  /**
   * What its octets are. An 8-bit message for a server without 8BITMIME is sent as it is. RFC 6152
   * §3 would have it converted or bounced, but to convert it breaks its signatures, to bounce it
   * loses it, and servers that don't say so have let the eighth bit pass for decades: Exim and
   * qmail do the same.
   */
  readonly body: Body;
  /** Whether its header needs SMTPUTF8; the addresses speak for themselves (RFC 6531 §3.4). */
  readonly smtputf8: boolean;
}

/** One of a transaction's recipients. */
export interface TransactionRecipient extends DsnRcptParameters {
  /** The caller's own number for it; its outcome bears it. */
  readonly number: number;
  readonly address: Mailbox;
}

/**
 * Makes sure that a transaction can be written down as commands which mean it and nothing else.
 *
 * @throws {TypeError} When it has no recipients, or a value that would break a command line or be
 * read as another.
 */
export function checkTransaction(transaction: Transaction): void {
  const { from, recipients, size, envid } = transaction;
  if (recipients.length === 0) throw misfit("it has no recipients");
  if (!Number.isSafeInteger(size) || size < 0) {
    throw misfit(`its size is ${size}`);
  }
  if (from !== null && !isRead(from, parseReversePath)) {
    throw misfit("its sender is not an address");
  }
  if (envid !== undefined && !isEnvid(envid)) {
    throw misfit("its envelope identifier is not printable ASCII");
  }
  for (const { address, orcpt } of recipients) {
    if (!isRead(address, parseForwardPath)) {
      throw misfit("a recipient is not an address");
    }
    if (orcpt !== undefined && !isTypedAddress(orcpt)) {
      throw misfit("an original recipient is not an address with its type");
    }
  }
}

/** Whether a mailbox, written down, is read as the same. */
function isRead(mailbox: Mailbox, read: (text: string) => Path): boolean {
  const path = read(`<${formatMailbox(mailbox)}>`);
  return path.kind === "path" && path.rest === "" &&
    path.mailbox?.local === mailbox.local &&
    path.mailbox.domain === mailbox.domain;
}

function misfit(why: string): TypeError {
  return new TypeError(`Cannot send transaction: ${why}`);
}

/** Why a server can't be given a message at all, or `undefined` when it can. */
export function messageObjection(
  transaction: Transaction,
  extensions: RemoteExtensions,
): Reply | undefined {
  const { body, size } = transaction;
  const limit = extensions.size ?? 0;
  if (limit > 0 && size > limit) return words.tooBig(size, limit);
  if (messageNeedsUtf8(transaction) && !extensions.smtputf8) {
    return words.SMTPUTF8_NOT_OFFERED;
  }
  if (body === "BINARYMIME" && !extensions.binary) {
    return words.BINARYMIME_NOT_OFFERED;
  }
  return undefined;
}

/** Why a server can't be given one of the recipients, or `undefined` when it can. */
export function recipientObjection(
  { address }: TransactionRecipient,
  { smtputf8 }: RemoteExtensions,
): Reply | undefined {
  return smtputf8 || isAsciiMailbox(address)
    ? undefined
    : words.SMTPUTF8_NOT_OFFERED;
}

function messageNeedsUtf8({ smtputf8, from }: Transaction): boolean {
  return smtputf8 || (from !== null && !isAsciiMailbox(from));
}

/** Whether the transaction is one with SMTPUTF8, for the message's sake or for a recipient's. */
export function usesUtf8(
  transaction: Transaction,
  { smtputf8 }: RemoteExtensions,
): boolean {
  return smtputf8 && (messageNeedsUtf8(transaction) ||
    transaction.recipients.some(({ address }) => !isAsciiMailbox(address)));
}

/**
 * The MAIL command, with the parameters that the server offers.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mailCommand } from "./client_envelope.ts";
 * import { NO_EXTENSIONS } from "./client_extensions.ts";
 *
 * const transaction = {
 *   from: null,
 *   recipients: [{ number: 0, address: { local: "petya", domain: "test.ru" } }],
 *   size: 70,
 *   body: "8BITMIME",
 *   smtputf8: false,
 * } as const;
 * const extensions = { ...NO_EXTENSIONS, size: 0, eightBitMime: true };
 * assertEquals(
 *   mailCommand(transaction, extensions),
 *   "MAIL FROM:<> SIZE=70 BODY=8BITMIME",
 * );
 * ```
 */
export function mailCommand(
  transaction: Transaction,
  extensions: RemoteExtensions,
): string {
  const { from, size, body } = transaction;
  const withBody = body === "BINARYMIME" ||
    (body === "8BITMIME" && extensions.eightBitMime);
  return [
    `MAIL FROM:<${formatReversePath(from)}>`,
    ...(extensions.size === undefined ? [] : [`SIZE=${size}`]),
    ...(withBody ? [`BODY=${body}`] : []),
    ...(usesUtf8(transaction, extensions) ? ["SMTPUTF8"] : []),
    ...(extensions.dsn ? formatDsnMailParameters(transaction) : []),
  ].join(" ");
}

/** The RCPT command of one recipient, with the parameters that the server offers. */
export function rcptCommand(
  recipient: TransactionRecipient,
  { dsn }: RemoteExtensions,
  /** Whether the transaction is one with SMTPUTF8. */
  { smtputf8 }: { readonly smtputf8: boolean },
): string {
  return [
    `RCPT TO:<${formatMailbox(recipient.address)}>`,
    ...(dsn ? formatDsnRcptParameters(recipient, { smtputf8 }) : []),
  ].join(" ");
}
