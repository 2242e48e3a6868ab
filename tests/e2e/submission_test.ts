/** Who may send what, by which port, and what is written down of it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { mailFolder, smtpd, start } from "./program.ts";
import {
  furnish,
  MASHA,
  type Person,
  PETYA,
  type Provider,
  startProvider,
} from "./provider.ts";
import {
  connect,
  connectSecurely,
  dial,
  queuedId,
  type SmtpClient,
} from "./smtp_client.ts";
import { filesUnder, mailsOf } from "./stored_mail.ts";

const ENCRYPTION_REQUIRED =
  "538 5.7.11 Encryption required for authentication: issue STARTTLS first";
const STARTTLS_FIRST = "530 5.7.0 Must issue a STARTTLS command first";
const LOGIN_FIRST = "530 5.7.0 Authentication required";
const WELCOME = "235 2.7.0 Authentication successful";
const WRONG = "535 5.7.8 Authentication credentials invalid";
const NOT_YOURS = "550 5.7.1 This sender address does not belong to your login";
const SENDER_OK = "250 2.1.0 Sender OK";
const RECIPIENT_OK = "250 2.1.5 Recipient OK";
const RELAYING_DENIED = "550 5.7.1 Relaying denied";

/** By AUTH PLAIN, with the response at once. */
function plain({ address, password }: Person): string {
  return `AUTH PLAIN ${btoa(`\0${address}\0${password}`)}`;
}

