import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  type LoginFailures,
  makeLoginFailures,
} from "../../src/policy/login_failures.ts";
import { type KeptLog, keptLog, MINUTE } from "./login_fakes.ts";

const LOCKOUT = 15 * MINUTE;
const ADDRESS = "192.0.2.1";

function setting(limit = 10): {
  readonly time: { now: number };
  readonly log: KeptLog;
  readonly failures: LoginFailures;
} {
  const time = { now: Date.UTC(2026, 0, 1) };
  const log = keptLog();
  const failures = makeLoginFailures({
    limit,
    lockout: LOCKOUT,
    secret: new Uint8Array(32).fill(7),
    clock: { now: () => time.now },
    log,
  });
  return { time, log, failures };
}

function guess(
  failures: LoginFailures,
  password: string | undefined,
  address = ADDRESS,
  name = "petya",
): number {
  return failures.count({ address, mechanism: "PLAIN", name, password });
}

Deno.test("count() delays each answer longer than the one before, up to 10 s", () => {
  const { failures } = setting();
  const delays = [1, 2, 3, 4, 5, 6].map((each) => guess(failures, `${each}`));
  assertEquals(delays, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assertEquals(guess(failures, "1", "192.0.2.2"), 1_000);
});

Deno.test("count() shuts out an address after so many guesses, for a while", () => {
  const { time, failures } = setting(3);
  for (const password of ["1", "2"]) guess(failures, password);
  assertFalse(failures.isShutOut(ADDRESS));
  guess(failures, "3");
  assert(failures.isShutOut(ADDRESS));
  assert(failures.isShutOut(`::ffff:${ADDRESS}`));
  assertFalse(failures.isShutOut("192.0.2.2"));
  // What was under way then makes it neither longer nor shorter.
  time.now += LOCKOUT - 1;
  assertEquals(guess(failures, "4"), 10_000);
  assert(failures.isShutOut(ADDRESS));
  time.now += 1;
  assertFalse(failures.isShutOut(ADDRESS));
  assertEquals(guess(failures, "5"), 1_000);
});

Deno.test("count() shuts out a /64 of IPv6 addresses as one", () => {
  const { failures } = setting(3);
  for (const host of [1, 2, 3]) {
    guess(failures, `${host}`, `2001:db8::${host}`);
  }
  assert(failures.isShutOut("2001:db8::4"));
  assertFalse(failures.isShutOut("2001:db8:0:1::1"));
});

Deno.test("count() counts guesses for as long as an address would be shut out", () => {
  const { time, failures } = setting(3);
  guess(failures, "1");
  time.now += LOCKOUT / 2;
  guess(failures, "2");
  time.now += LOCKOUT / 2;
  assertEquals(guess(failures, "3"), 2_000);
  assertFalse(failures.isShutOut(ADDRESS));
  guess(failures, "4");
  assert(failures.isShutOut(ADDRESS));
});

Deno.test("count() counts the same name and password once, whoever repeats it", () => {
  const { time, failures } = setting(3);
  for (let time = 0; time < 100; time++) {
    assertEquals(guess(failures, "last year's"), 1_000);
  }
  time.now += LOCKOUT - 1;
  guess(failures, "last year's");
  time.now += LOCKOUT - 1;
  assertEquals(guess(failures, "last year's", ADDRESS, "vasya"), 2_000);
  assertFalse(failures.isShutOut(ADDRESS));
  guess(failures, "another");
  assert(failures.isShutOut(ADDRESS));
});

Deno.test("count() takes what shows no password for another guess each time", () => {
  const { failures } = setting(3);
  for (let time = 0; time < 3; time++) guess(failures, undefined);
  assert(failures.isShutOut(ADDRESS));
});

Deno.test("count() keeps a name apart from its password", () => {
  const { failures } = setting(3);
  guess(failures, "bc", ADDRESS, "a");
  assertEquals(guess(failures, "c", ADDRESS, "ab"), 2_000);
});

Deno.test("count() holds nothing against anybody else, and forgets most of many", () => {
  const { failures } = setting(1);
  guess(failures, "1");
  for (let group = 0; group < 100_000; group++) {
    guess(failures, undefined, ipv6(group));
  }
  assertFalse(failures.isShutOut(ADDRESS));
  assertFalse(failures.isShutOut(ipv6(100_000)));
  assert(failures.isShutOut(ipv6(99_999)));
});

/** An address in the `number`th /64. */
function ipv6(number: number): string {
  const [high, low] = [number >> 16, number & 0xffff];
  return `2001:db8:${high.toString(16)}:${low.toString(16)}::1`;
}

Deno.test("count() logs who failed and who is shut out, never a password", () => {
  const { log, failures } = setting(2);
  guess(failures, "s3cret", "2001:db8::1", "petya\n");
  guess(failures, "s3cret too", "2001:db8::1", "x".repeat(9_000));
  const failed = { mechanism: "PLAIN", peer: "2001:db8::1" };
  assertEquals(log.told, [
    { event: "login failed", fields: { ...failed, user: "petya\n" } },
    {
      event: "login failed",
      fields: { ...failed, user: "x".repeat(320) },
    },
    {
      event: "address shut out",
      fields: { address: "2001:db8::/64", until: "2026-01-01T00:15:00.000Z" },
    },
  ]);
});
