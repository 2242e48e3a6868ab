import { encodeText } from "./base64.ts";
import type { Credentials, SaslClient } from "./exchange.ts";

/**
 * Characters of base64 that fit into the AUTH command; what is longer waits for a line of its own
 * (RFC 4954 §4, RFC 5321 §4.5.3.1.4).
 */
const INITIAL_RESPONSE_LIMIT = 512 - "AUTH PLAIN \r\n".length;

/** PLAIN (RFC 4616): the account's name and password in one message, on behalf of nobody else. */
export function plainClient({ user, password }: Credentials): SaslClient {
  let said = false;
  return (challenge) => {
    if (said) return { cancel: "PLAIN has nothing more to say" };
    const response = encodeText(`\0${user}\0${password()}`);
    if (challenge === undefined && response.length > INITIAL_RESPONSE_LIMIT) {
      return { response: undefined };
    }
    said = true;
    return { response };
  };
}
