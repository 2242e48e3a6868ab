import { pbkdf2Sync } from "node:crypto";
import {
  type Authenticator,
  makeAuthenticator,
} from "../../src/policy/authentication.ts";
import type { Exchanged, Logins } from "../../src/policy/login_attempt.ts";
import { makeLoginFailures } from "../../src/policy/login_failures.ts";
import type { Log, LogFields } from "../../src/ports/log.ts";
import type { ScramKeys } from "../../src/sasl/server_exchange.ts";
import { type Mailbox, parseMailbox } from "../../src/smtp/address.ts";
import { scramMeans } from "../../src/store/scram_means.ts";
import { type ManualClock, manualClock, settle } from "../log/manual_clock.ts";

export const MINUTE = 60_000;

/** Milliseconds that a check of a password takes in these tests. */
export const CHECK = 250;

/** Who can log in. */
export const PETYA: Mailbox = parseMailbox("petya@test.ru")!;
export const PASSWORD = "12345";

/** A log that keeps what it is told. */
export interface KeptLog extends Log {
  readonly told: { readonly event: string; readonly fields?: LogFields }[];
}

export function keptLog(): KeptLog {
  const told: KeptLog["told"] = [];
  const tell = (event: string, fields?: LogFields) => {
    told.push({ event, ...(fields && { fields }) });
  };
  return { told, debug: tell, info: tell, warn: tell, error: tell };
}

/** An authenticator, and what is behind it. */
export interface Setting {
  readonly clock: ManualClock;
  readonly log: KeptLog;
  /** The passwords that were checked, and how many at once at most. */
  readonly checked: { readonly passwords: string[]; most: number };
  /** What goes wrong with the users, if anything. */
  readonly fault: { cause?: Error; oldPasswords?: boolean };
  readonly authenticator: Authenticator;
}

export function setting(): Setting {
  const clock = manualClock("2026-01-01T00:00:00Z");
  const log = keptLog();
  const checked = { passwords: [] as string[], most: 0 };
  const fault: Setting["fault"] = {};
  let checking = 0;

  const logins: Logins = {
    async verify(name, password) {
      if (fault.cause) throw fault.cause;
      checked.passwords.push(password);
      checked.most = Math.max(checked.most, ++checking);
      await new Promise<void>((resolve) => clock.after(CHECK, resolve));
      checking--;
      return name === "petya" && password === PASSWORD ? PETYA : undefined;
    },
    scramKeys(name) {
      if (fault.cause) return Promise.reject(fault.cause);
      return Promise.resolve(
        name === "petya"
          ? { keys: scramKeys(PASSWORD), mailbox: PETYA }
          : { keys: scramKeys("nobody's"), mailbox: undefined },
      );
    },
    everybodyHasScramKeys: () =>
      fault.cause
        ? Promise.reject(fault.cause)
        : Promise.resolve(!fault.oldPasswords),
  };
  const failures = makeLoginFailures({
    limit: 10,
    lockout: 15 * MINUTE,
    secret: new Uint8Array(32),
    clock,
    log,
  });
  const authenticator = makeAuthenticator({
    logins,
    failures,
    hostname: "mx.test.ru",
    means: scramMeans,
    clock,
    log,
  });
  return { clock, log, checked, fault, authenticator };
}

/** Logs in by PLAIN. */
export function plain(
  { authenticator }: Pick<Setting, "authenticator">,
  address: string,
  password: string,
  name = "petya",
): Promise<Exchanged> {
  return authenticator.begin("PLAIN", { address })
    .respond(btoa(`\0${name}\0${password}`));
}

/** Waits for something while time goes by, and tells how many milliseconds it took. */
export async function timed<Result>(
  clock: ManualClock,
  work: Promise<Result>,
): Promise<{ readonly result: Result; readonly took: number }> {
  const start = clock.now();
  let over = false;
  const watched = work.finally(() => over = true);
  await settle();
  while (!over) {
    if (clock.waiting === 0) throw new Error("Cannot wait: nothing is due");
    await clock.advance(CHECK);
  }
  return { result: await watched, took: clock.now() - start };
}

/** The keys of a password, cheap ones (RFC 5802 §3). */
function scramKeys(password: string): ScramKeys {
  const salt = new Uint8Array(16);
  const salted = new Uint8Array(pbkdf2Sync(password, salt, 4096, 32, "sha256"));
  const { hmac, sha256 } = scramMeans;
  const encoder = new TextEncoder();
  return {
    salt,
    iterations: 4096,
    storedKey: sha256(hmac(salted, encoder.encode("Client Key"))),
    serverKey: hmac(salted, encoder.encode("Server Key")),
  };
}