/** Sends a message in a session under way; gives the last reply. */
async function send(
  client: SmtpClient,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string> {
  await client.say(`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA");
  return await client.say("Subject: hello\r\n\r\nhello\r\n.");
}

async function secureClient(
  server: Provider,
  setting: "port" | "submission-port" = "submission-port",
): Promise<SmtpClient> {
  const { pem } = server.certificate;
  const client = await connectSecurely(server.portOf(setting), pem);
  await client.say("EHLO client.test");
  return client;
}

Deno.test("smtpd wants TLS, then a login, from users", async () => {
  await using server = await startProvider();
  const mail = `MAIL FROM:<${PETYA.address}>`;
  {
    using clear = await connect(server.portOf("submission-port"));
    assert(!/^AUTH/m.test(await clear.say("EHLO client.test")));
    assertEquals(await clear.say(plain(PETYA)), ENCRYPTION_REQUIRED);
    assertEquals(await clear.say("AUTH LOGIN"), ENCRYPTION_REQUIRED);
    assertEquals(await clear.say(mail), STARTTLS_FIRST);
  }
  using secure = await secureClient(server);
  assertEquals(await secure.say(mail), LOGIN_FIRST);
  assertEquals(await secure.say("STARTTLS"), "503 5.5.1 TLS is already on");
  assertEquals(await secure.say(plain(PETYA)), WELCOME);
  assertEquals(
    await secure.say(plain(PETYA)),
    "503 5.5.1 Already authenticated",
  );
  assertEquals(await secure.say(mail), SENDER_OK);
});

Deno.test("smtpd relays for users, and for nobody else", async () => {
  await using server = await startProvider();
  const [from, to] = [PETYA.address, "sasha@elsewhere.test"];
  using stranger = await secureClient(server, "port");
  await stranger.say(`MAIL FROM:<${from}>`);
  assertEquals(await stranger.say(`RCPT TO:<${to}>`), RELAYING_DENIED);
  // Users have ports of their own.
  assertMatch(await stranger.say("RSET", plain(PETYA)), /^50[23] /);

  using user = await secureClient(server);
  await user.say(plain(PETYA));
  queuedId(await send(user, { from, to }));
  await server.elsewhere.took(1);
  const [letter] = server.elsewhere.letters;
  assertEquals([letter?.from, letter?.to], [from, [to]]);
});

Deno.test("smtpd takes from users the addresses that are theirs", async () => {
  await using server = await startProvider();
  using client = await secureClient(server);
  await client.say(plain(PETYA));
  for (
    const [from, reply] of [
      ["petya@test.ru", SENDER_OK],
      ["Petya@TEST.ru", SENDER_OK],
      ["petya+lists@test.ru", SENDER_OK],
      ["info@test.ru", SENDER_OK],
      ["", SENDER_OK],
      ["masha@test.ru", NOT_YOURS],
      ["nobody@test.ru", NOT_YOURS],
      ["petya@elsewhere.test", NOT_YOURS],
    ]
  ) {
    assertEquals(await client.say(`MAIL FROM:<${from}>`), reply, from);
    await client.say("RSET");
  }
  using other = await secureClient(server);
  await other.say(plain(MASHA));
  assertEquals(await other.say("MAIL FROM:<info@test.ru>"), NOT_YOURS);
});

Deno.test("smtpd answers a wrong password as it does an unknown name", async () => {
  await using server = await startProvider();
  using client = await secureClient(server);
  const nobody = { address: "nobody@test.ru", password: "12345" };
  assertEquals(await client.say(plain({ ...PETYA, password: "12345" })), WRONG);
  assertEquals(await client.say(plain(nobody)), WRONG);
  assertEquals(await client.say(`MAIL FROM:<${PETYA.address}>`), LOGIN_FIRST);
  const lines = await server.logged("INFO login failed", 2);
  assertMatch(lines[0]!, / peer=127\.0\.0\.1 user=petya@test\.ru /);
  assertMatch(lines[1]!, / peer=127\.0\.0\.1 user=nobody@test\.ru /);
});

Deno.test("smtpd --insecure-auth has the paper's dialogue, by which mail is sent", async () => {
  await using folder = await mailFolder();
  await furnish(folder.mailDir);
  await using server = await start(
    folder.mailDir,
    ...["--domain", "test.ru", "--relay-from", "none", "--insecure-auth"],
  );
  using client = await connect(server.port);
  assertMatch(
    await client.say("EHLO [192.168.0.1]"),
    /^250-AUTH SCRAM-SHA-256 PLAIN LOGIN$/m,
  );
  const [name, password] = [PETYA.address, PETYA.password].map(btoa);
  for (
    const [said, reply] of [
      ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
      [name!, "334 UGFzc3dvcmQ6"],
      [password!, WELCOME],
      ["MAIL FROM:<petya@test.ru>", SENDER_OK],
      ["RCPT TO:<masha@test.ru>", RECIPIENT_OK],
      ["DATA", "354 Start mail input; end with <CRLF>.<CRLF>"],
    ] as const
  ) {
    assertEquals(await client.say(said), reply);
  }
  const id = queuedId(await client.say("Subject: hello\r\n\r\nhello\r\n."));
  await server.logged(`message delivered id=${id}`);
  assertMatch(mailsOf(folder.mailDir, "masha")[0]!, / with ESMTPA id \w+\r\n/);
});

Deno.test("smtpd hears nothing that was sent in the clear behind STARTTLS", async () => {
  await using server = await startProvider();
  for (
    const more of [
      `MAIL FROM:<${PETYA.address}>\r\n`,
      "RSET\r\n",
      "\r\n",
      "\x16\x03\x01",
    ]
  ) {
    for (const setting of ["port", "submission-port"] as const) {
      using client = await connect(server.portOf(setting));
      await client.say("EHLO client.test");
      await client.send(`STARTTLS\r\n${more}`);
      const rest = await client.rest();
      assert(!/^250|^220/m.test(rest), rest);
    }
  }
  const { error: log } = await server.stop();
  assert(!log.includes("TLS handshake"), log);
});

Deno.test("smtpd says nothing in the clear where TLS is to begin", async () => {
  await using server = await startProvider();
  using client = await dial(server.portOf("submissions-port"));
  await client.send("EHLO client.test\r\n");
  assertEquals(await client.rest(), "");
  const [line] = await server.logged("TLS handshake failed");
  assertMatch(line!, / reason="what the client sent is not TLS"$/);

  using secure = await dial(server.portOf("submissions-port"));
  await secure.secure(server.certificate.pem);
  assertEquals(await secure.reply(), "220 mx.test.ru ESMTP smtpd");
});

Deno.test("smtpd writes down how users log in, but no secrets", async () => {
  await using server = await startProvider();
  const { address, password } = PETYA;
  const secrets = [password, btoa(password), "GUESS", btoa("GUESS")];
  {
    using client = await secureClient(server);
    const [, challenge = ""] =
      /^334 (\S+)$/.exec(await client.say(`AUTH SCRAM-SHA-256 ${SCRAM}`)) ?? [];
    assertMatch(atob(challenge), /^r=rOprNGfwEbeRWgbNEkqO.+,s=.+,i=\d+$/);
    assertMatch(await client.say("*"), /^501 /);
    await client.say("AUTH LOGIN", btoa(address), btoa("GUESS"));
    // What a client goes on to say that expects no refusal.
    await client.say(btoa("GUESS"), `AUHT PLAIN ${btoa("GUESS")}`);
    await client.say("AUTH LOGIN", btoa(address), btoa(password));
    queuedId(await send(client, { from: address, to: MASHA.address }));
    await client.say("QUIT");
    secrets.push(challenge, atob(challenge));
  }
  {
    using client = await secureClient(server);
    await client.say(plain(PETYA));
    secrets.push(plain(PETYA).split(" ")[2]!);
  }
  const [line = ""] = await server.logged("message accepted");
  assertMatch(
    line,
    / peer=127\.0\.0\.1 user=petya@test\.ru tls="TLSv1\.3 TLS_/,
  );
  const { error: log } = await server.stop();
  const { out: record } = await smtpd(server.mailDir, [
    "transcript",
    / session=(\w+)/.exec(line)![1]!,
  ]);
  for (
    const said of [
      "-> 220 2.0.0 Ready to start TLS",
      "-- TLSv1.3 TLS_AES_256_GCM_SHA384",
      "<- AUTH SCRAM-SHA-256 (not shown)",
      "-> 334 (SASL challenge, not shown)",
      "<- *",
      "<- AUTH LOGIN",
      "-> 334 VXNlcm5hbWU6",
      "<- (SASL response, not shown)",
      `-> ${WRONG}`,
      `-> ${WELCOME}`,
    ]
  ) {
    assert(record.includes(`  ${said}\n`), `${said} in ${record}`);
  }
  const files = filesUnder(server.mailDir)
    .map((path) => join(server.mailDir, path))
    .filter((path) => path.includes("transcripts"))
    .map((path) => Deno.readTextFileSync(path));
  assertEquals(files.length, 1);
  for (const text of [log, ...files]) {
    for (const secret of secrets) assert(!text.includes(secret), secret);
  }
});

/** The first message of a client of petya's (RFC 5802 §7). */
const SCRAM = btoa("n,,n=petya@test.ru,r=rOprNGfwEbeRWgbNEkqO");
