/** Mail as real clients submit it: under TLS, by users who log in. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { type Exit, HOST, runCommand } from "./program.ts";
import { hasWithTls, program } from "./programs.ts";
import { MASHA, type Person, PETYA, startProvider } from "./provider.ts";
import { mailsOf } from "./stored_mail.ts";

/** What a client is told to do: to log in, and to send `MESSAGE` to masha and elsewhere. */
interface Task {
  readonly port: number;
  /** How TLS begins. */
  readonly tls: "implicit" | "STARTTLS";
  readonly mechanism: string;
  readonly login: Person;
  readonly from: string;
  /** A file with the certificate to trust. */
  readonly trust: string;
}

/** A client, and how it is told. */
interface Client {
  readonly name: string;
  readonly mechanisms: readonly string[];
  readonly command: (task: Task) => Deno.Command;
  /** What it reads: the body, or the whole message with its header. */
  readonly input: string;
}

const BODY = "Hello\n.\nFrom here on\n";
/** Without the fields that the server is to add, and with one that nobody is to see. */
const MESSAGE = "Subject: hello\nTo: masha@test.ru\n" +
  `Bcc: sasha@elsewhere.test\n\n${BODY}`;
const RECIPIENTS = ["masha@test.ru", "sasha@elsewhere.test"];

const CLIENTS: readonly Client[] = [
  {
    name: "swaks",
    mechanisms: ["PLAIN", "LOGIN"],
    command: ({ port, tls, mechanism, login, from, trust }) =>
      program(
        "swaks",
        ...["--server", `${HOST}:${port}`, "--helo", "client.test"],
        ...[tls === "implicit" ? "--tlsc" : "--tls"],
        ...["--tls-verify", "--tls-ca-path", trust],
        ...["--auth", mechanism, "--auth-user", login.address],
        ...["--auth-password", login.password],
        ...["--from", from, "--to", RECIPIENTS.join(","), "--data", "-"],
      ),
    input: MESSAGE,
  },
  {
    name: "curl",
    mechanisms: ["PLAIN", "LOGIN"],
    command: ({ port, tls, mechanism, login, from, trust }) =>
      program(
        "curl",
        ...["--silent", "--show-error", "--verbose", "--crlf", "--ssl-reqd"],
        ...["--cacert", trust, "--login-options", `AUTH=${mechanism}`],
        ...["--user", `${login.address}:${login.password}`],
        ...["--mail-from", from],
        ...RECIPIENTS.flatMap((to) => ["--mail-rcpt", to]),
        ...["--upload-file", "-"],
        `${
          tls === "implicit" ? "smtps" : "smtp"
        }://${HOST}:${port}/client.test`,
      ),
    input: MESSAGE,
  },
  {
    name: "msmtp",
    mechanisms: ["PLAIN", "LOGIN", "SCRAM-SHA-256"],
    command: ({ port, tls, mechanism, login, from, trust }) =>
      program(
        "msmtp",
        ...["--host", HOST, "--port", `${port}`, "--domain=client.test"],
        ...["--tls=on", `--tls-starttls=${tls === "implicit" ? "off" : "on"}`],
        ...[`--tls-trust-file=${trust}`],
        ...[`--auth=${mechanism.toLowerCase()}`, "--user", login.address],
        `--passwordeval=printf %s '${login.password}'`,
        ...["--from", from, "--remove-bcc-headers=off"],
        ...["--set-date-header=off", "--set-msgid-header=off"],
        ...["--set-from-header=off", ...RECIPIENTS],
      ),
    input: MESSAGE,
  },
  {
    name: "python3",
    mechanisms: ["PLAIN", "LOGIN"],
    command: ({ port, tls, mechanism, login, from, trust }) =>
      program(
        "python3",
        "-c",
        `
import smtplib, ssl, sys
context = ssl.create_default_context(cafile="${trust}")
if "${tls}" == "implicit":
    smtp = smtplib.SMTP_SSL("${HOST}", ${port}, "client.test", timeout=30,
        context=context)
else:
    smtp = smtplib.SMTP("${HOST}", ${port}, "client.test", timeout=30)
    smtp.starttls(context=context)
smtp.ehlo()
assert "PLAIN" in smtp.esmtp_features["auth"].split()
smtp.esmtp_features["auth"] = "${mechanism}"
smtp.login("${login.address}", "${login.password}")
smtp.sendmail("${from}", ${JSON.stringify(RECIPIENTS)}, sys.stdin.read())
smtp.quit()
`,
      ),
    input: MESSAGE,
  },
  {
    name: "s-nail",
    mechanisms: ["PLAIN", "LOGIN"],
    command: ({ port, tls, mechanism, login, from, trust }) => {
      const user = [login.address, login.password].map(encodeURIComponent)
        .join(":");
      // It finds no address in a certificate.
      const server = `${user}@localhost:${port}`;
      return program(
        "s-nail",
        ...["-:/", "-S", "v15-compat=yes", "-S", "ttycharset=utf-8"],
        ...["-S", "tls-verify=strict", "-S", `tls-ca-file=${trust}`],
        ...["-S", "tls-ca-no-defaults", "-S", "mime-encoding=8b"],
        ...["-S", `smtp-auth=${mechanism.toLowerCase()}`],
        ...tls === "implicit"
          ? ["-S", `mta=submissions://${server}`]
          : ["-S", `mta=submission://${server}`, "-S", "smtp-use-starttls"],
        // What it can't send it would put into a file in the user's home.
        ...["-S", "nosave"],
        ...["-S", `from=${from}`, "-S", "hostname=client.test"],
        ...["-s", "hello", "-b", "sasha@elsewhere.test", "masha@test.ru"],
      );
    },
    input: BODY,
  },
];

