import type { Content } from "../ports/content.ts";
import type { Mailbox } from "../smtp/address.ts";

/** Where mail for our own mailboxes ends up: a folder for each. */
export interface MailStore {
  /**
   * Puts a message into a mailbox's folder, which is made when there is none. Once it resolves,
   * the message is durable. Throws what the disk throws, and then no part of a message stays.
   */
  deliver(to: Mailbox, mail: StoredMail): Promise<void>;
  /**
   * Removes what a crash left of deliveries, while others go on, until `signal` wants an end. Those of
   * messages that `isQueued` will be taken up again, and are left alone. Throws what the disk throws; then
   * it may be tried again.
   */
  tidy(
    isQueued: (id: string) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A message as it goes into a folder. */
export interface StoredMail {
  /** Queue ID, ASCII letters and digits. */
  readonly id: string;
  /** Number of the recipient within the message. With the ID it names this copy for good. */
  readonly number: number;
  /** When the message was received, milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  /** Reverse-path without its brackets; empty for the null path. */
  readonly sender: string;
  /** Header lines to put on top, each ended by CRLF: `Return-Path` (RFC 5321 §4.4). */
  readonly header: string;
  /** The message as it was received. */
  readonly content: Content;
  /** Whether an earlier attempt may have delivered it, unknown to us: one cut short by a crash. */
  readonly again: boolean;
}
