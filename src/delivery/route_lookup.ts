import { isIP } from "node:net";
import type { Resolver } from "../ports/resolver.ts";
import { canonicalDomain } from "../store/canonical.ts";
import {
  type Located,
  mxTargets,
  type Route,
  routeVia,
  type Routing,
  startRoute,
  type Target,
} from "./route.ts";

/** What a route is asked of DNS. */
export type RouteResolver = Pick<Resolver, "mx" | "addresses">;

/** What looking up a route takes. */
export interface RouteSource {
  readonly routing: Routing;
  readonly resolver: RouteResolver;
  /** Numbers from 0 up to but not including 1, to shuffle equal preferences by. */
  readonly random: () => number;
}

/**
 * Finds the way to a mailbox's domain, in any spelling, or to an address literal. Never throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lookUpRoute } from "./route_lookup.ts";
 *
 * const route = await lookUpRoute("test.ru", {
 *   routing: { fixed: [], mxPort: 25, ourselves: { names: [], listens: [] } },
 *   random: Math.random,
 *   resolver: {
 *     mx: () => Promise.resolve({
 *       kind: "records",
 *       records: [{ preference: 10, exchange: "mx.test.ru" }],
 *     }),
 *     addresses: () => Promise.resolve({ kind: "records", records: ["192.0.2.1"] }),
 *   },
 * });
 * assertEquals(route, {
 *   kind: "hosts",
 *   hosts: [{ name: "mx.test.ru", addresses: ["192.0.2.1"], port: 25, mx: true }],
 * });
 * ```
 */
export async function lookUpRoute(
  destination: string,
  { routing, resolver, random }: RouteSource,
): Promise<Route> {
  const domain = canonicalDomain(destination);
  const start = startRoute(domain, routing);
  const next = start.kind === "ask mx"
    ? mxTargets(domain, await resolver.mx(domain), routing, random)
    : start;
  if (next.kind !== "targets") return next;
  const located = await Promise.all(
    next.targets.map((target) => locate(target, resolver)),
  );
  return routeVia(domain, located, routing);
}

async function locate(
  target: Target,
  resolver: RouteResolver,
): Promise<Located> {
  const answer = isIP(target.name) === 0
    ? await resolver.addresses(target.name)
    : { kind: "records", records: [target.name] } as const;
  return { target, answer };
}