for (const client of CLIENTS) {
  Deno.test({
    name: `smtpd takes mail from users of ${client.name}`,
    ignore: !hasWithTls(client.name),
    fn: (t) => takesMailFrom(client, t),
  });
}

async function takesMailFrom(
  { mechanisms, command, input }: Client,
  t: Deno.TestContext,
): Promise<void> {
  await using server = await startProvider();
  const run = (task: Partial<Task>): Promise<Exit> =>
    runCommand(
      command({
        port: server.portOf("submissions-port"),
        tls: "implicit",
        mechanism: mechanisms[0]!,
        login: PETYA,
        from: PETYA.address,
        trust: server.certificate.path,
        ...task,
      }),
      input,
    );

  let sent = 0;
  for (const mechanism of mechanisms) {
    // Each comes by one of the doors, and by both there are some.
    const door = DOORS[sent % DOORS.length]!;
    await t.step(`by ${mechanism}, TLS ${door.tls}`, async () => {
      const from = ADDRESSES[sent++ % ADDRESSES.length]!;
      const port = server.portOf(door.setting);
      const exit = await run({ tls: door.tls, port, mechanism, from });
      assertEquals(exit.code, 0, `${exit.out}\n${exit.error}`);
      await server.logged("message delivered", sent);
      await server.elsewhere.took(sent);
      assertSubmitted(mailsOf(server.mailDir, "masha").at(-1)!, from);
      assertSubmitted(server.elsewhere.letters.at(-1)!.text, from);
    });
  }

  await t.step("not with a wrong password", async () => {
    const login = { ...PETYA, password: "Tr0ub4dor&3" };
    assertFailed(await run({ login }), /535\b.+ credentials invalid/);
  });
  await t.step("not in the name of another", async () => {
    const exit = await run({ from: MASHA.address });
    assertFailed(exit, /550\b.+ does not belong to your login/);
  });
  await t.step("not by a mechanism that isn't there", async () => {
    assertFailed(
      await run({ mechanism: "CRAM-MD5" }),
      /504\b.+ not implemented|not available|not support|[Ll]ogin denied/,
    );
  });
  await t.step("not where the certificate isn't trusted", async () => {
    assertFailed(await run({ trust: AUTHORITY_FILE }), /certificate/i);
  });
  assertEquals(server.elsewhere.letters.length, sent);
  const { error: log } = await server.stop();
  // Whoever named another sender had logged in as well.
  assertEquals(log.match(/INFO logged in/g)?.length, sent + 1);
  assert(!/ERROR|^\s+at /m.test(log), log);
}

const DOORS = [
  { setting: "submission-port", tls: "STARTTLS" },
  { setting: "submissions-port", tls: "implicit" },
] as const;

/** What petya may send as. */
const ADDRESSES = ["info@test.ru", "petya+tag@test.ru", "petya@test.ru"];

/** Of an authority that signed nothing of a provider's. */
const AUTHORITY_FILE = join(
  import.meta.dirname!,
  "../net/certificates/authority.pem",
);

/** A message that came as a user sent it, in order now. */
function assertSubmitted(mail: string, from: string): void {
  const [header = "", ...body] = mail.split(/(?<=\r\n)\r\n/);
  assertMatch(
    header,
    /^(?:Return-Path: .*\r\n)?Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mx\.test\.ru with ESMTPSA id \w{11}\r\n\ttls TLS_\w+ \(TLSv1\.3\);\r\n\t/,
  );
  for (const name of ["Date", "From", "Message-ID", "Subject", "To"]) {
    const fields = header.match(new RegExp(`^${name}: .+\r\n`, "gm"));
    assertEquals(fields?.length, 1, `${name} in ${mail}`);
  }
  assert(header.includes(from), mail);
  assert(!/^Bcc:/im.test(header), mail);
  assertEquals(body.join("\r\n").trimEnd(), "Hello\r\n.\r\nFrom here on");
}

function assertFailed({ code, out, error }: Exit, why: RegExp): void {
  assert(code !== 0);
  assertMatch(`${out}\n${error}`, why);
}
