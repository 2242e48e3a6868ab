import { encodeText } from "./base64.ts";
import type { Credentials, SaslClient } from "./exchange.ts";

/**
 * LOGIN, never more than a draft (draft-murchison-sasl-login) and all that some servers offer: the
 * account's name, then its password. What the server calls them varies, the order doesn't.
 */
export function loginClient({ user, password }: Credentials): SaslClient {
  let answered = 0;
  return (challenge) => {
    if (challenge === undefined) return { response: undefined };
    switch (answered++) {
      case 0:
        return { response: encodeText(user) };
      case 1:
        return { response: encodeText(password()) };
      default:
        return { cancel: "LOGIN has nothing more to say" };
    }
  };
}
