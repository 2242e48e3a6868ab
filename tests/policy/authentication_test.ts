import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AUTH_UNAVAILABLE,
  AUTH_UNREADABLE,
  AUTHENTICATED,
  BAD_CREDENTIALS,
  challenge,
  guessingPasswords,
} from "../../src/smtp/replies.ts";
import type { Exchanged } from "../../src/policy/login_attempt.ts";
import { settle } from "../log/manual_clock.ts";
import { scramClient } from "../sasl/scram_client.ts";
import {
  CHECK,
  MINUTE,
  PASSWORD,
  PETYA,
  plain,
  type Setting,
  setting,
  timed,
} from "./login_fakes.ts";

const HERE = "192.0.2.1";
const ELSEWHERE = "198.51.100.1";
const SHUT_OUT = { reply: guessingPasswords("mx.test.ru") };
const REFUSED = { reply: BAD_CREDENTIALS };
const UNAVAILABLE = { reply: AUTH_UNAVAILABLE };
const WELCOME = { reply: AUTHENTICATED, login: PETYA };

/** Goes through SCRAM up to the server's judgement, and accepts its proof. */
async function scram(
  { authenticator }: Setting,
  address: string,
  password: string,
  name = "petya",
): Promise<Exchanged> {
  const client = scramClient({ name, password });
  const exchange = authenticator.begin("SCRAM-SHA-256", { address });
  const first = await exchange.respond(btoa(client.first));
  if (first.reply.code !== 334) return first;
  const final = await exchange.respond(
    btoa(client.final(challenged(first))),
  );
  if (final.reply.code !== 334) return final;
  assert(client.trusts(challenged(final)));
  return await exchange.respond("");
}

/** The challenge of a 334 reply as text. */
function challenged({ reply: { text } }: Exchanged): string {
  return atob(String(text));
}

Deno.test("respond() leads through each mechanism to the canonical login", async () => {
  const here = setting();
  const { authenticator, clock } = here;
  const right = plain(here, HERE, PASSWORD);
  assertEquals((await timed(clock, right)).result, WELCOME);

  const login = authenticator.begin("LOGIN", { address: HERE });
  assertEquals(await login.respond(undefined), {
    reply: challenge("VXNlcm5hbWU6"),
  });
  assertEquals(await login.respond(btoa("petya")), {
    reply: challenge("UGFzc3dvcmQ6"),
  });
  const answer = timed(clock, login.respond(btoa(PASSWORD)));
  assertEquals((await answer).result, WELCOME);

  assertEquals(await scram(here, HERE, PASSWORD), WELCOME);
});

Deno.test("respond() says the same, as late, of a wrong password and an unknown user", async () => {
  for (const log of [plain, scram]) {
    const wrong = setting();
    const unknown = setting();
    assertEquals(
      await timed(wrong.clock, log(wrong, HERE, "wrong")),
      await timed(unknown.clock, log(unknown, HERE, PASSWORD, "nobody")),
    );
    const { result, took } = await timed(wrong.clock, log(wrong, HERE, "no"));
    assertEquals(result, REFUSED);
    assert(took >= 2_000, `${took}`);
  }
});

Deno.test("respond() says the same to who wants to act for another, and looks no further", async () => {
  const { authenticator, checked } = setting();
  const exchange = authenticator.begin("PLAIN", { address: HERE });
  const response = btoa(`vasya\0petya\0${PASSWORD}`);
  assertEquals(await exchange.respond(response), REFUSED);
  assertEquals(checked.passwords, []);
});

Deno.test("respond() calls nonsense unreadable, and holds it against nobody", async () => {
  const here = setting();
  for (const response of ["!", "QQ", "=", btoa("\0petya")]) {
    const exchange = here.authenticator.begin("PLAIN", { address: HERE });
    assertEquals(await exchange.respond(response), { reply: AUTH_UNREADABLE });
  }
  const { result, took } = await timed(here.clock, plain(here, HERE, "wrong"));
  assertEquals([result, took], [REFUSED, CHECK + 1_000]);
});

Deno.test("respond() throws when no response is due", async () => {
  const { authenticator, clock } = setting();
  const exchange = authenticator.begin("PLAIN", { address: HERE });
  await exchange.respond("!");
  await assertRejects(() => exchange.respond("="), TypeError, "is due");
  assertEquals(clock.waiting, 0);
});

Deno.test("respond() puts clients off, and says why in the log, when the users can't be read", async () => {
  const here = setting();
  here.fault.cause = new Error('Cannot read "users": disk on fire');
  assertEquals(await plain(here, HERE, PASSWORD), UNAVAILABLE);
  assertEquals(await scram(here, HERE, PASSWORD), UNAVAILABLE);
  assertEquals(here.log.told.length, 2);
  assertEquals(here.log.told[0], {
    event: "cannot check login",
    fields: { peer: HERE, error: 'Cannot read "users": disk on fire' },
  });
  delete here.fault.cause;
  const after = await timed(here.clock, plain(here, HERE, PASSWORD));
  assertEquals(after.result, WELCOME);
});

