/** Every limit on clients that nobody knows, by its setting and with its own words. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type DnsServer, startDnsServer } from "../net/dns_server.ts";
import { eventually } from "./patience.ts";
import { mailFolder, type Program, start } from "./program.ts";
import { PETYA } from "./provider.ts";
import { connect, dial, queuedId, type SmtpClient } from "./smtp_client.ts";
import { mailsOf } from "./stored_mail.ts";
import {
  BEHIND_PROXY,
  connectFrom,
  dialFrom,
  greetingFor,
  sayFrom,
  startBehindProxy,
  STRANGER,
} from "./strange_clients.ts";

const GREETING = "220 test.ru ESMTP smtpd";
const SENDER_OK = "250 2.1.0 Sender OK";
const RECIPIENT_OK = "250 2.1.5 Recipient OK";
const DENIED = "554 5.7.1 Access denied";
const TOO_MANY_CONNECTIONS =
  "421 4.7.0 test.ru too many connections, try again later";
const CONNECTING_TOO_OFTEN =
  "421 4.7.0 test.ru too many connections in a minute";
const SENDING_TOO_MUCH =
  "450 4.7.1 Too many messages in a minute, try again later";
const GREYLISTED = "451 4.7.1 Greylisted, try again later";

const MAIL = "MAIL FROM:<vasya@other.test>";
const RCPT = "RCPT TO:<petya@test.ru>";

/** Another address of the IPv4 network, one of another network, and so on. */
const IPV6 = "2001:db8:0:1::7";
const SAME_64 = "2001:db8:0:1:ffff::1";
const OTHER_64 = "2001:db8:0:2::7";

/** Sends a message in a session that has begun; gives the last reply. */
async function send(client: SmtpClient, text = "hello\r\n"): Promise<string> {
  await client.say(MAIL, RCPT, "DATA");
  await client.send(text);
  return await client.say(".");
}

Deno.test("--max-connections and --max-connections-per-ip turn away who is one too many", async () => {
  await using server = await startBehindProxy(
    ...["--max-connections", "5", "--max-connections-per-ip", "2"],
  );
  const { port } = server;
  using stack = new DisposableStack();
  const clients: SmtpClient[] = [];
  const stay = async (address: string) => {
    const client = stack.use(await dialFrom(address, port));
    assertEquals(await client.reply(), GREETING);
    clients.push(client);
  };
  await stay(IPV6);
  await stay(SAME_64);
  assertEquals(await greetingFor(IPV6, port), TOO_MANY_CONNECTIONS);
  await stay(OTHER_64);
  await stay(STRANGER);
  await stay(`::ffff:${STRANGER}`);
  assertEquals(await greetingFor(STRANGER, port), TOO_MANY_CONNECTIONS);
  // Who has just spoken has not to make room.
  for (const client of clients) assertMatch(await client.say("NOOP"), /^250 /);
  assertEquals(await greetingFor("192.0.2.8", port), TOO_MANY_CONNECTIONS);

  const [first] = clients;
  assertMatch(await first!.say("QUIT"), /^221 /);
  assertEquals(await first!.rest(), "");
  assertEquals(await greetingFor("192.0.2.8", port), GREETING);
});

Deno.test("--connections-per-minute turns away who comes too often", async () => {
  await using server = await startBehindProxy(
    ...["--connections-per-minute", "2", "--allow", "198.51.100.0/24"],
  );
  const { port } = server;
  for (const _ of "ab") {
    assertEquals(await greetingFor(STRANGER, port), GREETING);
    assertEquals(await greetingFor("198.51.100.1", port), GREETING);
  }
  using third = await dialFrom(STRANGER, port);
  assertEquals(await third.rest(), `${CONNECTING_TOO_OFTEN}\r\n`);
  assertEquals(await greetingFor("198.51.100.1", port), GREETING);
  assertEquals(await greetingFor("192.0.2.8", port), GREETING);

  assertEquals(await greetingFor(IPV6, port), GREETING);
  assertEquals(await greetingFor(SAME_64, port), GREETING);
  assertEquals(await greetingFor(IPV6, port), CONNECTING_TOO_OFTEN);
  assertEquals(await greetingFor(OTHER_64, port), GREETING);
});

