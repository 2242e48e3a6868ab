import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import { openSpool } from "../../src/queue/spool.ts";
import { type Intake, openIntake } from "../../src/server/intake.ts";
import { noTranscripts } from "../../src/server/transcript.ts";
import type { Mailbox } from "../../src/smtp/address.ts";
import { manualClock, settle } from "../log/manual_clock.ts";
import { EXPIRED, MX, SELF_SIGNED } from "../net/certificates.ts";
import { anybody } from "../policy/visit_fakes.ts";
import { fakeLog } from "../queue/fakes.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import {
  fakeClient,
  lines,
  MAIL_DOOR,
  SPOOL,
  SUBMISSION_DOOR,
} from "./fakes.ts";

const PETYA = { local: "petya", domain: "test.ru" };
const PASSWORD = "12345";

/** What an intake of test.ru works with, where petya's password is checked when `check` says so. */
async function world(check: () => Promise<void> = () => Promise.resolve()) {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const disk = memoryDisk(clock.now);
  const log = fakeLog();
  const spool = await openSpool({ folder: SPOOL, disk, log });
  const verify = async (
    _name: string,
    password: string,
  ): Promise<Mailbox | undefined> => {
    await check();
    return password === PASSWORD ? PETYA : undefined;
  };
  let last = 0;
  return {
    clock,
    disk,
    log,
    logins: {
      verify,
      scramKeys: () => Promise.reject(new Error("No SCRAM")),
      everybodyHasScramKeys: () => Promise.resolve(false),
    },
    directory: anybody("test.ru").directory,
    transcripts: noTranscripts,
    flow: { spool, enqueue: () => Promise.resolve() },
    nextId: () => `${++last}`,
  };
}

type World = Awaited<ReturnType<typeof world>>;

function open(options: World, ...flags: readonly string[]): Promise<Intake> {
  const loaded = loadSettings(
    readFlags([
      ...["--domain", "test.ru", "--mail-dir", "mail", "--insecure-auth"],
      ...flags,
    ], SERVER_FLAGS),
  );
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return openIntake(loaded.settings, options);
}

/** A client that has been greeted. */
async function connect(
  { sessions }: Intake,
  { peer = "192.0.2.1", door = SUBMISSION_DOOR, first = "" } = {},
) {
  const client = fakeClient({ peer });
  sessions.serve(client.transport, door);
  await client.send(first);
  assertMatch(client.heard(), /^220 /);
  await client.send(lines("EHLO client.test"));
  assertMatch(client.heard(), /^250 /m);
  return client;
}

function login(password: string): string {
  return lines(`AUTH PLAIN ${btoa(`\0petya\0${password}`)}`);
}

const CERTIFICATE = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];

/** What is in the files of a certificate and its key, and what is said of it. */
const UNUSABLE: readonly (readonly [
  string,
  { readonly cert?: string; readonly key?: string },
  string,
])[] = [
  ["no file", {}, 'Cannot read "cert.pem": no such file'],
  ["no key", { cert: MX.cert }, 'Cannot read "key.pem": no such file'],
  [
    "nonsense",
    { cert: "nonsense", key: MX.key },
    'Cannot use certificate "cert.pem": ',
  ],
  [
    "an expired certificate",
    EXPIRED,
    'Cannot use certificate "cert.pem": it expired at ',
  ],
  [
    "another's key",
    { cert: MX.cert, key: SELF_SIGNED.key },
    'Cannot use key "key.pem": it is not the key to "cert.pem"',
  ],
];

for (const [what, { cert, key }, message] of UNUSABLE) {
  Deno.test(`openIntake() says what is wrong with ${what} of TLS, and leaves nothing open`, async () => {
    const options = await world();
    const { disk, clock } = options;
    if (cert !== undefined) disk.put("cert.pem", cert);
    if (key !== undefined) disk.put("key.pem", key);
    const { message: said } = await assertRejects(
      () => open(options, ...CERTIFICATE),
      Error,
      message,
    );
    assert(!said.includes("\n"), said);
    assertEquals([clock.waiting, disk.open], [0, 0]);
  });
}

Deno.test("an intake that ends doesn't wait for the delay after a wrong password", async () => {
  const options = await world();
  const intake = await open(options);
  const client = await connect(intake);
  await client.send(login("wrong"));
  assertEquals(client.heard(), "");
  await intake[Symbol.asyncDispose]();
  assertEquals(
    client.heard(),
    lines(
      "535 5.7.8 Authentication credentials invalid",
      "421 4.3.2 test.ru shutting down, try again later",
    ),
  );
  assert(client.closed);
  assertEquals(options.clock.waiting, 0);
});

Deno.test("an intake that ends waits for the password being checked, and for no other", async () => {
  const checks: (() => void)[] = [];
  const options = await world(() =>
    new Promise((resolve) => checks.push(resolve))
  );
  const intake = await open(options);
  const [checked, waiting] = [await connect(intake), await connect(intake)];
  await checked.send(login(PASSWORD));
  await waiting.send(login(PASSWORD));
  assertEquals(checks.length, 1);
  const ended = intake[Symbol.asyncDispose]();
  await settle();
  const goodbye = "421 4.3.2 test.ru shutting down, try again later";
  const later = "454 4.7.0 Temporary authentication failure, try again later";
  assertEquals(waiting.heard(), lines(later, goodbye));
  assertEquals([checked.heard(), checked.closed], ["", false]);
  checks.forEach((finish) => finish());
  await ended;
  const welcome = "235 2.7.0 Authentication successful";
  assertEquals(checked.heard(), lines(welcome, goodbye));
  assertEquals([checks.length, options.clock.waiting], [1, 0]);
});

