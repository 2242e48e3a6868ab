import { join } from "node:path";
import type { Settings } from "../config/settings.ts";

/** An address that the server listens on. */
export interface Listening {
  /** An IP address without brackets, or a host name. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * What a person wants to know of a server that has just started: where it listens, where to point a
 * client, where the mail will be.
 */
export function welcome(
  settings: Pick<Settings, "accept" | "domains" | "mailDir">,
  addresses: readonly Listening[],
): readonly string[] {
  const { accept, domains, mailDir } = settings;
  const whose = accept === "all"
    ? "every address"
    : `${accept === "known" ? "users" : "every name"} at ${domains.join(", ")}`;
  const [client] = addresses.map(reachable);
  return [
    `Listening on ${addresses.map(shown).join(" and ")}`,
    `Keeping mail for ${whose} in ${join(mailDir, "DOMAIN", "USER")}`,
    ...(client
      ? [`Point a mail client at ${client.hostname}, port ${client.port}`]
      : []),
  ];
}

function shown({ hostname, port }: Listening): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

/** Where a client on this machine finds a server that listens there. */
function reachable({ hostname, port }: Listening): Listening {
  const everywhere = hostname === "::" || hostname === "0.0.0.0";
  return { hostname: everywhere ? "127.0.0.1" : hostname, port };
}
