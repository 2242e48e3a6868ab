/** Clients that come by a proxy, and what a proxy may do wrong. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { binaryHeader, text } from "../net/proxy_header.ts";
import { placesIn } from "../../src/config/places.ts";
import { HOST, mailFolder, type Program, start } from "./program.ts";
import { furnish, PETYA } from "./provider.ts";
import { connect, dial, queuedId } from "./smtp_client.ts";
import { mailsOf } from "./stored_mail.ts";
import {
  BEHIND_PROXY,
  greetingFor,
  introduction,
  startBehindProxy,
  STRANGER,
} from "./strange_clients.ts";

const GREETING = "220 test.ru ESMTP smtpd";
const MAIL = "MAIL FROM:<vasya@other.test>\r\nRCPT TO:<petya@test.ru>\r\n";

const IPV4_ENDS = [...[192, 0, 2, 7], ...[127, 0, 0, 1], 156, 64, 0, 25];
const IPV6_ENDS = [
  ...[0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[156, 64, 0, 25],
];
const MAPPED_ENDS = [
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1],
  ...[156, 64, 0, 25],
];
/** An extension (§2.2.1): the name of a server, and one that nobody knows. */
const EXTENSIONS = [...[2, 0, 3, 97, 46, 98], ...[0xe0, 0, 1, 0]];

/** What a proxy sends first, and who the client is then. */
const HEADERS: readonly (readonly [
  what: string,
  header: Uint8Array<ArrayBuffer>,
  client: string,
])[] = [
  ["version 1, IPv4", text(introduction(STRANGER)), STRANGER],
  [
    "version 1, IPv6",
    text(introduction("2001:DB8:0:1:0:0:0:7")),
    "IPv6:2001:db8:0:1::7",
  ],
  ["version 1, mapped", text(introduction(`::ffff:${STRANGER}`)), STRANGER],
  ["version 1, unknown", text("PROXY UNKNOWN\r\n"), "127.0.0.1"],
  [
    "version 1, unknown with more",
    text("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"),
    "127.0.0.1",
  ],
  ["version 2, IPv4", binaryHeader({ follows: IPV4_ENDS }), STRANGER],
  [
    "version 2, IPv6",
    binaryHeader({ family: 0x21, follows: IPV6_ENDS }),
    "IPv6:2001:db8:0:1::7",
  ],
  [
    "version 2, mapped",
    binaryHeader({ family: 0x21, follows: MAPPED_ENDS }),
    STRANGER,
  ],
  [
    "version 2 with extensions",
    binaryHeader({ follows: [...IPV4_ENDS, ...EXTENSIONS] }),
    STRANGER,
  ],
  [
    "version 2, the proxy's own",
    binaryHeader({ command: 0x20, family: 0, follows: [] }),
    "127.0.0.1",
  ],
];

