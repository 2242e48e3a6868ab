import { createHmac } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { clientGroup } from "./client_group.ts";
import { ShortMemory } from "./short_memory.ts";

/** A login that failed. */
export interface FailedLogin {
  /** The client's IP address, without brackets. */
  readonly address: string;
  readonly mechanism: string;
  /** The name as the client gave it. */
  readonly name: string;
  /**
   * The password, where the mechanism tells us. It is kept as a hash only. SCRAM doesn't: two proofs
   * of one wrong password have nothing in common that can be seen without it (RFC 5802 §3).
   */
  readonly password?: string | undefined;
}

/**
 * Counts failed logins by where they come from: an IPv4 address, or a /64 of IPv6 ones. Nothing is
 * counted by name, or strangers could shut out whom they like; and a success clears nothing, or
 * whoever has an account of their own could go on guessing those of others.
 */
export interface LoginFailures {
  /** Whether nobody may log in from an address just now. */
  isShutOut(address: string): boolean;
  /**
   * Counts a failed login, and says so in the log. Returns how many milliseconds the client is to
   * wait for its answer: one second, and twice as many with each failure, up to ten seconds.
   */
  count(failed: FailedLogin): number;
}

/** Milliseconds that the first answer is held back, and that any is at most. */
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 10_000;

/** Characters of a name that go into the log; the longest address has no more. */
const NAME_LIMIT = 320;

/** A wrong name and password. */
interface Guess {
  /** What they are recognized by; `undefined` when the password was never seen. */
  readonly hash: string | undefined;
  /** When it was made last, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What is held against a client. */
type Offence =
  | { readonly kind: "guessing"; readonly guesses: readonly Guess[] }
  | { readonly kind: "shut out" };

/**
 * Shuts out who makes `limit` different guesses in `lockout` milliseconds, for as long. The same
 * name and password again is no other guess: a phone with last year's password is no attack.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { makeLoginFailures } from "./login_failures.ts";
 *
 * const failures = makeLoginFailures({
 *   limit: 2,
 *   lockout: 900_000,
 *   secret: crypto.getRandomValues(new Uint8Array(32)),
 *   clock: { now: () => 0 },
 *   log: { debug() {}, info() {}, warn() {}, error() {} },
 * });
 * const guess = { address: "192.0.2.1", mechanism: "PLAIN", name: "petya" };
 * assertEquals(failures.count({ ...guess, password: "123456" }), 1_000);
 * assertEquals(failures.count({ ...guess, password: "qwerty" }), 2_000);
 * assert(failures.isShutOut("192.0.2.1"));
 * assert(!failures.isShutOut("192.0.2.2"));
 * ```
 */
export function makeLoginFailures(
  { limit, lockout, secret, clock, log }: {
    readonly limit: number;
    /** Milliseconds. */
    readonly lockout: number;
    /** What names and passwords are hashed with; to be a new one at every start. */
    readonly secret: Uint8Array;
    readonly clock: Pick<Clock, "now">;
    readonly log: Log;
  },
): LoginFailures {
  const offences = new ShortMemory<Offence>({ lifetime: lockout, clock });

  return {
    isShutOut: (address) => isShutOut(clientGroup(address)),
    count(failed) {
      const group = clientGroup(failed.address);
      log.info("login failed", {
        peer: failed.address,
        user: failed.name.slice(0, NAME_LIMIT),
        mechanism: failed.mechanism,
      });
      // It was under way when others of the group were one too many.
      if (isShutOut(group)) return LONGEST_DELAY;
      const guesses = guessesWith(failed, group);
      if (guesses.length < limit) {
        offences.note(group, { kind: "guessing", guesses });
      } else {
        shutOut(group);
      }
      return Math.min(FIRST_DELAY * 2 ** (guesses.length - 1), LONGEST_DELAY);
    },
  };

  function isShutOut(group: string): boolean {
    return offences.recall(group)?.value.kind === "shut out";
  }

  function shutOut(group: string): void {
    offences.note(group, { kind: "shut out" });
    const until = new Date(clock.now() + lockout).toISOString();
    log.warn("address shut out", { address: group, until });
  }

  /** The different guesses of a group that still count, with one more. */
  function guessesWith(failed: FailedLogin, group: string): readonly Guess[] {
    const offence = offences.recall(group)?.value;
    const former = offence?.kind === "guessing" ? offence.guesses : [];
    const now = clock.now();
    const hash = hashOf(failed);
    const others = former.filter((guess) =>
      now - guess.at < lockout &&
      (hash === undefined || guess.hash !== hash)
    );
    return [...others, { hash, at: now }];
  }

  function hashOf({ name, password }: FailedLogin): string | undefined {
    return password === undefined
      ? undefined
      : createHmac("sha256", secret).update(JSON.stringify([name, password]))
        .digest("base64");
  }
}