Deno.test("--messages-per-minute holds for an address, and for a login wherever it is", async () => {
  await using server = await startBehindProxy(
    ...["--messages-per-minute", "2", "--insecure-auth"],
  );
  const { port } = server;
  using client = await connectFrom(STRANGER, port);
  await client.say("EHLO client.test");
  queuedId(await send(client));
  queuedId(await send(client));
  assertEquals(await client.say(MAIL), SENDING_TOO_MUCH);
  assertEquals(await sayFrom(STRANGER, port, MAIL), SENDING_TOO_MUCH);
  assertEquals(await sayFrom("192.0.2.8", port, MAIL), SENDER_OK);
  assertEquals(await sayFrom(IPV6, port, MAIL), SENDER_OK);
  assertEquals(await sayFrom(SAME_64, port, MAIL), SENDER_OK);
  assertEquals(await sayFrom(IPV6, port, MAIL), SENDING_TOO_MUCH);

  const { address, password } = PETYA;
  const auth = `AUTH PLAIN ${btoa(`\0${address}\0${password}`)}`;
  const own = `MAIL FROM:<${address}>`;
  assertMatch(await client.say(auth), /^235 /);
  assertEquals(await client.say(own), SENDER_OK);
  assertEquals(await sayFrom(OTHER_64, port, auth, own), SENDER_OK);
  assertEquals(await sayFrom("192.0.2.9", port, auth, own), SENDING_TOO_MUCH);
});

Deno.test("--max-recipients holds for a message, --max-session-recipients for a session", async () => {
  await using server = await startBehindProxy(
    ...["--max-recipients", "2", "--max-session-recipients", "4"],
  );
  using client = await connectFrom(STRANGER, server.port);
  await client.say("EHLO client.test", MAIL);
  assertEquals(await client.say(RCPT, RCPT), RECIPIENT_OK);
  assertEquals(await client.say(RCPT), "452 4.5.3 Too many recipients");
  await client.say("DATA");
  queuedId(await client.say("hello\r\n."));
  assertEquals(await client.say(MAIL, RCPT, RCPT), RECIPIENT_OK);
  assertEquals(await client.say("RSET", MAIL), SENDER_OK);
  assertEquals(
    await client.say(RCPT),
    "452 4.5.3 Too many recipients in one session",
  );
  assertEquals(
    await sayFrom(STRANGER, server.port, MAIL, RCPT),
    RECIPIENT_OK,
  );
});

Deno.test("--max-unknown-recipients and --max-errors end a session", async () => {
  await using server = await startBehindProxy(
    ...["--allow", STRANGER],
    ...["--max-unknown-recipients", "2", "--max-errors", "2"],
  );
  // Those who are spared other rules are not spared these.
  for (const address of [STRANGER, "192.0.2.8"]) {
    using client = await connectFrom(address, server.port);
    await client.say("EHLO client.test", MAIL);
    for (const name of ["a", "b"]) {
      assertEquals(
        await client.say(`RCPT TO:<${name}@test.ru>`),
        "550 5.1.1 No such user here",
      );
    }
    await client.send("RCPT TO:<c@test.ru>\r\n");
    assertEquals(
      await client.rest(),
      "421 4.7.1 test.ru too many unknown recipients\r\n",
    );

    using other = await connectFrom(address, server.port);
    assertMatch(await other.say("NONSENSE", "NONSENSE"), /^500 /);
    await other.send("NONSENSE\r\n");
    assertEquals(
      await other.rest(),
      "421 4.7.0 test.ru too many errors, closing connection\r\n",
    );
  }
});

Deno.test("--max-hops refuses a message that goes in circles", async () => {
  await using server = await startBehindProxy("--max-hops", "3");
  const received = "Received: from a.test by b.test; 1 Jan 2026 00:00:00 +0000";
  using client = await connectFrom(STRANGER, server.port);
  await client.say("EHLO client.test");
  queuedId(await send(client, `${received}\r\n`.repeat(2) + "\r\nhello\r\n"));
  assertEquals(
    await send(client, `${received}\r\n`.repeat(3) + "\r\nhello\r\n"),
    "554 5.4.6 Too many hops: the message seems to go in a loop",
  );
});

