/** Mail as real clients send it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  mailFolder,
  type Program,
  runCommand,
  SERVER,
  start,
} from "./program.ts";
import { has, program } from "./programs.ts";
import { mailsOf, withoutTrace } from "./stored_mail.ts";

/** A client, and how it is told to send `TEXT` from vasya@other.test to petya@test.ru. */
interface Client {
  readonly name: string;
  readonly command: (port: number) => Deno.Command;
  /** What it reads: the body, or the whole message with its header. */
  readonly input: string;
}

const BODY = "Hello\n.\n..dots\n\nПривет\nFrom here on\n";
const MESSAGE = "From: vasya@other.test\nTo: petya@test.ru\n" +
  "Subject: hello\nMIME-Version: 1.0\n" +
  `Content-Type: text/plain; charset=utf-8\n\n${BODY}`;

const CLIENTS: readonly Client[] = [
  {
    name: "swaks",
    command: (port) =>
      program(
        "swaks",
        ...["--server", `127.0.0.1:${port}`, "--helo", "client.test"],
        ...["--from", "vasya@other.test", "--to", "petya@test.ru"],
        ...["--data", "-"],
      ),
    input: MESSAGE,
  },
  {
    name: "msmtp",
    command: (port) =>
      program(
        "msmtp",
        ...["--host", "127.0.0.1", "--port", `${port}`, "--auth=off"],
        ...["--tls=off", "--domain=client.test", "--from", "vasya@other.test"],
        "petya@test.ru",
      ),
    input: MESSAGE,
  },
  {
    name: "curl",
    command: (port) =>
      program(
        "curl",
        ...["--silent", "--show-error", "--crlf"],
        ...["--mail-from", "vasya@other.test", "--mail-rcpt", "petya@test.ru"],
        ...["--upload-file", "-", `smtp://127.0.0.1:${port}/client.test`],
      ),
    input: MESSAGE,
  },
  {
    name: "s-nail",
    command: (port) =>
      program(
        "s-nail",
        ...["-:/", "-S", "v15-compat=yes", "-S", "ttycharset=utf-8"],
        ...["-S", `mta=smtp://127.0.0.1:${port}`, "-S", "smtp-auth=none"],
        ...["-S", "from=vasya@other.test", "-S", "hostname=other.test"],
        ...["-S", "mime-encoding=8b", "-s", "hello", "petya@test.ru"],
      ),
    input: BODY,
  },
];

for (const { name, command, input } of CLIENTS) {
  Deno.test({
    name: `smtpd keeps what ${name} sends`,
    ignore: !has(name),
    fn: async () => {
      await using folder = await mailFolder();
      await using server = await start(folder.mailDir, ...SERVER);
      const { code, out, error } = await runCommand(
        command(server.port),
        input,
      );
      assertEquals(code, 0, `${out}\n${error}`);
      const [mail = ""] = await delivered(server);
      assertMatch(mail, /^Return-Path: <vasya@other\.test>\r\nReceived: from /);
      assertMatch(mail, /\tfor <petya@test\.ru>;\r\n/);
      assertMatch(mail, /^Subject: hello\r\n/m);
      const body = withoutTrace(mail).replace(/^.*?\r\n\r\n/s, "");
      assertEquals(body.trimEnd(), BODY.trimEnd().replaceAll("\n", "\r\n"));
    },
  });
}

/** A Python program that has a session `smtp` with the server. */
function python(port: number, lines: string): Deno.Command {
  const session = `
import smtplib, sys
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
smtp = smtplib.SMTP("127.0.0.1", ${port}, "client.test", timeout=30)
${lines}
smtp.quit()
`;
  return program("python3", "-c", session);
}

async function runPython(port: number, lines: string): Promise<string> {
  const { code, out, error } = await runCommand(python(port, lines), "");
  assertEquals(code, 0, error);
  return out;
}

const ignore = !has("python3");

Deno.test({
  name: "smtpd keeps HTML with an attachment as python sends it",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(folder.mailDir, ...SERVER);
    const sent = await runPython(
      server.port,
      `
message = EmailMessage(policy=SMTP)
message["From"] = "vasya@other.test"
message["To"] = "petya@test.ru"
message["Subject"] = "Тема"
message.set_content("plain\\n")
message.add_alternative("<p>Привет</p>\\n", subtype="html")
message.add_attachment(bytes(range(256)), maintype="application",
    subtype="octet-stream", filename="файл.bin")
message.set_boundary("boundary")
smtp.send_message(message)
sys.stdout.buffer.write(message.as_bytes())
`,
    );
    const [mail = ""] = await delivered(server);
    assertEquals(withoutTrace(mail), sent);
  },
});

Deno.test({
  name: "smtpd takes addresses in UTF-8 from python",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(folder.mailDir, ...SERVER);
    const sent = await runPython(
      server.port,
      `
message = EmailMessage(policy=SMTPUTF8)
message["From"] = "отправитель@пример.test"
message["To"] = "Петя@test.ru"
message["Subject"] = "Тема"
message.set_content("Привет\\n", cte="8bit")
smtp.send_message(message)
sys.stdout.buffer.write(message.as_bytes())
`,
    );
    await server.logged("message delivered");
    const [mail = ""] = mailsOf(
      folder.mailDir,
      "%D0%BF%D0%B5%D1%82%D1%8F",
    );
    assertMatch(mail, /^Return-Path: <отправитель@(?:пример|xn--\w+)\.test>/);
    assertMatch(mail, / with UTF8SMTP id /);
    assertEquals(withoutTrace(mail), sent);
  },
});

Deno.test({
  name: "smtpd gives each of many recipients a copy",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(folder.mailDir, ...SERVER);
    const refused = await runPython(
      server.port,
      `
to = ["user%d@test.ru" % n for n in range(250)] + ["x@elsewhere.test"]
print(smtp.sendmail("vasya@other.test", to, b"Subject: all\\r\\n\\r\\nhi\\r\\n"))
`,
    );
    assertEquals(
      refused,
      "{'x@elsewhere.test': (550, b'5.7.1 Relaying denied')}\n",
    );
    await server.logged("message delivered", 250);
    const copies = new Set<string>();
    for (let number = 0; number < 250; number++) {
      const mails = mailsOf(folder.mailDir, `user${number}`);
      assertEquals(mails.length, 1);
      copies.add(mails[0]!);
    }
    assertEquals(copies.size, 1);
    assert(!copies.values().next().value!.includes("for <"));
  },
});

Deno.test({
  name: "smtpd serves smtp-source's many sessions",
  ignore: !has("smtp-source"),
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(
      folder.mailDir,
      ...SERVER,
      "--max-connections-per-ip",
      "300",
    );
    const { code, error } = await runCommand(
      program(
        "smtp-source",
        ...["-s", "200", "-m", "600", "-l", "4096", "-f", "vasya@other.test"],
        ...["-t", "petya@test.ru", `127.0.0.1:${server.port}`],
      ),
      "",
    );
    assertEquals([code, error], [0, ""]);
    await server.logged("message delivered", 600);
    assertEquals(mailsOf(folder.mailDir, "petya").length, 600);
  },
});

/** The mail that petya got. */
async function delivered(server: Program): Promise<readonly string[]> {
  await server.logged("message delivered");
  return mailsOf(server.mailDir, "petya");
}
