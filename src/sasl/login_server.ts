import type { SaslServerStep } from "./server_exchange.ts";
import { challenge, checkPassword, MALFORMED } from "./server_steps.ts";

/** A name or a password, of the same characters as in PLAIN. */
const WORD = /^[^\0]+$/;

/**
 * LOGIN, never more than a draft (draft-murchison-sasl-login): the name, then the password. Some
 * clients know the two challenges by their very letters, and many say the name unasked.
 */
export function loginServer(initial: string | undefined): SaslServerStep {
  return initial === undefined
    ? challenge("Username:", askPassword)
    : askPassword(initial);
}

function askPassword(name: string): SaslServerStep {
  if (!WORD.test(name)) return MALFORMED;
  return challenge(
    "Password:",
    (password) =>
      WORD.test(password) ? checkPassword(name, password) : MALFORMED,
  );
}