Deno.test("--banner-delay turns away who speaks first, and nobody else", async () => {
  await using server = await startBehindProxy(
    ...["--banner-delay", "1s", "--allow", "198.51.100.1"],
  );
  const { port } = server;
  const began = Date.now();
  const polite = greetingFor(STRANGER, port);
  using hasty = await dialFrom("192.0.2.8", port);
  await hasty.send(`EHLO client.test\r\n${MAIL}\r\nQUIT\r\n`);
  assertMatch(
    await hasty.rest(),
    /^554 5\.5\.1 Spoke before the greeting\r\n503 .*\r\n503 .*\r\n221 .*\r\n$/,
  );
  assertEquals(await polite, GREETING);
  assert(Date.now() - began >= 1_000);
  using spared = await dialFrom("198.51.100.1", port);
  await spared.send("QUIT\r\n");
  assertEquals(await spared.reply(), GREETING);
});

Deno.test("--greylist asks strangers to come back, and remembers them when the program restarts", async () => {
  await using folder = await mailFolder();
  const args = [...BEHIND_PROXY, "--accept", "domain", "--greylist", "2s"];
  const began = Date.now();
  {
    await using server = await start(folder.mailDir, ...args);
    const { port } = server;
    for (const address of [STRANGER, IPV6]) {
      assertEquals(await sayFrom(address, port, MAIL, RCPT), GREYLISTED);
    }
    assertEquals((await server.stop()).code, 0);
  }
  await using server = await start(folder.mailDir, ...args);
  const { port } = server;
  for (const address of [STRANGER, IPV6]) {
    await eventually(
      async () => await sayFrom(address, port, MAIL, RCPT) === RECIPIENT_OK,
      "the end of the delay",
    );
  }
  assert(Date.now() - began >= 2_000);
  // Of the same networks.
  for (const address of ["192.0.2.200", SAME_64]) {
    assertEquals(await sayFrom(address, port, MAIL, RCPT), RECIPIENT_OK);
  }
  for (
    const [address, mail, rcpt] of [
      [OTHER_64, MAIL, RCPT],
      [STRANGER, "MAIL FROM:<>", RCPT],
      [STRANGER, MAIL, "RCPT TO:<masha@test.ru>"],
    ] as const
  ) {
    assertEquals(await sayFrom(address, port, mail, rcpt), GREYLISTED);
  }
});

const LIST = "list.test";
const ZONE = {
  [`7.2.0.192.${LIST}`]: { A: ["127.0.0.2"] },
  [`${reversedNibbles(IPV6)}.${LIST}`]: { A: ["127.0.0.4"] },
  // What some lists say to those they won't answer, and what a domain's new owner says.
  [`8.2.0.192.${LIST}`]: { A: ["127.255.255.254"] },
  [`9.2.0.192.${LIST}`]: { A: ["203.0.113.1"] },
  [`10.2.0.192.${LIST}`]: "SERVFAIL",
} as const;

/** RFC 5782 §2.4 */
function reversedNibbles(address: string): string {
  const [head = "", tail = ""] = address.split("::");
  const groups = [head.split(":"), tail.split(":")];
  const zeros = Array(8 - groups.flat().length).fill("0");
  return [...groups[0]!, ...zeros, ...groups[1]!]
    .flatMap((group) => [...group.padStart(4, "0")]).reverse().join(".");
}

async function startWithList(
  dns: DnsServer,
  ...args: readonly string[]
): Promise<Program> {
  return await startBehindProxy(
    ...["--dnsbl", LIST, "--dns", `${dns.address}:${dns.port}`],
    ...args,
  );
}

