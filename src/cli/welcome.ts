import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { type Endpoint, formatEndpoint } from "../net/transport.ts";
import type { RunningServer } from "../server/start.ts";

/**
 * What a person wants to know of a server that has just started: where it listens, where to point a
 * client, where the mail will be.
 */
export function welcome(
  settings: Pick<Settings, "accept" | "domains" | "mailDir">,
  doors: RunningServer["doors"],
): readonly string[] {
  const { accept, domains, mailDir } = settings;
  const whose = accept === "all"
    ? "every address"
    : `${accept === "known" ? "users" : "every name"} at ${domains.join(", ")}`;
  const client = doors.find(({ login }) => login !== "no");
  const at = client?.addresses.map(reachable)[0];
  return [
    ...doors.map(listening),
    `Keeping mail for ${whose} in ${join(mailDir, "DOMAIN", "USER")}`,
    ...(at ? [`Point a mail client at ${at.address}, port ${at.port}`] : []),
  ];
}

function listening(
  { login, implicitTls, addresses }: RunningServer["doors"][number],
): string {
  const where = addresses.map(formatEndpoint).join(" and ");
  if (login !== "required") return `Listening on ${where}`;
  const how = implicitTls ? "under TLS " : "";
  return `Listening for users who log in ${how}on ${where}`;
}

/** Where a client on this machine finds a server that listens there. */
function reachable({ address, port }: Endpoint): Endpoint {
  const everywhere = address === "::" || address === "0.0.0.0";
  return { address: everywhere ? "127.0.0.1" : address, port };
}