Deno.test("mechanisms() has SCRAM first while everybody has keys for it", async () => {
  const { authenticator, fault, log } = setting();
  const offered = ["SCRAM-SHA-256", "PLAIN", "LOGIN"];
  assertEquals(await authenticator.mechanisms(), offered);
  fault.oldPasswords = true;
  assertEquals(await authenticator.mechanisms(), offered.slice(1));
  fault.cause = new Error("Disk on fire");
  assertEquals(await authenticator.mechanisms(), offered.slice(1));
  assertEquals(log.told.map(({ event }) => event), ["cannot read users"]);
});

Deno.test("2,000 guesses one after another are slowed down and shut out, not the user", async () => {
  const here = setting();
  const { clock, checked, log } = here;
  const start = clock.now();
  for (let guess = 0; guess < 2_000; guess++) {
    const { result } = await timed(clock, plain(here, HERE, `guess ${guess}`));
    assertEquals(result, guess < 10 ? REFUSED : SHUT_OUT);
  }
  assertEquals(checked.passwords.length, 10);
  assert(clock.now() - start >= 75_000);
  assertEquals(
    log.told.filter(({ event }) => event === "address shut out").length,
    1,
  );
  assertEquals(await plain(here, HERE, PASSWORD), SHUT_OUT);
  assertEquals(await timed(clock, plain(here, ELSEWHERE, PASSWORD)), {
    result: WELCOME,
    took: CHECK,
  });
  await clock.advance(15 * MINUTE);
  const later = await timed(clock, plain(here, HERE, PASSWORD));
  assertEquals(later.result, WELCOME);
});

Deno.test("2,000 guesses at once are no faster, and the user elsewhere doesn't wait", async () => {
  const here = setting();
  const { clock, checked } = here;
  const replies: Exchanged[] = [];
  for (let guess = 0; guess < 2_000; guess++) {
    plain(here, HERE, `${guess}`).then((each) => replies.push(each));
  }
  await settle();
  assertEquals(replies, Array(1_899).fill(UNAVAILABLE));

  const { result, took } = await timed(clock, plain(here, ELSEWHERE, PASSWORD));
  assertEquals([result, took], [WELCOME, CHECK]);
  assertEquals(checked.passwords.length, 2);

  await clock.advance(1_000 + 2 * CHECK);
  assertEquals(checked.passwords.filter((each) => each !== PASSWORD), [
    "0",
    "1",
  ]);
  await clock.advance(5 * MINUTE);
  assertEquals(replies.length, 2_000);
  assertEquals(replies.slice(1_899), [
    ...Array(10).fill(REFUSED),
    ...Array(91).fill(SHUT_OUT),
  ]);
  assertEquals(clock.waiting, 0);
});

Deno.test("guesses that wait when their address is shut out are not checked", async () => {
  const here = setting();
  const { clock, checked } = here;
  for (let guess = 0; guess < 8; guess++) {
    await timed(clock, plain(here, HERE, `first ${guess}`));
  }
  const rest = Promise.all(
    [1, 2, 3, 4, 5].map((guess) => plain(here, HERE, `then ${guess}`)),
  );
  const { result } = await timed(clock, rest);
  assertEquals(result, [REFUSED, REFUSED, SHUT_OUT, SHUT_OUT, SHUT_OUT]);
  assertEquals(checked.passwords.length, 10);
});

Deno.test("a flood from many addresses keeps a user waiting for one check", async () => {
  const here = setting();
  const { clock, checked } = here;
  for (const host of [1, 2]) {
    for (let guess = 0; guess < 9; guess++) {
      plain(here, `203.0.113.${host}`, `${guess}`);
    }
  }
  await settle();
  await clock.advance(100);
  const user = plain(here, ELSEWHERE, PASSWORD);
  await clock.advance(CHECK - 101);
  assertEquals(checked.passwords, ["0", "0"]);
  await clock.advance(1);
  assertEquals(checked.passwords, ["0", "0", PASSWORD]);
  await clock.advance(CHECK);
  assertEquals(await user, WELCOME);
  assertEquals(checked.most, 2);
  await clock.advance(5 * MINUTE);
});

Deno.test("groups that wait for a check are served by turns, as many as there is room for", async () => {
  const here = setting();
  const { clock, checked } = here;
  const replies: Exchanged[] = [];
  for (let group = 0; group < 70; group++) {
    for (const guess of ["first", "second"]) {
      plain(here, `2001:db8:0:${group.toString(16)}::1`, `${group} ${guess}`)
        .then((each) => replies.push(each));
    }
  }
  await settle();
  // Of the four groups past the room, one after the other of each.
  assertEquals(replies, Array(8).fill(UNAVAILABLE));
  await clock.advance(33 * CHECK);
  const firsts = Array.from({ length: 66 }, (_, group) => `${group} first`);
  assertEquals(
    checked.passwords.filter((each) => each.endsWith("first")),
    firsts,
  );
  assertEquals(checked.most, 2);
  await clock.advance(5 * MINUTE);
  assertEquals(replies.length, 140);
});

