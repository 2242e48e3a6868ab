/**
 * Where mail for a domain goes (RFC 5321 §5.1), in steps with a look-up between them: settings and
 * MX records name targets, and the targets' addresses make the route. A domain here is spelled as
 * `canonicalDomain` has it, or is an address literal with its brackets in lower case.
 *
 * What DNS doesn't tell for now defers the mail; only what it tells for certain fails it.
 */
import type { Answer, Mx } from "../ports/resolver.ts";
import type { Credentials } from "../sasl/exchange.ts";
import { isAddressLiteral } from "../smtp/address.ts";
import type { ClientConfig } from "../smtp/client_opening.ts";
import type { Reply } from "../smtp/reply.ts";
import * as replies from "./replies.ts";
import { beforeUs, byPreference, interleaved } from "./route_order.ts";
import {
  canonicalAddress,
  isOurEndpoint,
  type Ourselves,
} from "./route_ourselves.ts";

/** What the settings say of the ways mail takes. */
export interface Routing {
  /** Ways that don't depend on MX records. The first for a domain counts. */
  readonly fixed: readonly FixedRoute[];
  /** The port of servers that DNS names: 25, but for tests. */
  readonly mxPort: number;
  readonly ourselves: Ourselves;
}

/** Where a domain's mail is sent, whatever MX records say. */
export interface FixedRoute {
  /**
   * That very domain and none below it, or `*` for everything that has no route of its own, address
   * literals included.
   */
  readonly domain: string;
  /** A host name, whose addresses count and not its MX, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /** When to use TLS there; by default, required for credentials and opportunistic otherwise. */
  readonly tls?: ClientConfig["tls"];
  /** Whom to authenticate as there. */
  readonly credentials?: Credentials;
}

/** Where to send mail, or why not. */
export type Route =
  /** At least one host, to be tried in this order. */
  | { readonly kind: "hosts"; readonly hosts: readonly RouteHost[] }
  | NoRoute;

/** Why there is no way: for good with a 5xx reply, for now with a 4xx one. */
export type NoRoute = {
  readonly kind: "failed" | "deferred";
  readonly reply: Reply;
};

/** A server to try. */
export interface RouteHost {
  /** A host name, or an IP address where that is all we were given. */
  readonly name: string;
  /** IP addresses without brackets, at least one, to be tried in this order. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Whether DNS named it and not the settings: then nothing vouches for the name (RFC 7672 §1.3). */
  readonly mx: boolean;
}

/** The route that the settings give a domain, if they do: its own, or else that of `*`. */
export function fixedRoute(
  domain: string,
  fixed: readonly FixedRoute[],
): FixedRoute | undefined {
  return fixed.find((route) => route.domain === domain) ??
    fixed.find((route) => route.domain === "*");
}

/** A host that may be on the way, its addresses not yet known unless it is one. */
export interface Target {
  /** A host name, or an IP address without brackets. */
  readonly name: string;
  /** 0 to 65535; the lowest is tried first. */
  readonly preference: number;
  readonly port: number;
  /** How we came by it: an MX record, the domain itself in place of one, or the settings. */
  readonly by: "mx" | "domain" | "settings";
}

/** Hosts in the order of their preference, at least one. */
export interface Targets {
  readonly kind: "targets";
  readonly targets: readonly Target[];
}

/** Hosts of one domain that are tried: enough for every honest domain, few enough for time. */
const HOST_LIMIT = 10;

/** Addresses of one host that are tried. RFC 5321 §5.1 asks for at least two. */
const ADDRESS_LIMIT = 4;

/**
 * The first step: the targets that need no MX records, or that MX records must be asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startRoute } from "./route.ts";
 *
 * const fixed = [{ domain: "another", host: "localhost", port: 2526 }];
 * const routing = { fixed, mxPort: 25, ourselves: { names: [], listens: [] } };
 * assertEquals(startRoute("another", routing), {
 *   kind: "targets",
 *   targets: [{ name: "localhost", preference: 0, port: 2526, by: "settings" }],
 * });
 * assertEquals(startRoute("test.ru", routing), { kind: "ask mx" });
 * ```
 */
export function startRoute(
  domain: string,
  { fixed, mxPort }: Pick<Routing, "fixed" | "mxPort">,
): Targets | { readonly kind: "ask mx" } | NoRoute {
  const route = fixedRoute(domain, fixed);
  if (route !== undefined) {
    return oneTarget({ name: route.host, port: route.port, by: "settings" });
  }
  if (isAddressLiteral(domain)) {
    return oneTarget({
      name: canonicalAddress(domain.replace(/^\[(?:ipv6:)?|\]$/g, "")),
      port: mxPort,
      by: "domain",
    });
  }
  return isHostName(domain)
    ? { kind: "ask mx" }
    : failed(replies.noSuchDomain(domain));
}

