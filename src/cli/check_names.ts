import type { Settings } from "../config/settings.ts";
import type { Answer, Resolver } from "../ports/resolver.ts";
import { type Findings, warning } from "./check_finding.ts";
import { isLocal, isWithinReach } from "./check_networks.ts";
import type { Subject } from "./check_subject.ts";

/**
 * Asks DNS whether the world finds this server, and the way here for mail to our domains. A server
 * that only this machine reaches, or that keeps all there is, need not be found.
 */
export async function checkNames(
  { settings, resolver }: Pick<Subject, "settings" | "resolver">,
): Promise<Findings> {
  const { hostname, domains } = settings;
  if (!isOnTheInternet(settings)) return [];
  const answer = await resolver.addresses(hostname);
  const addresses = answer.kind === "records" ? answer.records : [];
  const host = { hostname, addresses };
  const verdicts = [
    judgeHost(hostname, answer),
    ...await Promise.all(
      domains.map((domain) => judgeDomain(domain, host, resolver)),
    ),
  ];
  return [
    ...silenceOf(verdicts.filter((verdict) => "why" in verdict)),
    ...verdicts.flatMap((verdict) => "why" in verdict ? [] : verdict),
  ];
}

function isOnTheInternet(settings: Settings): boolean {
  const { accept, hostname } = settings;
  return accept !== "all" && !isLocal(hostname) && isWithinReach(settings);
}

/** What came of the questions about a name. */
type Verdict = Findings | Silence;

/** A name of which DNS says nothing. */
interface Silence {
  readonly name: string;
  readonly why: string;
}

/** One warning for all, for mostly the reason is the same. */
function silenceOf(silent: readonly Silence[]): Findings {
  const [first] = silent;
  if (first === undefined) return [];
  const names = [...new Set(silent.map(({ name }) => name))].join(", ");
  return warning(
    `Cannot ask DNS about ${names}: ${first.why}; without it no mail is sent on`,
  );
}

function judgeHost(hostname: string, answer: Answer<string>): Verdict {
  switch (answer.kind) {
    case "failed":
      return { name: hostname, why: answer.why };
    case "none":
    case "no domain":
      return warning(
        `--hostname ${hostname}: DNS has no address for it, and many servers take ` +
          "no mail from such a host; add an A or AAAA record",
      );
    case "records":
      return answer.records.every(isLocal)
        ? warning(
          `--hostname ${hostname}: its address in DNS is ` +
            `${answer.records.join(", ")}, by which others find themselves; ` +
            "publish that of this machine",
        )
        : [];
  }
}

/** This server, as DNS has it. */
interface Host {
  readonly hostname: string;
  readonly addresses: readonly string[];
}

async function judgeDomain(
  domain: string,
  host: Host,
  resolver: Resolver,
): Promise<Verdict> {
  const answer = await resolver.mx(domain);
  const add = `add an MX record that names ${host.hostname}`;
  switch (answer.kind) {
    case "failed":
      return { name: domain, why: answer.why };
    case "no domain":
      return warning(`--domain ${domain}: DNS has no such domain; ${add}`);
    case "none":
      // RFC 5321 §5.1: without MX records mail goes to the domain's own addresses.
      return await leadHere(domain, [domain], host, resolver) ??
        warning(`--domain ${domain}: DNS has no MX record for it; ${add}`);
    case "records": {
      const exchanges = answer.records.map(({ exchange }) => exchange);
      const names = exchanges.map((name) => name || ". (no mail at all)")
        .join(", ");
      return await leadHere(domain, exchanges, host, resolver) ?? warning(
        `--domain ${domain}: its MX records name ${names}, and not this server; ` +
          add,
      );
    }
  }
}

/** Nothing to find if one of the hosts is this server, `undefined` if none is. */
async function leadHere(
  domain: string,
  names: readonly string[],
  { hostname, addresses }: Host,
  resolver: Resolver,
): Promise<Verdict | undefined> {
  if (names.includes(hostname)) return [];
  const others = names.filter((name) => name !== "");
  const answers = await Promise.all(others.map(resolver.addresses));
  for (const answer of answers) {
    if (answer.kind !== "records") continue;
    if (answer.records.some((each) => addresses.includes(each))) return [];
  }
  const failed = answers.find((answer) => answer.kind === "failed");
  return failed && { name: domain, why: failed.why };
}
