import type { ClientEffect } from "./client_effect.ts";
import type { ClientStep } from "./client_step.ts";
import type { ClientCommand } from "./client_exchange.ts";
import type { Verdict } from "./client_outcome.ts";

/** What a part of the session wants when no reply is expected. */
export type Turn =
  /** Send commands, and take their replies. */
  | { readonly do: "send"; readonly commands: readonly ClientCommand[] }
  /** Take a reply that no command asked for. */
  | { readonly do: "listen"; readonly at: ClientStep }
  /** Let the shell act. */
  | { readonly do: "effect"; readonly effect: ClientEffect }
  /** End the session: there is no way on with this server. */
  | { readonly do: "fail"; readonly verdict: Verdict }
  /** Nothing: this part is over. */
  | { readonly do: "done" };
