import { SERVER_MECHANISMS } from "../sasl/server.ts";
import { GroupTurns, Turns } from "./fair_turns.ts";
import {
  type AttemptServices,
  type Exchanged,
  LoginAttempt,
} from "./login_attempt.ts";
import { LoginRanks } from "./login_ranks.ts";

/** Lets clients prove who they are. */
export interface Authenticator {
  /** The mechanisms to offer now, the best first. Never throws. */
  mechanisms(): Promise<readonly string[]>;
  /** Begins an exchange by one of them, with a client at an IP address, without brackets. */
  begin(mechanism: string, client: { readonly address: string }): Exchange;
  /** Ends every wait of all exchanges, those that are still to begin too: the server stops. */
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
}

/** What an authenticator works with. */
export type AuthenticatorOptions = Omit<
  AttemptServices,
  "groups" | "checks" | "ranks" | "stopping"
>;

/** Passwords that are checked at once: each check takes a core and 32 MiB for a while. */
const CHECKS = 2;

/**
 * Clients of a group that may wait for others of it: as many as an office with one address has. And
 * groups of a rank that may wait for a check: some ten seconds then.
 */
const WAITING = { inGroup: 100, groups: 64 };

/** Milliseconds for which it is remembered whether everybody has SCRAM keys. */
const KEYS_AGE = 1_000;

const WITHOUT_KEYS = SERVER_MECHANISMS.filter((mechanism) =>
  !mechanism.startsWith("SCRAM-")
);

/**
 * An authenticator that whoever guesses passwords can neither hurry nor keep from others: it checks
 * few at once, of different client groups by turns, those first who have proved who they are
 * before; and says no more than yes or no, the latter late.
 */
export function makeAuthenticator(
  options: AuthenticatorOptions,
): Authenticator {
  const { logins, clock, log } = options;
  const stop = new AbortController();
  const services: AttemptServices = {
    ...options,
    groups: new GroupTurns({ waiting: WAITING.inGroup }),
    checks: new Turns({ atOnce: CHECKS, waiting: WAITING.groups }),
    ranks: new LoginRanks(clock),
    stopping: stop.signal,
  };

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
    begin: (mechanism, { address }) =>
      new LoginAttempt(services, { mechanism, address }),
    stop: () => stop.abort(),
  };
}
