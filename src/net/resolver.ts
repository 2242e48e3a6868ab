import type { Mx, Resolver } from "../ports/resolver.ts";
import { systemNameServers } from "./resolver_servers.ts";
import { askStatus, type Question, type Status } from "./resolver_status.ts";
import { type Endpoint, formatEndpoint } from "./transport.ts";

/** Whom to ask, and how long. */
export interface ResolverOptions {
  /** The DNS server to ask; the system's own when absent. */
  readonly nameServer?: Endpoint;
  /** Milliseconds a question may take, and the one for the reason of a no: 5 s when absent. */
  readonly timeLimit?: number;
}

/** What a look-up brought. */
interface Found<Record> {
  readonly records: readonly Record[];
  /** Finds out why there are none. */
  readonly whyNone: () => Promise<Status>;
}

/**
 * DNS by way of `Deno.resolveDns`. When it finds nothing, the server is asked once more for the
 * reason, see `resolver_status.ts`; where that can't be had, the answer is `failed`, so that no mail
 * bounces by mistake.
 *
 * It takes network permission for the DNS server, what `askStatus` takes and, without `nameServer`,
 * what `systemNameServers` takes. Names that `Deno.resolveDns` won't have (with an underscore inside a
 * label, or A-labels outside of UTS 46) are `failed`, too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dnsResolver } from "./resolver.ts";
 *
 * const resolver = dnsResolver({ nameServer: { address: "127.0.0.1", port: 53 } });
 * assertEquals(await resolver.addresses("localhost"), {
 *   kind: "records",
 *   records: ["::1", "127.0.0.1"],
 * });
 * ```
 */
export function dnsResolver(
  { nameServer, timeLimit = 5_000 }: ResolverOptions,
): Resolver {
  return {
    async mx(domain) {
      const { records, whyNone } = await lookUp(
        { name: domain, type: "MX" },
        (options) => Deno.resolveDns(`${domain}.`, "MX", options),
      );
      return records.length > 0
        ? { kind: "records", records: records.map(toMx) }
        : await whyNone();
    },

    async addresses(host) {
      const families = await Promise.all([
        addressesOf(host, "AAAA"),
        addressesOf(host, "A"),
      ]);
      const records = families.flatMap(({ records }) => records);
      if (records.length > 0) return { kind: "records", records };
      return leastCertain(
        await Promise.all(families.map(({ whyNone }) => whyNone())),
      );
    },

    async ipv4(host) {
      const { records, whyNone } = await addressesOf(host, "A");
      return records.length > 0
        ? { kind: "records", records }
        : await whyNone();
    },
  };

  function addressesOf(
    host: string,
    type: "AAAA" | "A",
  ): Promise<Found<string>> {
    return lookUp(
      { name: host, type },
      (options) => Deno.resolveDns(`${host}.`, type, options),
    );
  }

  async function lookUp<Record>(
    question: Question,
    resolve: (options: Deno.ResolveDnsOptions) => Promise<readonly Record[]>,
  ): Promise<Found<Record>> {
    const signal = AbortSignal.timeout(timeLimit);
    const whyNone = () => explain(question);
    try {
      const records = await resolve(
        nameServer === undefined ? { signal } : {
          signal,
          nameServer: { ipAddr: nameServer.address, port: nameServer.port },
        },
      );
      return { records, whyNone };
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        return { records: [], whyNone };
      }
      const failure = failed(messageOf(cause));
      return { records: [], whyNone: () => Promise.resolve(failure) };
    }
  }

  /** What the first server that has an answer says of a question that brought no records. */
  async function explain(question: Question): Promise<Status> {
    let status = failed("no DNS server is known");
    try {
      const servers = nameServer === undefined
        ? await systemNameServers()
        : [nameServer];
      for (const server of servers) {
        status = await ask(question, server);
        if (status.kind !== "failed") break;
      }
      return status;
    } catch (cause) {
      return failed(`no DNS server is known: ${messageOf(cause)}`);
    }
  }

  async function ask(question: Question, server: Endpoint): Promise<Status> {
    try {
      return await askStatus(question, server, AbortSignal.timeout(timeLimit));
    } catch (cause) {
      const where = formatEndpoint(server);
      return failed(`cannot ask ${where} why: ${messageOf(cause)}`);
    }
  }
}

/** RFC 1035 §3.1: names are alike in any case, and the last dot is the root. */
function toMx({ preference, exchange }: Deno.MxRecord): Mx {
  return { preference, exchange: exchange.toLowerCase().replace(/\.$/, "") };
}

/** Of the reasons why there are no addresses, the one that claims least. */
function leastCertain(reasons: readonly Status[]): Status {
  return reasons.find(({ kind }) => kind === "failed") ??
    reasons.find(({ kind }) => kind === "none") ?? { kind: "no domain" };
}

function failed(why: string): Status {
  return { kind: "failed", why };
}

function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.name === "TimeoutError" || cause.name === "TimedOut"
    ? "the DNS server does not answer in time"
    // Deno says which of its layers failed; people want the system's words.
    : cause.message.replace(/^(?:proto error: )?(?:io error: )?/, "")
      .replace(/ \(os error \d+\)$/, "");
}