/**
 * The second step, for a domain whose MX records were asked for: its targets in order of
 * preference. `random` returns numbers from 0 up to but not including 1, like Math.random: it
 * shuffles equal preferences to spread the load (RFC 5321 §5.1).
 */
export function mxTargets(
  domain: string,
  answer: Answer<Mx>,
  routing: Pick<Routing, "mxPort" | "ourselves">,
  random: () => number,
): Targets | NoRoute {
  const { mxPort, ourselves } = routing;
  switch (answer.kind) {
    case "failed":
      return deferred(replies.lookupFailed(domain, answer.why));
    case "no domain":
      return failed(replies.noSuchDomain(domain));
    case "none": // The implicit MX.
      return ourselves.names.includes(domain)
        ? failed(replies.loopsBack(domain))
        : oneTarget({ name: domain, port: mxPort, by: "domain" });
    case "records":
      return answer.records.every(({ exchange }) => exchange === "")
        ? failed(replies.nullMx(domain))
        : exchangers(domain, byPreference(answer.records, random), routing);
    default:
      return answer satisfies never;
  }
}

function exchangers(
  domain: string,
  records: readonly Mx[],
  { mxPort, ourselves }: Pick<Routing, "mxPort" | "ourselves">,
): Targets | NoRoute {
  const usable = distinct(records).filter((mx) => isHostName(mx.exchange));
  if (usable.length === 0) return failed(replies.noUsableExchanger(domain));
  const others = beforeUs(
    usable,
    ({ exchange }) => ourselves.names.includes(exchange),
  );
  if (others.length === 0) return failed(replies.loopsBack(domain));
  const targets = others.slice(0, HOST_LIMIT).map((
    { exchange, preference },
  ): Target => ({ name: exchange, preference, port: mxPort, by: "mx" }));
  return { kind: "targets", targets };
}

/** A target and the addresses that were found for it. */
export interface Located {
  readonly target: Target;
  readonly answer: Answer<string>;
}

/**
 * The last step: the route by way of targets whose addresses were asked for, in the targets' order.
 * A host whose addresses can't be had is passed over as long as another has some.
 */
export function routeVia(
  domain: string,
  located: readonly Located[],
  { ourselves }: Pick<Routing, "ourselves">,
): Route {
  const candidates = located.map(({ target, answer }) => ({
    ...target,
    answer,
    addresses: answer.kind === "records" ? answer.records : [],
  }));
  const others = beforeUs(
    candidates,
    ({ addresses, port }) =>
      addresses.some((address) =>
        isOurEndpoint({ address, port }, ourselves.listens)
      ),
  );
  const hosts = others
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ name, addresses, port, by }): RouteHost => ({
      name,
      addresses: interleaved(addresses).slice(0, ADDRESS_LIMIT),
      port,
      mx: by !== "settings",
    }));
  return hosts.length > 0
    ? { kind: "hosts", hosts }
    : noRoute(domain, located, others.map(({ answer }) => answer));
}

/** Why none of the targets will do; `answers` are those of the targets that aren't ourselves. */
function noRoute(
  domain: string,
  located: readonly Located[],
  answers: readonly Answer<string>[],
): NoRoute {
  const { by, name } = located[0]!.target;
  const failure = answers.find((answer) => answer.kind === "failed");
  const loop = answers.length === 0;
  switch (by) {
    case "settings": {
      const why = loop ? "it is this server" : failure?.why ?? "no address";
      return deferred(replies.badRoute(name, why));
    }
    case "mx":
    case "domain":
      if (loop) return failed(replies.loopsBack(domain));
      if (failure !== undefined) {
        return deferred(replies.lookupFailed(domain, failure.why));
      }
      return failed(
        by === "mx"
          ? replies.noUsableExchanger(domain)
          : replies.noMailServer(domain),
      );
    default:
      return by satisfies never;
  }
}

/** Each exchange once, where it comes first. */
function distinct(records: readonly Mx[]): readonly Mx[] {
  const seen = new Set<string>();
  return records.filter(({ exchange }) =>
    !seen.has(exchange) && seen.add(exchange)
  );
}

/**
 * What DNS can hold addresses for: labels of at most 63 octets, 253 in all (RFC 1035 §2.3.4), the
 * last not a number, so that an address in place of a name is told apart (RFC 1123 §2.1). An
 * underscore is no part of a host name, but of names in use.
 */
function isHostName(name: string): boolean {
  return name.length <= 253 &&
    /^(?!(?:.*\.)?\d+$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?(?:\.(?!$)|$))+$/
      .test(name);
}

function oneTarget(target: Omit<Target, "preference">): Targets {
  return { kind: "targets", targets: [{ ...target, preference: 0 }] };
}

function failed(reply: Reply): NoRoute {
  return { kind: "failed", reply };
}

function deferred(reply: Reply): NoRoute {
  return { kind: "deferred", reply };
}
