import type { Route } from "../config/route.ts";
import { openRoutes } from "../server/relay_routes.ts";
import { type Findings, warning } from "./check_finding.ts";
import { isLocal } from "./check_networks.ts";
import type { Subject } from "./check_subject.ts";

/** Reads the passwords that are in files, and looks at who else might hear them. */
export async function checkRoutes(
  { settings: { routes }, disk }: Pick<Subject, "settings" | "disk">,
): Promise<Findings> {
  await openRoutes(routes, disk);
  return routes.flatMap(checkPassword);
}

function checkPassword({ domain, host, login, tls }: Route): Findings {
  if (login === undefined || isLocal(host)) return [];
  const whose =
    `Route ${domain}: the password of ${login.user} goes to ${host}`;
  switch (tls) {
    case "never":
      return warning(
        `${whose} in the clear; without "tls": "never" it goes over TLS alone`,
      );
    case "opportunistic":
      return warning(
        `${whose}, or whoever pretends to be it; without "tls": ` +
          '"opportunistic" it goes to nobody without a certificate for that name',
      );
    default:
      return [];
  }
}
