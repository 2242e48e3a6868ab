import type { Settings } from "../config/settings.ts";
import type { Authenticator } from "../policy/authentication.ts";
import type { ServerConfig } from "../smtp/state.ts";
import type { Door } from "./doors.ts";

/** The settings that the protocol depends on. */
export type ProtocolSettings = Pick<
  Settings,
  | "hostname"
  | "maxSize"
  | "maxRecipients"
  | "maxErrors"
  | "insecureAuth"
  | "tlsFiles"
>;

/**
 * What the protocol has to know of a door, for a client who comes now. Without a certificate there
 * is no TLS; without TLS nobody logs in unless the settings say so.
 */
export async function configOf(
  { login }: Door,
  settings: ProtocolSettings,
  authenticator: Pick<Authenticator, "mechanisms">,
): Promise<ServerConfig> {
  const { hostname, maxSize, maxRecipients, maxErrors } = settings;
  const tls = settings.tlsFiles.length > 0;
  const mechanisms = login === "no" ? [] : await authenticator.mechanisms();
  return {
    hostname,
    maxSize,
    maxRecipients,
    maxFaults: maxErrors,
    tls,
    mechanisms: {
      clear: settings.insecureAuth ? mechanisms : [],
      secure: tls ? mechanisms : [],
    },
    authRequired: login === "required",
  };
}
