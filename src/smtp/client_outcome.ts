/**
 * What becomes of a recipient, and the words for it when they are ours and not the server's. As in
 * `replies.ts`, texts are for people; codes are what a report may say of them (RFC 3463).
 */
import type { ClientStep } from "./client_step.ts";
import { type Reply, reply } from "./reply.ts";

/** What was decided, why, and how far the decision reaches. */
export interface Verdict {
  /** Deferred: try again later. Failed: never again, if `scope` leaves no other way. */
  readonly status: "delivered" | "deferred" | "failed";
  /**
   * What it is about. "host": this connection or server, so that another server for the same domain
   * may do better, whatever the status. "message": this message, at any server of the domain.
   * "recipient": this one alone.
   */
  readonly scope: "host" | "message" | "recipient";
  /** Where in the dialogue it was decided. */
  readonly at: ClientStep;
  /** Whose words `reply` is. */
  readonly by: "server" | "us";
  readonly reply: Reply;
  /** Whether the same server takes this recipient at once, in another transaction. */
  readonly soon?: true;
}

/** What became of one recipient. */
export interface Outcome extends Verdict {
  /** The number that the transaction gave it. */
  readonly recipient: number;
}

/** What a server's reply means for those whom it is about: 2xx, 4xx or 5xx. */
export function serverVerdict(
  reply: Reply,
  scope: Verdict["scope"],
  at: ClientStep,
): Verdict {
  const status = reply.code < 300
    ? "delivered"
    : reply.code < 500
    ? "deferred"
    : "failed";
  return { status, scope, at, by: "server", reply };
}

/** What we find ourselves: 4xx or 5xx. */
export function ownVerdict(
  reply: Reply,
  scope: Verdict["scope"],
  at: ClientStep,
): Verdict {
  return { ...serverVerdict(reply, scope, at), by: "us" };
}

const DOING: Readonly<Record<ClientStep, string>> = {
  greeting: "waiting for the greeting",
  hello: "waiting for the answer to EHLO or HELO",
  starttls: "waiting for the answer to STARTTLS",
  handshake: "doing the TLS handshake",
  auth: "authenticating",
  reset: "waiting for the answer to RSET",
  mail: "waiting for the answer to MAIL",
  rcpt: "waiting for the answer to RCPT",
  data: "waiting for the answer to DATA",
  text: "sending the message",
  dot: "waiting for the answer to the whole message, which may have arrived",
  quit: "waiting for the answer to QUIT",
};

/** The server was silent, or too slow to take what we sent. */
export const tooSlow = (at: ClientStep): Reply =>
  reply(451, "4.4.2", `Timed out ${DOING[at]}`);

/** The connection broke. `cause` is the system's word for it. */
export const connectionLost = (at: ClientStep, cause: string): Reply =>
  reply(451, "4.4.2", `Connection lost ${DOING[at]}: ${cause}`);

/** The server said what no server may say there, so that nothing after it can be trusted. */
export const outOfStep = (at: ClientStep, said: string): Reply =>
  reply(451, "4.5.0", `Protocol error ${DOING[at]}: server said "${said}"`);

/** The settings ask for TLS and the server has none. */
export const TLS_NOT_OFFERED: Reply = reply(
  451,
  "4.7.4",
  "TLS is required, but the server does not offer it",
);

/** The handshake came to nothing, or to a certificate that won't do. */
export const handshakeBroke = (cause: string): Reply =>
  reply(451, "4.7.5", `TLS handshake failed: ${cause}`);

/** Somebody on the way put octets behind the answer to STARTTLS (CVE-2011-0411). */
export const STARTTLS_INJECTION: Reply = reply(
  451,
  "4.7.0",
  "Octets behind the answer to STARTTLS: connection dropped",
);

/** No mechanism of ours is offered, at least not yet. */
export const NO_MECHANISM: Reply = reply(
  451,
  "4.7.0",
  "The server offers no authentication mechanism that the settings allow",
);

/** A password never goes out in the clear unless the settings say so. */
export const AUTH_NEEDS_TLS: Reply = reply(
  451,
  "4.7.0",
  "Cannot authenticate: the connection is not encrypted",
);

/** We gave up in the middle of the exchange. */
export const authGivenUp = (cause: string): Reply =>
  reply(451, "4.7.0", `Authentication given up: ${cause}`);

/** RFC 1870 §6.1: no need to send what will be refused. */
export const tooBig = (size: number, limit: number): Reply =>
  reply(
    552,
    "5.3.4",
    `Message of ${size} octets exceeds the server's limit of ${limit}`,
  );

/** RFC 6531 §3.5 leaves only this to who can't rewrite addresses and headers. */
export const SMTPUTF8_NOT_OFFERED: Reply = reply(
  553,
  "5.6.7",
  "SMTPUTF8 is required, but the server does not offer it",
);

/** RFC 3030 §3: a binary message can't be sent with DATA, and we convert nothing. */
export const BINARYMIME_NOT_OFFERED: Reply = reply(
  554,
  "5.6.3",
  "BINARYMIME is required, but the server does not offer it",
);

/** RFC 9422 §4.2: recipients past the limit that the server announced. */
export const pastRecipientLimit = (limit: number): Reply =>
  reply(
    452,
    "4.5.3",
    `The server takes no more than ${limit} recipients in a transaction`,
  );
