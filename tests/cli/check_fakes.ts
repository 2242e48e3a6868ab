/** What checks look at, made up. */
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Findings } from "../../src/cli/check_finding.ts";
import type { Members } from "../../src/cli/check_subject.ts";
import type { Answer, Resolver } from "../../src/ports/resolver.ts";
import type { Alias } from "../../src/store/aliases.ts";
import type { User } from "../../src/store/users.ts";

/** The settings of a server for test.ru with these flags, and what the config file has. */
export function settingsOf(
  flags: readonly string[] = [],
  config?: object,
): Settings {
  const all = ["--domain", "test.ru", ...flags];
  const loaded = loadSettings(
    readFlags(all, SERVER_FLAGS),
    config && { path: "smtpd.json", text: JSON.stringify(config) },
  );
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** The findings as text: `warning: …` */
export function linesOf(findings: Findings): readonly string[] {
  return findings.map(({ kind, line }) => `${kind}: ${line}`);
}

/** Users with their credentials, and aliases. */
export function membersOf(
  users: Readonly<Record<string, readonly string[]>> = {},
  aliases: readonly string[] = [],
): Members {
  const entries = Object.entries(users).map(([address, credentials]) =>
    [address, { address, credentials }] satisfies [string, User]
  );
  const named = aliases.map((address): Alias => ({ address, targets: [] }));
  return { users: new Map(entries), aliases: named };
}

/** What DNS knows of a name: nothing of those that are missing. */
export interface Known {
  readonly mx?: readonly string[];
  readonly addresses?: readonly string[];
}

/** DNS as a literal; a name may also be one that nothing can be learnt of. */
export function resolverOf(
  zone: Readonly<Record<string, Known | "failed">>,
): Resolver {
  function answer<Found>(
    name: string,
    recordsOf: (known: Known) => readonly Found[] | undefined,
  ): Promise<Answer<Found>> {
    const known = zone[name];
    if (known === undefined) return Promise.resolve({ kind: "no domain" });
    if (known === "failed") {
      return Promise.resolve({ kind: "failed", why: "it is silent" });
    }
    const records = recordsOf(known);
    return Promise.resolve(
      records ? { kind: "records", records } : { kind: "none" },
    );
  }
  const addresses = (host: string) => answer(host, (known) => known.addresses);
  return {
    mx: (domain) =>
      answer(
        domain,
        ({ mx }) => mx?.map((exchange) => ({ preference: 10, exchange })),
      ),
    addresses,
    ipv4: addresses,
  };
}
