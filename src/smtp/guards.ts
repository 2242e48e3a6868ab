/**
 * What is legal when (RFC 5321 §4.1.4). Everything that decides it lives in this file, and nothing
 * else does.
 */
import type { Verb } from "./command.ts";
import { mechanismsBehindTls, offer, takesLogins } from "./offer.ts";
import type { Reply } from "./reply.ts";
import * as replies from "./replies.ts";
import type { ServerConfig, State } from "./state.ts";

/** The reply that refuses a command in this state, or `undefined` when it may go on. */
export type Guard = (state: State, config: ServerConfig) => Reply | undefined;

// RFC 5321 §3.1: a client that was turned away is heard no more, but its QUIT is waited for.
const welcome: Guard = (state) =>
  state.unwelcome
    ? replies.badSequence("No service here; send QUIT")
    : undefined;

const greeted: Guard = (state) =>
  state.helo === undefined
    ? replies.badSequence("Send EHLO or HELO first")
    : undefined;

const inTransaction: Guard = (state) =>
  state.envelope ? undefined : replies.badSequence("Send MAIL first");

const noTransaction: Guard = (state) =>
  state.envelope
    ? replies.badSequence("A transaction is in progress")
    : undefined;

const addressed: Guard = (state) =>
  state.envelope?.to.length ? undefined : replies.NO_RECIPIENTS;

const noChunk: Guard = (state) =>
  state.chunking ? replies.badSequence("BDAT is in progress") : undefined;

const room: Guard = (state, config) =>
  (state.envelope?.to.length ?? 0) < config.maxRecipients
    ? undefined
    : replies.TOO_MANY_RECIPIENTS;

// RFC 3030 §3: BINARYMIME can't be used with DATA.
const textual: Guard = (state) =>
  state.envelope?.parameters.body === "BINARYMIME"
    ? replies.BINARY_NEEDS_BDAT
    : undefined;

const tlsOffered: Guard = (state, config) => {
  if (state.secure) return replies.badSequence("TLS is already on");
  return config.tls ? undefined : replies.notImplemented("STARTTLS");
};

const authKnown: Guard = (state, config) =>
  takesLogins(state, config) ? undefined : replies.notImplemented("AUTH");

const anonymous: Guard = (state) =>
  state.authenticated
    ? replies.badSequence("Already authenticated")
    : undefined;

// RFC 6409 §4.3: a submission server takes mail from no stranger.
const loggedIn: Guard = (state, config) => {
  if (!config.authRequired || state.authenticated) return undefined;
  const tlsFirst = offer(state, config).mechanisms.length === 0 &&
    mechanismsBehindTls(state, config).length > 0;
  return tlsFirst ? replies.TLS_REQUIRED : replies.AUTH_REQUIRED;
};

/** The guards of each command; the first with an objection answers. */
export const GUARDS: Readonly<Record<Verb, readonly Guard[]>> = {
  EHLO: [welcome],
  HELO: [welcome],
  MAIL: [welcome, greeted, noTransaction, loggedIn],
  RCPT: [welcome, greeted, inTransaction, noChunk, room],
  DATA: [welcome, greeted, inTransaction, noChunk, addressed, textual],
  BDAT: [welcome, greeted, inTransaction, addressed],
  RSET: [welcome],
  NOOP: [welcome],
  VRFY: [welcome],
  HELP: [welcome],
  AUTH: [welcome, authKnown, greeted, noTransaction, anonymous],
  STARTTLS: [welcome, tlsOffered, greeted, noTransaction],
  QUIT: [],
};

/** What stands against `verb` in this state, if anything does. */
export function objection(
  verb: Verb,
  state: State,
  config: ServerConfig,
): Reply | undefined {
  for (const guard of GUARDS[verb]) {
    const refusal = guard(state, config);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
