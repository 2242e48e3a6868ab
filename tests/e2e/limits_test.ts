/** Large messages, many clients, and what is too much. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { eventually } from "./patience.ts";
import { mailFolder, SERVER, start } from "./program.ts";
import { connect, dial, queuedId, type SmtpClient } from "./smtp_client.ts";
import { litter, mailsOf } from "./stored_mail.ts";

const ENVELOPE = [
  "EHLO client.test",
  "MAIL FROM:<vasya@other.test>",
  "RCPT TO:<petya@test.ru>",
];
const MAX_SIZE = 25 * 1024 * 1024;

/** A message of so many octets. */
function messageOf(size: number): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode("0123456789abcdef".repeat(4) + "\r\n");
  const message = new Uint8Array(size);
  for (let at = 0; at < size; at += line.length) {
    message.set(line.subarray(0, Math.min(line.length, size - at)), at);
  }
  message.set([13, 10], size - 2);
  return message;
}

async function sendMessage(
  client: SmtpClient,
  message: Uint8Array<ArrayBuffer>,
): Promise<string> {
  assertMatch(await client.say(...ENVELOPE, "DATA"), /^354 /);
  await client.send(message);
  return await client.say(".");
}

/** The message in petya's folder whose name has an ID. */
function stored(mailDir: string, id: string): Uint8Array {
  const folder = join(mailDir, "test.ru", "petya", "new");
  const name = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .find((name) => name.includes(id));
  return Deno.readFileSync(join(folder, name!));
}

async function digest(octets: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", octets.slice());
  return new Uint8Array(hash).toHex();
}

Deno.test("smtpd keeps a message of the largest size, octet for octet, and no larger", async () => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  using client = await connect(server.port);
  const largest = messageOf(MAX_SIZE);
  const id = queuedId(await sendMessage(client, largest));
  await server.logged(`message delivered id=${id}`);
  const mail = stored(folder.mailDir, id);
  assertEquals(
    await digest(mail.subarray(mail.length - largest.length)),
    await digest(largest),
  );

  assertMatch(
    await sendMessage(client, messageOf(MAX_SIZE + 1)),
    /^552 5\.3\.4 /,
  );
  assertMatch(
    await client.say(`MAIL FROM:<a@b.test> SIZE=${MAX_SIZE + 1}`),
    /^552 5\.3\.4 /,
  );
  assertMatch(await client.say("NOOP"), /^250 /);
  assertEquals(mailsOf(folder.mailDir, "petya").length, 1);
  await eventually(
    () => litter(folder.mailDir).length === 0,
    "the spool to be empty",
  );
});

Deno.test("smtpd keeps binary chunks as they are", async () => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  using client = await connect(server.port);
  const octets = new Uint8Array(200_000).map((_, index) => index * 7 % 256);
  octets.set(new TextEncoder().encode("\r\n.\r\n\0\n\r.\n"), 1000);
  const commands = "EHLO client.test\r\n" +
    "MAIL FROM:<vasya@other.test> BODY=BINARYMIME\r\n" +
    "RCPT TO:<petya@test.ru>\r\n";
  const chunks = [
    octets.subarray(0, 1003),
    octets.subarray(1003, 150_000),
    octets.subarray(150_000),
  ];
  await client.send(commands);
  for (const [index, chunk] of chunks.entries()) {
    const last = index === chunks.length - 1 ? " LAST" : "";
    await client.send(`BDAT ${chunk.length}${last}\r\n`);
    await client.send(chunk);
  }
  const replies = [];
  for (let count = 0; count < 6; count++) replies.push(await client.reply());
  const id = queuedId(replies.at(-1)!);
  assertEquals(replies[3], "250 2.0.0 1003 octets received");
  await server.logged(`message delivered id=${id}`);
  const mail = stored(folder.mailDir, id);
  assertEquals(
    await digest(mail.subarray(mail.length - octets.length)),
    await digest(octets),
  );
});

Deno.test("smtpd serves 200 sessions that are all in the middle of a message", async () => {
  await using folder = await mailFolder();
  await using server = await start(
    folder.mailDir,
    ...SERVER,
    ...["--max-connections-per-ip", "200"],
  );
  const clients = await Promise.all(
    Array.from({ length: 200 }, () => connect(server.port)),
  );
  using stack = new DisposableStack();
  for (const client of clients) stack.use(client);
  const half = "some text\r\n".repeat(500);
  for (const client of clients) {
    await client.send([...ENVELOPE, "DATA", ""].join("\r\n"));
  }
  for (const client of clients) {
    for (let count = 0; count < 3; count++) await client.reply();
    assertMatch(await client.reply(), /^354 /);
    await client.send(half);
  }
  const replies = await Promise.all(
    clients.map(async (client, number) => {
      await client.send(`${half}I am number ${number}.\r\n`);
      return await client.say(".");
    }),
  );
  assertEquals(new Set(replies.map(queuedId)).size, 200);
  await server.logged("message delivered", 200);
  const mails = mailsOf(folder.mailDir, "petya");
  const numbers = mails.map((mail) => /number (\d+)\.\r\n$/.exec(mail)?.[1]);
  assertEquals(mails.length, 200);
  assertEquals(new Set(numbers).size, 200);
});

Deno.test("smtpd turns away who is one too many, and others later", async () => {
  await using folder = await mailFolder();
  await using server = await start(
    folder.mailDir,
    ...SERVER,
    ...["--max-connections-per-ip", "2"],
  );
  using first = await connect(server.port);
  using second = await connect(server.port);
  using third = await dial(server.port);
  assertEquals(
    await third.rest(),
    "421 4.7.0 test.ru too many connections, try again later\r\n",
  );
  assertMatch(await second.say("NOOP"), /^250 /);
  assertMatch(await first.say("QUIT"), /^221 /);
  await first.rest();
  using fourth = await dial(server.port);
  assert((await fourth.reply()).startsWith("220 "));
});
