/** What the client's session asks of the shell, and how long it may take. */
import type { Outcome } from "./client_outcome.ts";
import type { ClientStep } from "./client_step.ts";

/** The one thing that has to happen next. The shell does it, then calls `next()` again. */
export type ClientEffect =
  /** Read from the server, then `receive()`, `timeout()` or `lost()`. */
  | { readonly type: "read"; readonly wait: ClientStep }
  /** Send this text, in UTF-8. */
  | { readonly type: "write"; readonly text: string }
  /**
   * Take the next piece of the message and send what `stuff()` makes of it, or call `bodyDone()`
   * when there is none, or `abort()` when it can't be read.
   */
  | { readonly type: "body" }
  /** Do the TLS handshake, then `secured()` or `handshakeFailed()`. */
  | { readonly type: "handshake" }
  /**
   * Answer with `response()` or `cancel()`: the server's challenge in base64, or for the initial
   * response if there is no challenge yet (RFC 4954 §4).
   */
  | {
    readonly type: "auth";
    readonly mechanism: string;
    readonly challenge?: string;
  }
  /** What became of the transaction: one outcome for each recipient, in their order. */
  | { readonly type: "outcome"; readonly outcomes: readonly Outcome[] }
  /** Nothing is left to do: `send()` another transaction, or `quit()`. */
  | { readonly type: "idle" }
  /** Close the connection: the session is over. */
  | { readonly type: "close" };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/**
 * Milliseconds that each step may take at least (RFC 5321 §4.5.3.2): to be answered, or for "text"
 * to send one piece of the message.
 */
export const CLIENT_TIME_LIMITS: Readonly<Record<ClientStep, number>> = {
  greeting: 5 * MINUTE,
  hello: 5 * MINUTE,
  starttls: 5 * MINUTE,
  handshake: 5 * MINUTE,
  auth: 5 * MINUTE,
  reset: 5 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  data: 2 * MINUTE,
  text: 3 * MINUTE,
  dot: 10 * MINUTE,
  // The RFC has none, and nothing hangs on the answer.
  quit: 10 * SECOND,
};
