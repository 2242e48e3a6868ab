import type { SaslServerStep } from "./server_exchange.ts";
import {
  challenge,
  checkPassword,
  MALFORMED,
  mayActFor,
  refused,
} from "./server_steps.ts";

/** Whom to act for, who it is, the password (RFC 4616 §2). */
const MESSAGE = /^(?<identity>[^\0]*)\0(?<name>[^\0]+)\0(?<password>[^\0]+)$/;

/** PLAIN (RFC 4616): everything in one message, asked for unless the client has said it already. */
export function plainServer(initial: string | undefined): SaslServerStep {
  return initial === undefined ? challenge("", judge) : judge(initial);
}

function judge(message: string): SaslServerStep {
  const groups = MESSAGE.exec(message)?.groups;
  if (!groups) return MALFORMED;
  const { identity, name, password } = groups;
  return mayActFor(identity!, name!)
    ? checkPassword(name!, password!)
    : refused("authorization");
}
