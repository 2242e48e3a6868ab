import { loginServer } from "./login_server.ts";
import { plainServer } from "./plain_server.ts";
import { type ScramMeans, scramServer } from "./scram_server.ts";
import type { SaslServerStep } from "./server_exchange.ts";
import { heard } from "./server_steps.ts";

/** The mechanisms that `saslServer` knows, the best first. */
export const SERVER_MECHANISMS: readonly string[] = [
  "SCRAM-SHA-256",
  "PLAIN",
  "LOGIN",
];

/**
 * Starts an exchange by one of `SERVER_MECHANISMS`. `response` is the initial response as it comes
 * with AUTH, in base64 or `=` for an empty one; `undefined` when there is none (RFC 4954 §4).
 *
 * @throws {RangeError} When the mechanism is another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { saslServer } from "./server.ts";
 *
 * const means = {
 *   nonce: () => "rOprNGfwEbeRWgbNEkqO",
 *   sha256: () => new Uint8Array(32),
 *   hmac: () => new Uint8Array(32),
 * };
 * const step = saslServer("PLAIN", btoa("\0petya\0secret"), means);
 * if (step.kind !== "password") throw new Error(step.kind);
 * assertEquals(step.password, "secret");
 * assertEquals(step.checked(true), { kind: "done", name: "petya" });
 * ```
 */
export function saslServer(
  mechanism: string,
  response: string | undefined,
  means: ScramMeans,
): SaslServerStep {
  const begin = mechanismOf(mechanism, means);
  if (response === undefined) return begin(undefined);
  return heard(response === "=" ? "" : response, begin);
}

function mechanismOf(
  mechanism: string,
  means: ScramMeans,
): (initial: string | undefined) => SaslServerStep {
  switch (mechanism) {
    case "SCRAM-SHA-256":
      return (initial) => scramServer(initial, means);
    case "PLAIN":
      return plainServer;
    case "LOGIN":
      return loginServer;
    default:
      throw new RangeError(`Cannot authenticate: no mechanism ${mechanism}`);
  }
}
