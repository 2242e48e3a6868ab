import type { Credentials, SaslClient } from "./exchange.ts";
import { loginClient } from "./login_client.ts";
import { plainClient } from "./plain_client.ts";

/** The mechanisms that `saslClient` knows, the best first. */
export const CLIENT_MECHANISMS: readonly string[] = ["PLAIN", "LOGIN"];

/**
 * Starts an exchange by one of `CLIENT_MECHANISMS`.
 *
 * @throws {RangeError} When the mechanism is another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { saslClient } from "./client.ts";
 *
 * const credentials = { user: "petya", password: () => "secret" };
 * assertEquals(saslClient("PLAIN", credentials)(undefined), {
 *   response: btoa("\0petya\0secret"),
 * });
 * ```
 */
export function saslClient(
  mechanism: string,
  credentials: Credentials,
): SaslClient {
  switch (mechanism) {
    case "PLAIN":
      return plainClient(credentials);
    case "LOGIN":
      return loginClient(credentials);
    default:
      throw new RangeError(`Cannot authenticate: no mechanism ${mechanism}`);
  }
}
