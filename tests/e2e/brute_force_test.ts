/** Somebody guesses passwords, and the user logs in elsewhere all the same. */
import { assert, assertEquals } from "@std/assert";
import { scramClient } from "../sasl/scram_client.ts";
import { eventually } from "./patience.ts";
import { MASHA, type Person, PETYA } from "./provider.ts";
import type { SmtpClient } from "./smtp_client.ts";
import {
  connectFrom,
  greetingFor,
  startBehindProxy,
  STRANGER,
} from "./strange_clients.ts";

const ELSEWHERE = "198.51.100.7";
const WELCOME = "235 2.7.0 Authentication successful";
const WRONG = "535 5.7.8 Authentication credentials invalid";
const SHUT_OUT = "421 4.7.0 test.ru too many failed logins, try again later";
const UNREADABLE = "501 5.5.2 Cannot decode the response";

/** What a client says, and what it has to hear before it says the last of it. */
interface Login {
  readonly lines: readonly string[];
  readonly last: (heard: string) => string;
}

function plain({ address, password }: Person): Login {
  const response = btoa(`\0${address}\0${password}`);
  return { lines: [], last: () => `AUTH PLAIN ${response}` };
}

function login({ address, password }: Person): Login {
  return { lines: ["AUTH LOGIN", btoa(address)], last: () => btoa(password) };
}

function scram({ address: name, password }: Person): Login {
  const client = scramClient({ name, password });
  return {
    lines: [`AUTH SCRAM-SHA-256 ${btoa(client.first)}`],
    last: (heard) => btoa(client.final(atob(heard.slice("334 ".length)))),
  };
}

/** Says all but the last. */
async function begin(
  client: SmtpClient,
  { lines, last }: Login,
): Promise<string> {
  return last(await client.say("EHLO client.test", ...lines));
}

/** Logs in as from an address; gives the last reply. */
async function logIn(
  address: string,
  port: number,
  way: Login,
): Promise<string> {
  using client = await connectFrom(address, port);
  const reply = await client.say(await begin(client, way));
  // SCRAM's last challenge is the server's proof.
  return reply.startsWith("334 ") ? await client.say("") : reply;
}

Deno.test("smtpd slows down and shuts out who guesses, and not the user elsewhere", async () => {
  await using server = await startBehindProxy(
    ...["--insecure-auth", "--submission-port", "0"],
    ...["--max-auth-failures", "3", "--auth-lockout", "5s"],
    ...["--connections-per-minute", "0"],
  );
  const port = server.portOf("submission-port");
  using stack = new DisposableStack();
  const guesses = await Promise.all(
    [1, 2, 3, 4, 5].map(async (guess) => {
      const address = guess % 2 === 0 ? PETYA.address : "nobody@test.ru";
      const way = scram({ address, password: `guess ${guess}` });
      const client = stack.use(await connectFrom(STRANGER, port));
      return { client, last: await begin(client, way) };
    }),
  );
  using honest = await connectFrom(STRANGER, port);
  await honest.say("EHLO client.test");

  const began = Date.now();
  const outcomes = guesses.map(async ({ client, last }) => ({
    reply: await client.say(last),
    took: Date.now() - began,
  }));
  await server.logged("address shut out");
  assertEquals(await greetingFor(STRANGER, port), SHUT_OUT);
  assertEquals(await honest.say(plain(PETYA).last("")), SHUT_OUT);
  for (const way of [plain, login, scram]) {
    assertEquals(await logIn(ELSEWHERE, port, way(PETYA)), WELCOME);
  }

  const replies = (await Promise.all(outcomes))
    .toSorted((one, other) => one.took - other.took);
  assertEquals(
    replies.map(({ reply }) => reply).toSorted(),
    [SHUT_OUT, SHUT_OUT, WRONG, WRONG, WRONG],
  );
  const waits = replies.filter(({ reply }) => reply === WRONG)
    .map(({ took }) => took);
  for (const [index, least] of [1_000, 2_000, 4_000].entries()) {
    assert(waits[index]! >= least, `${waits}`);
  }
  await eventually(
    async () => await greetingFor(STRANGER, port) !== SHUT_OUT,
    "the end of the lockout",
  );
  assertEquals(await logIn(STRANGER, port, plain(PETYA)), WELCOME);
  assertEquals((await server.logged("login failed")).length, 3);
  assertEquals((await server.logged("address shut out")).length, 1);
});

/** What is wrong with a login, what is said, and the answer. */
const GUESSES: readonly (readonly [string, Login, string])[] = [
  ["a wrong password", plain({ ...PETYA, password: "wrong" }), WRONG],
  ["a wrong user", plain({ ...PETYA, address: "nobody@test.ru" }), WRONG],
  [
    "another user's password",
    login({ ...MASHA, address: PETYA.address }),
    WRONG,
  ],
  ["a name that is none", login({ address: "<@>", password: "wrong" }), WRONG],
  ["a domain elsewhere", scram({ ...PETYA, address: "petya@b.test" }), WRONG],
  ["a wrong proof", scram({ ...PETYA, password: "wrong" }), WRONG],
  ["a long password", plain({ ...PETYA, password: "x".repeat(8_000) }), WRONG],
  ["no password", plain({ ...PETYA, password: "" }), UNREADABLE],
  ["no password by LOGIN", login({ ...PETYA, password: "" }), UNREADABLE],
  ["no name", plain({ ...PETYA, address: "" }), UNREADABLE],
  ["a NUL too many", plain({ ...PETYA, password: "a\0b" }), UNREADABLE],
  ["a NUL by LOGIN", login({ ...PETYA, password: "a\0b" }), UNREADABLE],
  ["nothing but NULs", plain({ address: "\0", password: "\0" }), UNREADABLE],
  [
    "a command that is too long",
    plain({ ...PETYA, password: "x".repeat(12_000) }),
    "500 5.5.2 Line too long",
  ],
  [
    "a response that is too long",
    login({ ...PETYA, password: "x".repeat(12_000) }),
    "500 5.5.6 Authentication exchange line is too long",
  ],
];

Deno.test("smtpd says nothing of why a login failed, or that it can't be read", async () => {
  await using server = await startBehindProxy("--insecure-auth");
  const replies = await Promise.all(
    GUESSES.map(async ([what, way], index) => [
      what,
      await logIn(`192.0.2.${index}`, server.port, way),
    ]),
  );
  assertEquals(replies, GUESSES.map(([what, , reply]) => [what, reply]));
  assertEquals(await logIn(ELSEWHERE, server.port, plain(PETYA)), WELCOME);
});
