/** Who gets mail, and where it lies. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { eventually } from "./patience.ts";
import { mailFolder, runCommand, SERVER, smtpd, start } from "./program.ts";
import { has, program } from "./programs.ts";
import { connect, queuedId, sendMail } from "./smtp_client.ts";
import { filesUnder, mailsOf, walk, withoutTrace } from "./stored_mail.ts";

async function mustDo(
  mailDir: string,
  args: readonly string[],
  input = "",
): Promise<void> {
  const { code, error } = await smtpd(mailDir, args, { input });
  assertEquals([code, error], [0, ""]);
}

Deno.test("smtpd sees users and aliases change while it runs", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await using server = await start(
    mailDir,
    ...["--domain", "test.ru", "--relay-from", "none"],
  );
  const rcpt = async (address: string) => {
    using client = await connect(server.port);
    return await client.say(
      "HELO client.test",
      "MAIL FROM:<vasya@other.test>",
      `RCPT TO:<${address}>`,
    );
  };
  assertMatch(await rcpt("petya@test.ru"), /^550 5\.1\.1 /);
  assertMatch(await rcpt("petya@elsewhere.test"), /^550 5\.7\.1 /);

  await mustDo(
    mailDir,
    ["user", "add", "Petya@test.ru", "--password-stdin"],
    "secret\n",
  );
  assertMatch(await rcpt("PETYA+news@test.ru"), /^250 /);
  await mustDo(mailDir, [
    ...["alias", "add", "info@test.ru", "petya@test.ru", "postmaster@test.ru"],
  ]);
  const reply = await sendMail(server.port, { to: ["info@test.ru"] });
  await server.logged(`message delivered id=${queuedId(reply)}`, 2);
  assertEquals(mailsOf(mailDir, "petya").length, 1);
  assertEquals(mailsOf(mailDir, "postmaster").length, 1);

  await mustDo(mailDir, ["alias", "remove", "info@test.ru"]);
  await mustDo(mailDir, ["user", "remove", "petya@test.ru"]);
  for (const address of ["petya@test.ru", "info@test.ru"]) {
    await eventually(
      async () => (await rcpt(address)).startsWith("550 5.1.1 "),
      `${address} to be unknown`,
    );
  }
  assertEquals(mailsOf(mailDir, "petya").length, 1);
});

Deno.test("smtpd keeps mail for every address with --accept all", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await using server = await start(mailDir, "--accept", "all");
  const to = [
    "a@one.example",
    "B+tag@Two.Example",
    "c@[192.0.2.7]",
    "postmaster@three.example",
  ];
  await sendMail(server.port, { to });
  await server.logged("message delivered", to.length);
  const folders = filesUnder(mailDir)
    .filter((path) => !path.startsWith(".smtpd/"))
    .map((path) => path.split("/").slice(0, -1).join("/"));
  assertEquals(folders, [
    "%5B192.0.2.7%5D/c/new",
    "one.example/a/new",
    "three.example/postmaster/new",
    "two.example/b/new",
  ]);
});

const TRICKS = [
  '"../../x"@test.ru',
  '"/etc/x"@test.ru',
  '"a/b"@test.ru',
  '"a\\\\b"@test.ru',
  '".."@test.ru',
  '"."@test.ru',
  '" "@test.ru',
  '"x:y"@test.ru',
  '"x*?<>|"@test.ru',
  '"%2E%2E%2Fx"@test.ru',
  "%2E%2E%2Fx@test.ru",
  "CON@test.ru",
  "nul.txt@test.ru",
  "-rf@test.ru",
  "x.lock@test.ru",
  `${"a".repeat(64)}@test.ru`,
  `${"я".repeat(32)}@test.ru`,
  "\u{1f4e7}@test.ru",
];

/** Addresses that no grammar has, whatever they might do. */
const FAULTS = [
  "../../x@test.ru",
  "..@test.ru",
  "a/../b@test.ru/..",
  "x@../../test.ru",
  "x@test.ru\0",
  "x@..",
];

