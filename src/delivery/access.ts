import type { Credentials } from "../sasl/exchange.ts";
import type { ClientConfig } from "../smtp/client_opening.ts";
import { type FixedRoute, fixedRoute } from "./route.ts";

/** How to speak to the servers of a destination. */
export interface Access {
  readonly tls: ClientConfig["tls"];
  /** Whether the certificate must be valid and in the name of the host. */
  readonly verified: boolean;
  /** Whom to authenticate as: in the clear only where TLS is "never". */
  readonly credentials?: Credentials;
}

/** What the settings say of how to speak to servers. */
export interface AccessTerms {
  readonly fixed: readonly FixedRoute[];
  /** Domains whose mail never goes without TLS. */
  readonly requireTls: readonly string[];
}

/**
 * How to speak to the servers of a domain, which is spelled as `canonicalDomain` has it.
 *
 * TLS that is required along a fixed route takes a certificate in the name of the host there. The
 * names in MX records come from anyone who can forge an answer of DNS, and a certificate in such a
 * name proves nothing (RFC 7672 §1.3): with them TLS keeps out who only listens.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { accessTo } from "./access.ts";
 *
 * const terms = {
 *   fixed: [{ domain: "another", host: "localhost", port: 2526 }],
 *   requireTls: ["bank.example"],
 * };
 * assertEquals(accessTo("another", terms), { tls: "opportunistic", verified: false });
 * assertEquals(accessTo("bank.example", terms), { tls: "require", verified: false });
 * ```
 */
export function accessTo(
  domain: string,
  { fixed, requireTls }: AccessTerms,
): Access {
  const required = requireTls.includes(domain);
  const route = fixedRoute(domain, fixed);
  if (route === undefined) {
    return { tls: required ? "require" : "opportunistic", verified: false };
  }
  const { credentials, tls: chosen = usualTls(route) } = route;
  const tls = required && chosen !== "implicit" ? "require" : chosen;
  return {
    tls,
    verified: tls === "require" || tls === "implicit",
    ...(credentials && { credentials }),
  };
}

/** A password goes to nobody but the server that it is for. */
function usualTls({ credentials }: FixedRoute): ClientConfig["tls"] {
  return credentials ? "require" : "opportunistic";
}
