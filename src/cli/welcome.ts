import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { type Endpoint, formatEndpoint } from "../net/transport.ts";

/**
 * What a person wants to know of a server that has just started: where it listens, where to point a
 * client, where the mail will be.
 */
export function welcome(
  settings: Pick<Settings, "accept" | "domains" | "mailDir">,
  addresses: readonly Endpoint[],
): readonly string[] {
  const { accept, domains, mailDir } = settings;
  const whose = accept === "all"
    ? "every address"
    : `${accept === "known" ? "users" : "every name"} at ${domains.join(", ")}`;
  const [client] = addresses.map(reachable);
  return [
    `Listening on ${addresses.map(formatEndpoint).join(" and ")}`,
    `Keeping mail for ${whose} in ${join(mailDir, "DOMAIN", "USER")}`,
    ...(client
      ? [`Point a mail client at ${client.address}, port ${client.port}`]
      : []),
  ];
}

/** Where a client on this machine finds a server that listens there. */
function reachable({ address, port }: Endpoint): Endpoint {
  const everywhere = address === "::" || address === "0.0.0.0";
  return { address: everywhere ? "127.0.0.1" : address, port };
}