/** Sends a mail in one write with its header; gives the client of its Received field. */
async function clientOf(
  server: Program,
  pieces: readonly Uint8Array<ArrayBuffer>[],
): Promise<string | undefined> {
  using client = await dial(server.port);
  for (const piece of pieces) await client.send(piece);
  assertEquals(await client.reply(), GREETING);
  for (const code of ["250", "250", "250", "354"]) {
    assert((await client.reply()).startsWith(code));
  }
  const id = queuedId(await client.reply());
  await server.logged(`message delivered id=${id}`);
  const mail = mailsOf(server.mailDir, "petya")
    .find((mail) => mail.includes(id));
  return /^Received: from client\.test \(\[(.*)\]\)/m.exec(mail!)?.[1];
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

const SESSION = text(
  `EHLO client.test\r\n${MAIL}DATA\r\nhello\r\n.\r\n`,
);

Deno.test("smtpd takes a proxy's word for who the client is", async (t) => {
  await using server = await startBehindProxy();
  for (const [what, header, client] of HEADERS) {
    await t.step(what, async () => {
      const whole = joined(header, SESSION);
      assertEquals(await clientOf(server, [whole]), client);
      const cut = Math.floor(header.length / 2);
      const pieces = [
        ...[header.slice(0, 1), header.slice(1, cut)],
        ...[header.slice(cut, -1), joined(header.slice(-1), SESSION)],
      ];
      assertEquals(await clientOf(server, pieces), client);
    });
  }
});

/** What no proxy of ours sends, and what the log says of it. */
const BAD: readonly (readonly [
  what: string,
  sent: Uint8Array<ArrayBuffer>,
  reason: string,
])[] = [
  ["a client without a proxy", text("EHLO client.test\r\n"), "no PROXY header"],
  ["noise", new Uint8Array([0, 255, 13, 10]), "no PROXY header"],
  [
    "a TLS client",
    new Uint8Array([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
    "no PROXY header",
  ],
  [
    "an address that is none",
    text("PROXY TCP4 192.0.2.256 127.0.0.1 1 2\r\n"),
    "malformed PROXY line",
  ],
  [
    "an address of the other kind",
    text("PROXY TCP4 ::1 ::1 1 2\r\n"),
    "malformed PROXY line",
  ],
  [
    "a bare LF",
    text("PROXY TCP4 192.0.2.7 127.0.0.1 1 2\nEHLO client.test\r\n"),
    "PROXY line not ended by CR LF",
  ],
  ["a line without end", text(`PROXY TCP4 ${"1".repeat(200)}`), "too long"],
  [
    "version 3",
    binaryHeader({ command: 0x31, follows: IPV4_ENDS }),
    "unknown version or command",
  ],
  ["too few octets", binaryHeader({ follows: [192, 0] }), "too short"],
  [
    "too many octets",
    binaryHeader({ follows: Array(5000).fill(0) }),
    "too long",
  ],
];

Deno.test("smtpd hangs up on a proxy that it doesn't understand, without a word", async (t) => {
  await using server = await startBehindProxy("--timeout", "30s");
  for (const [what, sent, reason] of BAD) {
    await t.step(what, async () => {
      using client = await dial(server.port);
      await client.send(sent);
      assertEquals(await client.rest(), "");
      await server.logged(reason);
    });
  }
  await t.step("silence", async () => {
    using client = await dial(server.port);
    assertEquals(await client.rest(), "");
    await server.logged("it took too long");
  });
  await t.step("one that leaves", async () => {
    (await dial(server.port))[Symbol.dispose]();
    await server.logged("no whole PROXY header");
  });
  await server.logged("proxy not understood", BAD.length + 2);
  assertEquals(await greetingFor(STRANGER, server.port), GREETING);
});

Deno.test("smtpd believes no PROXY header of anybody else", async () => {
  await using folder = await mailFolder();
  await using server = await start(
    folder.mailDir,
    ...["--domain", "test.ru", "--accept", "domain", "--relay-from", STRANGER],
    ...["--proxy-from", "127.0.0.2"],
  );
  using client = await connect(server.port);
  assertMatch(await client.say(introduction(STRANGER).trimEnd()), /^500 /);
  await client.say("EHLO client.test", "MAIL FROM:<vasya@other.test>");
  assertEquals(
    await client.say("RCPT TO:<sasha@elsewhere.test>"),
    "550 5.7.1 Relaying denied",
  );
});

Deno.test("a proxy has no rights of its own, and its clients have theirs", async () => {
  await using folder = await mailFolder();
  await using server = await start(
    folder.mailDir,
    ...["--domain", "test.ru", "--accept", "domain"],
    ...["--proxy-from", HOST, "--relay-from", "127.0.0.0/8,2001:db8::/32"],
  );
  const relay = async (header: string) => {
    using client = await dial(server.port);
    await client.send(header);
    await client.reply();
    await client.say("EHLO client.test", "MAIL FROM:<vasya@other.test>");
    return await client.say("RCPT TO:<sasha@elsewhere.test>");
  };
  for (const header of ["PROXY UNKNOWN\r\n", introduction(STRANGER)]) {
    assertEquals(await relay(header), "550 5.7.1 Relaying denied");
  }
  for (const client of ["127.0.0.2", "2001:db8::7"]) {
    assertEquals(
      await relay(introduction(client)),
      "250 2.1.5 Recipient OK",
    );
  }
});

Deno.test("smtpd does TLS behind a PROXY header", async () => {
  await using folder = await mailFolder();
  await furnish(folder.mailDir);
  const { certificate, certificateKey } = placesIn(folder.mailDir);
  await using server = await start(
    folder.mailDir,
    ...BEHIND_PROXY,
    ...["--submission-port", "0", "--submissions-port", "0"],
    ...["--tls-cert", certificate, "--tls-key", certificateKey],
  );
  const pem = Deno.readTextFileSync(certificate);
  const login = `AUTH PLAIN ${btoa(`\0${PETYA.address}\0${PETYA.password}`)}`;
  for (const setting of ["submission-port", "submissions-port"] as const) {
    using client = await dial(server.portOf(setting));
    await client.send(introduction(STRANGER));
    if (setting === "submission-port") {
      await client.reply();
      await client.say("EHLO client.test", "STARTTLS");
    }
    await client.secure(pem);
    if (setting === "submissions-port") await client.reply();
    await client.say("EHLO client.test");
    assertMatch(await client.say(login), /^235 /);
  }
  const lines = await server.logged("logged in", 2);
  assert(lines.every((line) => line.includes(`peer=${STRANGER} `)));
});
