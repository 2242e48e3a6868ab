/**
 * AUTH and the exchange that it starts (RFC 4954 §4). What is said in the exchange, base64 and all,
 * is between the client and the mechanism, of which nothing is known here.
 */
import type { Command } from "./command.ts";
import type { PassingFault } from "./framer.ts";
import { mechanismsBehindTls, offer } from "./offer.ts";
import { isPositive, type Reply } from "./reply.ts";
import * as replies from "./replies.ts";
import type { Phase, Question, ServerConfig, State, Step } from "./state.ts";
import { ask, COMMAND, refuse, say } from "./steps.ts";

/** Starts an exchange, if its mechanism can be used now. */
export function authenticate(
  state: State,
  { verb, mechanism, initial }: Command & { readonly verb: "AUTH" },
  config: ServerConfig,
): Step {
  if (offer(state, config).mechanisms.includes(mechanism)) {
    return ask(state, {
      ask: "auth",
      mechanism,
      ...(initial !== undefined && { response: initial }),
    });
  }
  const needsTls = mechanismsBehindTls(state, config).includes(mechanism);
  return refuse(
    state,
    verb,
    needsTls ? replies.ENCRYPTION_REQUIRED : replies.PARAMETER_NOT_IMPLEMENTED,
  );
}

/** Goes on with the exchange, or ends it as the client wishes. */
export function respond(
  state: State,
  { mechanism }: Phase & { readonly name: "auth" },
  response: string,
): Step {
  return response === "*"
    ? abort(state, replies.AUTH_CANCELLED)
    : ask(state, { ask: "response", mechanism, response });
}

/** What can't be read fails the AUTH: the client's next line is a command. */
export function unreadable(state: State, fault: PassingFault): Step {
  return abort(
    state,
    fault === "too long" ? replies.AUTH_LINE_TOO_LONG : replies.AUTH_UNREADABLE,
  );
}

/** Takes the answer to a step of the exchange: go on, logged in, or no. */
export function exchanged(
  state: State,
  { mechanism }: Question & { readonly ask: "auth" | "response" },
  reply: Reply,
): Step {
  if (reply.code === 334) {
    return say({ ...state, phase: { name: "auth", mechanism } }, reply);
  }
  return isPositive(reply)
    ? say(
      { ...state, phase: COMMAND, authenticated: true, authRefused: false },
      reply,
    )
    : abort(state, reply);
}

function abort(state: State, reply: Reply): Step {
  return refuse({ ...state, phase: COMMAND }, "AUTH", reply);
}