Deno.test("--dnsbl turns away who is on a block list", async () => {
  await using dns = await startDnsServer(ZONE);
  await using server = await startWithList(dns);
  const { port } = server;
  for (const address of [STRANGER, IPV6]) {
    assertEquals(
      await sayFrom(address, port, MAIL),
      `554 5.7.1 ${address} is on the block list ${LIST}`,
    );
  }
  for (
    const address of [
      "192.0.2.6",
      "192.0.2.8",
      "192.0.2.9",
      "192.0.2.10",
      SAME_64,
    ]
  ) {
    assertEquals(await sayFrom(address, port, MAIL), SENDER_OK);
  }
  await server.logged("block list refuses our questions");
  await server.logged("block list answers nonsense");
  await server.logged("block list gives no answer");
  assertEquals(
    await sayFrom(`::ffff:${STRANGER}`, port, MAIL),
    `554 5.7.1 ${STRANGER} is on the block list ${LIST}`,
  );
  // The proxy's own address is in no list, and not asked about.
  assertEquals(
    dns.questions.filter((question) => question.includes(".127.")),
    [],
  );
});

Deno.test("--dnsbl asks nothing about who is spared, and of who must log in", async () => {
  await using dns = await startDnsServer(ZONE);
  await using server = await startWithList(
    dns,
    ...["--allow", `${STRANGER},2001:db8::/32`, "--submission-port", "0"],
    "--insecure-auth",
  );
  const { port } = server;
  assertEquals(await sayFrom(STRANGER, port, MAIL), SENDER_OK);
  assertEquals(await sayFrom(IPV6, port, MAIL), SENDER_OK);
  assertMatch(
    await sayFrom("192.0.2.9", server.portOf("submission-port"), MAIL),
    /^530 /,
  );
  assertEquals(dns.questions, []);
});

Deno.test("--deny turns away, and --allow goes before it", async () => {
  await using server = await startBehindProxy(
    ...["--deny", "192.0.2.0/24,2001:db8::/32,::ffff:203.0.113.0/120"],
    ...["--allow", "192.0.2.128/25,2001:db8:1::/48,::ffff:203.0.113.9"],
  );
  const { port } = server;
  for (
    const address of [STRANGER, `::ffff:${STRANGER}`, IPV6, "203.0.113.1"]
  ) {
    using client = await dialFrom(address, port);
    assertEquals(await client.reply(), DENIED);
    assertMatch(await client.say("EHLO client.test"), /^503 /);
    assertMatch(await client.say("QUIT"), /^221 /);
  }
  for (
    const address of [
      "192.0.2.128",
      "2001:db8:1:2::3",
      "203.0.113.9",
      "::ffff:203.0.113.9",
      "192.0.3.1",
      "2001:db9::1",
    ]
  ) {
    assertEquals(await greetingFor(address, port), GREETING);
  }
  await server.logged("connection refused", 4);
});

Deno.test("strangers' rules are for strangers: who relays here is spared them", async () => {
  await using folder = await mailFolder();
  await using server = await start(
    folder.mailDir,
    ...["--domain", "test.ru", "--accept", "domain", "--deny", "127.0.0.1"],
    ...["--connections-per-minute", "1", "--messages-per-minute", "1"],
    ...["--max-session-recipients", "1", "--greylist", "1h"],
    ...["--banner-delay", "1m", "--dnsbl", LIST, "--dns", "127.0.0.1:9"],
  );
  for (const _ of "ab") {
    using client = await connect(server.port);
    await client.say("EHLO client.test");
    queuedId(await send(client));
    queuedId(await send(client));
  }
  using early = await dial(server.port);
  await early.send("QUIT\r\n");
  assertEquals(await early.reply(), GREETING);
  await server.logged("message delivered", 4);
  assertEquals(mailsOf(folder.mailDir, "petya").length, 4);
});

Deno.test("smtpd doesn't let strangers flood its log", async () => {
  await using server = await startBehindProxy();
  for (let round = 1; round <= 2; round++) {
    using client = await connectFrom(STRANGER, server.port);
    await client.say("EHLO client.test", MAIL);
    await client.send("RCPT TO:<sasha@elsewhere.test>\r\n".repeat(200));
    for (let count = 0; count < 200; count++) {
      assertEquals(await client.reply(), "550 5.7.1 Relaying denied");
    }
    const { length } = await server.logged("recipient refused", 60);
    // One more a second is told.
    assert(length < 300, `${length}`);
  }
  assertEquals(
    await sayFrom("192.0.2.8", server.port, MAIL, "RCPT TO:<b@c.test>"),
    "550 5.7.1 Relaying denied",
  );
  await server.logged("peer=192.0.2.8");
});
