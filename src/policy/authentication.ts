import { SERVER_MECHANISMS } from "../sasl/server.ts";
import { GroupTurns, Turns } from "./fair_turns.ts";
import {
  type AttemptServices,
  type Exchanged,
  LoginAttempt,
} from "./login_attempt.ts";

/** Lets clients prove who they are. */
export interface Authenticator {
  /** The mechanisms to offer now, the best first. Never throws. */
  mechanisms(): Promise<readonly string[]>;
  /** Begins an exchange by one of them, with a client at an IP address, without brackets. */
  begin(mechanism: string, client: { readonly address: string }): Exchange;
  /** Cancels all exchanges, those that are still to begin too: the server stops. */
  stop(): void;
}

/** One client's attempt to log in. */
export interface Exchange {
  /**
   * Takes what the client says, in base64: first what came with AUTH, `undefined` if nothing did,
   * then, as long as the reply is 334, its responses. Takes its time after a failure. Throws only
   * when it is called out of turn.
   */
  respond(response: string | undefined): Promise<Exchanged>;
  /** Ends every wait of the exchange: the client is gone, and the reply is for nobody. */
  cancel(): void;
}

/** What an authenticator works with. */
export type AuthenticatorOptions = Omit<AttemptServices, "groups" | "checks">;

/** Passwords that are checked at once: each check takes a core and 32 MiB for a while. */
const CHECKS = 2;

/** Clients of a group that may wait for others of it, and groups that may wait for a check. */
const WAITING = { inGroup: 8, groups: 64 };

/** Milliseconds for which it is remembered whether everybody has SCRAM keys. */
const KEYS_AGE = 1_000;

const WITHOUT_KEYS = SERVER_MECHANISMS.filter((mechanism) =>
  !mechanism.startsWith("SCRAM-")
);

/**
 * An authenticator that whoever guesses passwords can neither hurry nor keep from others: it checks
 * few at once, of different client groups by turns, and says no more than yes or no, the latter
 * late.
 */
export function makeAuthenticator(
  options: AuthenticatorOptions,
): Authenticator {
  const { logins, log } = options;
  const services: AttemptServices = {
    ...options,
    groups: new GroupTurns({ waiting: WAITING.inGroup }),
    checks: new Turns({ atOnce: CHECKS, waiting: WAITING.groups }),
  };
  /** Those whose client waits for a reply. */
  const running = new Set<AbortController>();
  let stopped = false;

  return {
    async mechanisms() {
      try {
        return await logins.everybodyHasScramKeys(KEYS_AGE)
          ? SERVER_MECHANISMS
          : WITHOUT_KEYS;
      } catch (cause) {
        log.error("cannot read users", {
          error: cause instanceof Error ? cause.message : String(cause),
        });
        return WITHOUT_KEYS;
      }
    },
    begin(mechanism, { address }) {
      const controller = new AbortController();
      const { signal } = controller;
      const attempt = new LoginAttempt(services, {
        mechanism,
        address,
        signal,
      });
      return {
        async respond(response) {
          if (stopped) controller.abort();
          running.add(controller);
          try {
            return await attempt.respond(response);
          } finally {
            running.delete(controller);
          }
        },
        cancel: () => controller.abort(),
      };
    },
    stop() {
      stopped = true;
      for (const controller of running) controller.abort();
    },
  };
}