for (const store of ["maildir", "mbox"]) {
  Deno.test(`smtpd keeps mail for tricky addresses inside its ${store} folder`, async () => {
    await using folder = await mailFolder();
    const { mailDir, parent } = folder;
    await using server = await start(mailDir, ...SERVER, "--store", store);
    {
      using client = await connect(server.port);
      await client.say("EHLO client.test", "MAIL FROM:<> SMTPUTF8");
      for (const address of TRICKS) {
        assertMatch(await client.say(`RCPT TO:<${address}>`), /^250 /, address);
      }
      for (const address of FAULTS) {
        assertMatch(await client.say(`RCPT TO:<${address}>`), /^5/, address);
      }
      await client.say("DATA");
      await client.send("hi\r\n");
      queuedId(await client.say("."));
    }
    // Two of them are the same once unquoted.
    const boxes = TRICKS.length - 1;
    await server.logged("message delivered", boxes);
    await server.stop();
    assertEquals([...Deno.readDirSync(parent)].map(({ name }) => name), [
      "mail",
    ]);
    const paths = filesUnder(mailDir)
      .filter((path) => !path.startsWith(".smtpd/"));
    const users = paths.map((path) => path.split("/")[1]!);
    assertEquals(new Set(users).size, boxes);
    for (const path of paths) {
      assert(path.startsWith("test.ru/"), path);
      // What no file on Windows may be called; a mail's own name has dots.
      assert(!/[<>:"|?*\\\p{Cc}]|[ .](?:\/|$)/u.test(path), path);
      assert(!/\/(?:con|nul)(?:\.|\/|$)/i.test(path), path);
    }
  });
}

Deno.test({
  name: "smtpd writes mbox files that python reads",
  ignore: !has("python3"),
  fn: async () => {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    await using server = await start(mailDir, ...SERVER, "--store", "mbox");
    const texts = [
      "Subject: 1\r\n\r\nplain\r\n",
      "Subject: 2\r\n\r\nFrom here on\r\n>From there\r\n\r\n",
      "Subject: 3\r\n\r\n\r\nFrom \r\nПривет\r\n",
    ];
    for (const text of texts) queuedId(await sendMail(server.port, { text }));
    await server.logged("message delivered", texts.length);
    await server.stop();
    const { out, error } = await runCommand(
      program(
        "python3",
        "-c",
        `
import json, mailbox, sys
box = mailbox.mbox(sys.argv[1], create=False)
print(json.dumps([[m.get_from(), m["Return-Path"], m["Subject"],
    m.get_payload(decode=True).decode()] for m in box]))
`,
        join(mailDir, "test.ru", "petya"),
      ),
      "",
    );
    assertEquals(error, "");
    const found: [string, string, string, string][] = JSON.parse(out);
    assertEquals(
      found.map(([, path, subject]) => [path, subject]),
      ["1", "2", "3"].map((subject) => ["<vasya@other.test>", subject]),
    );
    for (const [index, [from, , , body]] of found.entries()) {
      assertMatch(
        from,
        /^vasya@other\.test \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
      );
      // In an mbox lines end in LF, and ">" is put before "From ", however quoted.
      const expected = texts[index]!.replace(/^.*?\r\n\r\n/s, "")
        .replaceAll("\r\n", "\n").replace(/^(>*From )/gm, ">$1");
      assertEquals(body.replaceAll("\r\n", "\n").trimEnd(), expected.trimEnd());
    }
  },
});

Deno.test({
  name: "smtpd lets nobody else read mail or state",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    await using server = await start(mailDir, ...SERVER);
    await mustDo(
      mailDir,
      ["user", "add", "petya@test.ru", "--password-stdin"],
      "secret\n",
    );
    await mustDo(mailDir, ["alias", "add", "x@test.ru", "petya@test.ru"]);
    using client = await connect(server.port);
    await client.say("EHLO c", "MAIL FROM:<>", "RCPT TO:<masha@test.ru>");
    await client.say("DATA");
    await client.send("text\r\n".repeat(50_000));
    const id = queuedId(await sendMail(server.port));
    await server.logged(`message delivered id=${id}`);
    const spool = join(mailDir, ".smtpd", "spool");
    await eventually(
      () => [...Deno.readDirSync(spool)].length === 1,
      "a file in the spool",
    );
    const transcripts = join(mailDir, ".smtpd", "transcripts");
    await eventually(
      () => filesUnder(transcripts).length === 1,
      "a transcript",
    );
    const found = [{ path: mailDir, isFile: false }, ...walk(mailDir)];
    assert(found.length > 15);
    for (const { path, isFile } of found) {
      const mode = (await Deno.stat(path)).mode! & 0o777;
      assertEquals(mode.toString(8), isFile ? "600" : "700", path);
    }
  },
});

Deno.test("smtpd keeps every line of a message as it was", async () => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  const lines = [
    "Subject: dots",
    "",
    "..",
    "..two",
    " .",
    "x".repeat(2000),
    "",
    "",
    "\t \x01\x7f",
  ];
  const text = lines.map((line) => `${line}\r\n`).join("");
  const id = queuedId(await sendMail(server.port, { text }));
  await server.logged(`message delivered id=${id}`);
  const [mail = ""] = mailsOf(folder.mailDir, "petya");
  assertEquals(withoutTrace(mail), text.replaceAll(/^\.\./gm, "."));
});
