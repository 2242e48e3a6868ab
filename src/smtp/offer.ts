/** What a session offers: some of it works only before TLS is on, some only behind it. */
import type { Offer } from "./extensions.ts";
import type { ServerConfig, State } from "./state.ts";

/** What works just now, for EHLO and HELP to tell of. */
export function offer({ secure }: State, config: ServerConfig): Offer {
  const { maxSize, maxRecipients, tls, mechanisms } = config;
  return {
    maxSize,
    maxRecipients,
    tls: tls && !secure,
    mechanisms: secure ? mechanisms.secure : mechanisms.clear,
  };
}

/** The mechanisms that STARTTLS would bring; none where it can't be asked for. */
export function mechanismsBehindTls(
  state: State,
  config: ServerConfig,
): readonly string[] {
  return offer(state, config).tls ? config.mechanisms.secure : [];
}

/** Whether a client can log in, now or behind STARTTLS. */
export function takesLogins(state: State, config: ServerConfig): boolean {
  return offer(state, config).mechanisms.length > 0 ||
    mechanismsBehindTls(state, config).length > 0;
}
