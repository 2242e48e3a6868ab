import { type Access, type AccessTerms, accessTo } from "./access.ts";
import { fixedRoute } from "./route.ts";

/** The lane of mail for our own mailboxes: what no domain is called. */
export const LOCAL_LANE = "local mailboxes";

/**
 * The lane of mail for another domain: those whose mail goes the same way and on the same terms
 * share one, so that what is wrong there holds up nobody else.
 *
 * @param domain A domain in its canonical spelling, or an address literal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { remoteLane } from "./lanes.ts";
 *
 * const fixed = [{ domain: "*", host: "smarthost.test", port: 587 }];
 * const terms = { fixed, requireTls: ["bank.example"] };
 * assertEquals(remoteLane("another.ru", terms), "smarthost.test:587");
 * assertEquals(remoteLane("bank.example", terms), "smarthost.test:587 with TLS");
 * assertEquals(remoteLane("another.ru", { ...terms, fixed: [] }), "another.ru");
 * ```
 */
export function remoteLane(domain: string, terms: AccessTerms): string {
  const route = fixedRoute(domain, terms.fixed);
  if (route === undefined) return domain;
  const { tls, credentials } = accessTo(domain, terms);
  return [
    `${route.host}:${route.port}`,
    ...TERMS[tls],
    ...(credentials ? [`as ${credentials.user}`] : []),
  ].join(" ");
}

const TERMS: Readonly<Record<Access["tls"], readonly string[]>> = {
  opportunistic: [],
  require: ["with TLS"],
  implicit: ["over TLS"],
  never: ["without TLS"],
};
