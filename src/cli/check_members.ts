import type { Settings } from "../config/settings.ts";
import { type Findings, problem, warning } from "./check_finding.ts";
import type { Subject } from "./check_subject.ts";

/** Looks for users and aliases whose mail isn't kept here, and for domains without any. */
export function checkMembers(
  { settings, members }: Pick<Subject, "settings" | "members">,
): Findings {
  if (members === undefined || settings.accept === "all") return [];
  const users = [...members.users.keys()];
  const aliases = members.aliases.map(({ address }) => address);
  return [
    ...users.flatMap((address) => checkAddress("User", address, settings)),
    ...aliases.flatMap((address) => checkAddress("Alias", address, settings)),
    ...checkDomains([...users, ...aliases], settings),
  ];
}

function checkAddress(
  what: "User" | "Alias",
  address: string,
  { domains }: Settings,
): Findings {
  return domains.includes(domainOf(address))
    ? []
    : problem(`${what} ${address} gets no mail: the domain is not ours`);
}

function checkDomains(
  addresses: readonly string[],
  { domains, accept }: Settings,
): Findings {
  if (accept !== "known") return [];
  const peopled = new Set(addresses.map(domainOf));
  return domains.filter((domain) => !peopled.has(domain)).flatMap((domain) =>
    warning(
      `Nobody at ${domain} gets mail but postmaster; smtpd user add and smtpd ` +
        "alias add give it addresses",
    )
  );
}

/** Of an address in canonical spelling. */
function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
