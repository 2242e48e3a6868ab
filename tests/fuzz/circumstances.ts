/** What a session may find itself in: settings, and a world that answers as it likes. */
import type { Reply } from "../../src/smtp/reply.ts";
import * as replies from "../../src/smtp/replies.ts";
import type { Question, ServerConfig } from "../../src/smtp/state.ts";
import { decide } from "../transcripts/policy.ts";
import { CONFIG } from "../transcripts/transcript.ts";
import { MAX_SIZE } from "./grammar.ts";
import type { Random } from "./random.ts";

/** A server and the way to it. */
export interface Server {
  readonly config: ServerConfig;
  /** Whether TLS is on from the first octet. */
  readonly secure: boolean;
}

const SETTINGS: ServerConfig = {
  ...CONFIG,
  maxSize: MAX_SIZE,
  maxRecipients: 2,
  maxFaults: 5,
  mechanisms: { clear: ["PLAIN"], secure: ["PLAIN", "LOGIN"] },
};

const TLS_FIRST: ServerConfig["mechanisms"] = {
  ...SETTINGS.mechanisms,
  clear: [],
};

const NO_LOGINS: ServerConfig["mechanisms"] = { clear: [], secure: [] };

/** A server with narrow limits. */
export function anyServer(
  chance: Random,
  /** How likely it is that STARTTLS works. */
  { tls = 0.1 }: { readonly tls?: number } = {},
): Server {
  return {
    config: {
      ...SETTINGS,
      tls: chance.chance(tls),
      authRequired: chance.chance(0.1),
      ...(chance.chance(0.1) && { mechanisms: TLS_FIRST }),
      ...(chance.chance(0.05) && { mechanisms: NO_LOGINS }),
    },
    secure: chance.chance(0.1),
  };
}

/** Mostly yes, so that a session gets on. */
export function anyAnswer(question: Question, chance: Random): Reply {
  if (question.ask === "auth" || question.ask === "response") {
    if (chance.chance(0.5)) return replies.challenge("");
    if (chance.chance(0.5)) return replies.AUTHENTICATED;
  }
  if (chance.chance(0.95)) return decide(question);
  return chance.pick([
    replies.LOCAL_ERROR,
    replies.RELAY_DENIED,
    replies.shuttingDown(CONFIG.hostname),
  ]);
}
