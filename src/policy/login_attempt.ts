import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { ScramMeans } from "../sasl/scram_server.ts";
import { saslServer } from "../sasl/server.ts";
import type {
  SaslRefusal,
  SaslServerStep,
  ScramKeys,
} from "../sasl/server_exchange.ts";
import type { Mailbox } from "../smtp/address.ts";
import type { Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";
import { clientGroup } from "./client_group.ts";
import type { GroupTurns, Turns } from "./fair_turns.ts";
import type { LoginFailures } from "./login_failures.ts";
import type { LoginRanks } from "./login_ranks.ts";

/** Those who can log in. */
export interface Logins {
  /** The mailbox of who has this name and password; `undefined` when there is nobody. */
  verify(name: string, password: string): Promise<Mailbox | undefined>;
  /** The SCRAM keys and the mailbox of who has this name; for others a decoy and no mailbox. */
  scramKeys(name: string): Promise<{
    readonly keys: ScramKeys;
    readonly mailbox: Mailbox | undefined;
  }>;
  /** Whether all have SCRAM keys, as it was `maxAge` milliseconds ago or later. */
  everybodyHasScramKeys(maxAge: number): Promise<boolean>;
}

/** What comes of a response. */
export interface Exchanged {
  readonly reply: Reply;
  /** The canonical mailbox of who has logged in by it. */
  readonly login?: Mailbox;
}

/** What all attempts share. */
export interface AttemptServices {
  readonly logins: Logins;
  readonly failures: LoginFailures;
  readonly hostname: string;
  readonly means: ScramMeans;
  /** One of each client group at a time. */
  readonly groups: GroupTurns;
  /** Those whose passwords are checked at once. */
  readonly checks: Turns;
  /** Who of them goes first. */
  readonly ranks: LoginRanks;
  /** Ends every wait. */
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whose attempt it is, and how it is made. */
export interface Circumstances {
  readonly mechanism: string;
  /** The client's IP address, without brackets. */
  readonly address: string;
}

/** Who the client says it is. */
interface Claim {
  readonly name: string;
  readonly password?: string;
  /** The mailbox that is theirs if they prove it. */
  readonly mailbox: Mailbox | undefined;
}

const UNAVAILABLE: Exchanged = { reply: replies.AUTH_UNAVAILABLE };

/**
 * A client's attempt to log in, from its first response to its end. Passwords are checked by turns:
 * of one client group only one at a time, and the next when the answer to a failure is out, so that
 * guessing in parallel is no faster.
 */
export class LoginAttempt {
  readonly #services: AttemptServices;
  readonly #circumstances: Circumstances;
  /** What the client's next response leads to; `undefined` when none is due. */
  #next: ((response: string | undefined) => SaslServerStep) | undefined;
  #claim: Claim | undefined;

  constructor(services: AttemptServices, circumstances: Circumstances) {
    this.#services = services;
    this.#circumstances = circumstances;
    this.#next = (response) =>
      saslServer(circumstances.mechanism, response, services.means);
  }

  /** As an exchange does. */
  async respond(response: string | undefined): Promise<Exchanged> {
    const next = this.#next;
    if (next === undefined) {
      throw new TypeError("Cannot go on with an exchange: no response is due");
    }
    this.#next = undefined;
    if (this.#isShutOut) return this.#shutOut();
    try {
      return await this.#take(next(response));
    } catch (cause) {
      this.#services.log.error("cannot check login", {
        peer: this.#circumstances.address,
        error: cause instanceof Error ? cause.message : String(cause),
      });
      return UNAVAILABLE;
    }
  }

  async #take(step: SaslServerStep): Promise<Exchanged> {
    switch (step.kind) {
      case "challenge":
        this.#next = (response = "") => step.respond(response);
        return { reply: replies.challenge(step.challenge) };
      case "password":
        return await this.#check(step);
      case "keys": {
        const { logins } = this.#services;
        const { keys, mailbox } = await logins.scramKeys(step.name);
        this.#claim = { name: step.name, mailbox };
        return await this.#take(step.found(keys));
      }
      case "done":
        return this.#done();
      case "refused":
        return await this.#refused(step.why);
      default:
        return step satisfies never;
    }
  }

  /** Has a password checked when it is the client's turn. */
  async #check(
    { name, password, checked }: SaslServerStep & { readonly kind: "password" },
  ): Promise<Exchanged> {
    const { groups, checks, ranks, logins, stopping } = this.#services;
    const group = this.#group;
    using turn = await groups.take(group, stopping);
    if (turn === undefined) return UNAVAILABLE;
    // Others of the group may have made one guess too many meanwhile.
    if (this.#isShutOut) return this.#shutOut();
    let mailbox: Mailbox | undefined;
    {
      using check = await checks.take(stopping, ranks.of(group));
      if (check === undefined) return UNAVAILABLE;
      mailbox = await logins.verify(name, password);
    }
    this.#claim = { name, password, mailbox };
    return await this.#take(checked(mailbox !== undefined));
  }

  #done(): Exchanged {
    const mailbox = this.#claim?.mailbox;
    if (mailbox === undefined) {
      throw new TypeError("Cannot log in: nobody has proved anything");
    }
    this.#services.ranks.proved(this.#group);
    return { reply: replies.AUTHENTICATED, login: mailbox };
  }

  async #refused(why: SaslRefusal): Promise<Exchanged> {
    switch (why) {
      case "malformed":
        return { reply: replies.AUTH_UNREADABLE };
      case "authorization":
        // Not looked at any further, it is no guess.
        return { reply: replies.BAD_CREDENTIALS };
      case "credentials":
        await this.#countFailure();
        return { reply: replies.BAD_CREDENTIALS };
      default:
        return why satisfies never;
    }
  }

  /** Counts a failed login and keeps the client waiting. */
  async #countFailure(): Promise<void> {
    const { failures, ranks, clock, stopping } = this.#services;
    const { address, mechanism } = this.#circumstances;
    const { name = "", password } = this.#claim ?? {};
    ranks.failed(this.#group);
    const delay = failures.count({ address, mechanism, name, password });
    await pause(delay, { clock, signal: stopping });
  }

  get #group(): string {
    return clientGroup(this.#circumstances.address);
  }

  get #isShutOut(): boolean {
    return this.#services.failures.isShutOut(this.#circumstances.address);
  }

  #shutOut(): Exchanged {
    return { reply: replies.guessingPasswords(this.#services.hostname) };
  }
}

/** Waits for some milliseconds, or until `signal` ends the wait. */
function pause(
  delay: number,
  { clock, signal }: {
    readonly clock: Pick<Clock, "after">;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.after(delay, end);
    signal.addEventListener("abort", end, { once: true });

    function end(): void {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}
