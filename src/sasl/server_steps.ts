import { decodeText, encodeText } from "./base64.ts";
import type { SaslRefusal, SaslServerStep } from "./server_exchange.ts";

/**
 * Characters of a response, at most. A client's line cannot be longer (RFC 4954 §4), but whoever
 * drives the exchange need not know that.
 */
const RESPONSE_LIMIT = 12_288;

/** The end of an exchange in which the client made no sense. */
export const MALFORMED = refused("malformed");

/** Ends an exchange without success. */
export function refused(why: SaslRefusal): SaslServerStep {
  return { kind: "refused", why };
}

/** Sends a challenge and goes on with the text of the response, once it is one. */
export function challenge(
  text: string,
  then: (response: string) => SaslServerStep,
): SaslServerStep {
  return {
    kind: "challenge",
    challenge: encodeText(text),
    respond: (response) => heard(response, then),
  };
}

/** Goes on with the text of a response in base64; one that is none ends the exchange. */
export function heard(
  response: string,
  then: (response: string) => SaslServerStep,
): SaslServerStep {
  if (response.length > RESPONSE_LIMIT) return MALFORMED;
  const text = decodeText(response);
  return text === undefined ? MALFORMED : then(text);
}

/** Has a password checked and ends the exchange. */
export function checkPassword(name: string, password: string): SaslServerStep {
  return {
    kind: "password",
    name,
    password,
    checked: (right) => right ? { kind: "done", name } : refused("credentials"),
  };
}

/**
 * Whether who has the name `name` may act for `identity`: for nobody but themselves, and an empty
 * one means just that (RFC 4422 §3.4.1).
 */
export function mayActFor(identity: string, name: string): boolean {
  return identity === "" || folded(identity) === folded(name);
}

function folded(name: string): string {
  return name.normalize("NFC").toLowerCase().normalize("NFC");
}