/** Guesses for half a minute from more addresses than there is room for, each over and over. */
function flood(here: Setting): Promise<void> {
  const { clock } = here;
  const end = clock.now() + MINUTE / 2;
  for (let each = 0; each < ADDRESSES; each++) guess(each, 0);
  return settle();

  async function guess(each: number, time: number): Promise<void> {
    const address = `2001:db8:0:${each.toString(16)}::1`;
    await plain(here, address, `${each} ${time}`);
    await new Promise<void>((resolve) => clock.after(1_000, resolve));
    if (clock.now() < end) guess(each, time + 1);
  }
}

const ADDRESSES = 100;

/** Logs in over and over while a flood goes on, and never waits for more than two checks. */
async function assertHeard(here: Setting, address: string): Promise<void> {
  for (let time = 0; time < 5; time++) {
    const user = await timed(here.clock, plain(here, address, PASSWORD));
    assertEquals(user.result, WELCOME);
    assert(user.took <= 2 * CHECK);
    await here.clock.advance(1_100);
  }
  await here.clock.advance(MINUTE);
}

for (const [mechanism, login] of Object.entries({ plain, scram })) {
  Deno.test(`a flood from many addresses doesn't keep users from where they have been, by ${mechanism}`, async () => {
    const here = setting();
    await timed(here.clock, login(here, ELSEWHERE, PASSWORD));
    await flood(here);
    assertEquals(await plain(here, HERE, PASSWORD), UNAVAILABLE);
    await assertHeard(here, ELSEWHERE);
  });
}

Deno.test("a flood from many addresses keeps users elsewhere for the first guess of each", async () => {
  const here = setting();
  await flood(here);
  await here.clock.advance(ADDRESSES / 2 * CHECK + 1_000);
  await assertHeard(here, ELSEWHERE);
});

Deno.test("who has mistyped a password isn't taken for a guesser where they have been", async () => {
  const here = setting();
  await timed(here.clock, plain(here, ELSEWHERE, PASSWORD));
  await timed(here.clock, plain(here, ELSEWHERE, "mistyped"));
  await flood(here);
  await here.clock.advance(1_000);
  await assertHeard(here, ELSEWHERE);
});

Deno.test("SCRAM waits for nobody, and shuts out all the same", async () => {
  const here = setting();
  const { clock } = here;
  const flood = Array.from(
    { length: 12 },
    (_, each) => scram(here, HERE, `${each}`),
  );
  plain(here, ELSEWHERE, "wrong");
  plain(here, ELSEWHERE, "wrong too");
  await settle();
  const user = await timed(clock, scram(here, ELSEWHERE, PASSWORD));
  assertEquals(user, { result: WELCOME, took: 0 });
  await clock.advance(MINUTE);
  assertEquals(await Promise.all(flood), [
    ...Array(10).fill(REFUSED),
    ...Array(2).fill(SHUT_OUT),
  ]);
  assertEquals(await scram(here, HERE, PASSWORD), SHUT_OUT);
});

Deno.test("an own account doesn't help to guess at others", async () => {
  const here = setting();
  const { clock } = here;
  for (let guess = 0; guess < 10; guess++) {
    const own = await timed(clock, plain(here, HERE, PASSWORD));
    assertEquals(own, { result: WELCOME, took: CHECK });
    await timed(clock, plain(here, HERE, `${guess}`, "vasya"));
  }
  assertEquals(await plain(here, HERE, PASSWORD), SHUT_OUT);
});

Deno.test("a phone with an old password doesn't shut out its household", async () => {
  const here = setting();
  const { clock } = here;
  for (let time = 0; time < 50; time++) {
    assertEquals(await timed(clock, plain(here, HERE, "last year's")), {
      result: REFUSED,
      took: CHECK + 1_000,
    });
  }
  const user = await timed(clock, plain(here, HERE, PASSWORD));
  assertEquals(user.result, WELCOME);
});

Deno.test("stop() ends all waits, those to come too", async () => {
  const here = setting();
  const { authenticator, clock, checked } = here;
  const asked = authenticator.begin("LOGIN", { address: ELSEWHERE });
  await asked.respond(btoa("petya"));
  const delayed = plain(here, HERE, "wrong");
  const waiting = plain(here, HERE, "waits");
  await settle();
  await clock.advance(CHECK);
  authenticator.stop();
  assertEquals(await delayed, REFUSED);
  assertEquals(await waiting, UNAVAILABLE);
  assertEquals(await asked.respond(btoa(PASSWORD)), UNAVAILABLE);
  assertEquals(await plain(here, ELSEWHERE, PASSWORD), UNAVAILABLE);
  assertEquals(checked.passwords, ["wrong"]);
  assertEquals(clock.waiting, 0);
});