const RELAYING = ["--relay-from", "192.0.2.0/24", "--proxy-from", "192.0.2.99"];
const FROM_CLIENT = "PROXY TCP4 192.0.2.1 198.51.100.1 40000 25\r\n";
const FROM_STRANGER = "PROXY TCP4 203.0.113.7 198.51.100.1 40000 25\r\n";
const FROM_ITSELF = "PROXY UNKNOWN\r\n";
const FROM_PROXY = "PROXY TCP4 192.0.2.99 198.51.100.1 40000 25\r\n";

/** Who comes, with what first, and whether it may relay. */
const RELAYS = [
  ["a client of ours", "192.0.2.1", "", true],
  ["a stranger", "203.0.113.7", "", false],
  ["a client of ours by way of the proxy", "192.0.2.99", FROM_CLIENT, true],
  ["a stranger by way of the proxy", "192.0.2.99", FROM_STRANGER, false],
  ["the proxy itself", "192.0.2.99", FROM_ITSELF, false],
  ["the proxy by way of itself", "192.0.2.99", FROM_PROXY, false],
] as const;

for (const [who, peer, first, mayRelay] of RELAYS) {
  Deno.test(`openIntake() lets ${who} relay: ${mayRelay}`, async () => {
    await using intake = await open(await world(), ...RELAYING);
    const client = await connect(intake, { peer, first, door: MAIL_DOOR });
    await client.send(lines("MAIL FROM:<>", "RCPT TO:<vasya@another.test>"));
    const reply = mayRelay ? "250 2.1.5 " : "550 5.7.1 Relaying denied\r\n";
    assert(client.heard().includes(`\r\n${reply}`));
  });
}

/** What a setting of the policy leads to: a session's last reply, after what the client says. */
const RULES: readonly (readonly [
  readonly string[],
  readonly string[],
  string,
])[] = [
  [
    ["--max-errors", "2"],
    ["FOO", "FOO", "FOO"],
    "421 4.7.0 test.ru too many errors, closing connection",
  ],
  [
    ["--max-session-recipients", "1"],
    ["MAIL FROM:<>", "RCPT TO:<a@test.ru>", "RCPT TO:<b@test.ru>"],
    "452 4.5.3 Too many recipients in one session",
  ],
  [
    ["--max-unknown-recipients", "1"],
    ["MAIL FROM:<>", "RCPT TO:<nobody1@test.ru>", "RCPT TO:<nobody2@test.ru>"],
    "421 4.7.1 test.ru too many unknown recipients",
  ],
  [
    ["--messages-per-minute", "1"],
    ["MAIL FROM:<>", "RSET", "MAIL FROM:<>"],
    "450 4.7.1 Too many messages in a minute, try again later",
  ],
  [
    ["--greylist", "1m"],
    ["MAIL FROM:<>", "RCPT TO:<petya@test.ru>"],
    "451 4.7.1 Greylisted, try again later",
  ],
  [
    ["--max-auth-failures", "1"],
    [
      `AUTH PLAIN ${btoa("\0petya\0wrong")}`,
      `AUTH PLAIN ${btoa("\0petya\0no")}`,
    ],
    "421 4.7.0 test.ru too many failed logins, try again later",
  ],
];

for (const [flags, commands, reply] of RULES) {
  Deno.test(`openIntake() heeds ${flags[0]}`, async () => {
    const options = await world();
    await using intake = await open(options, ...flags);
    const client = await connect(intake, { door: MAIL_DOOR });
    for (const command of commands) {
      await client.send(lines(command));
      await options.clock.advance(2000);
    }
    assertEquals(client.heard().split("\r\n").at(-2), reply);
  });
}

/** What a setting has a client greeted with who comes a second time. */
const GREETINGS: readonly (readonly [readonly string[], string])[] = [
  [["--deny", "192.0.2.0/24"], "554 5.7.1 Access denied"],
  [
    ["--connections-per-minute", "1"],
    "421 4.7.0 test.ru too many connections in a minute",
  ],
  [
    ["--max-connections-per-ip", "1"],
    "421 4.7.0 test.ru too many connections, try again later",
  ],
  [
    ["--max-connections", "1"],
    "421 4.7.0 test.ru too many connections, try again later",
  ],
  [["--banner-delay", "1m"], ""],
];

for (const [flags, greeting] of GREETINGS) {
  Deno.test(`openIntake() heeds ${flags[0]}`, async () => {
    await using intake = await open(await world(), ...flags);
    const { sessions } = intake;
    const clients = [fakeClient(), fakeClient()];
    for (const { transport } of clients) sessions.serve(transport, MAIL_DOOR);
    await settle();
    assertEquals(clients[1]!.heard(), greeting && lines(greeting));
  });
}

Deno.test("openIntake() spares those of --allow", async () => {
  const flags = GREETINGS.slice(0, 2).flatMap(([flags]) => flags);
  await using intake = await open(
    await world(),
    ...[...flags, "--banner-delay", "1m", "--allow", "192.0.2.1"],
  );
  for (let count = 0; count < 3; count++) await connect(intake);
});
