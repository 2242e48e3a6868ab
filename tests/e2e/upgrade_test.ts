/**
 * Mail folders that earlier versions of the program left, each with users, aliases, transcripts, mail in
 * a Maildir and more in its queue, also in the spool. In place of petya's Maildir there is a file, so
 * that mail for him is still on its way.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyFolder } from "../queue/sqlite/damage.ts";
import { markOf } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, smtpd, start } from "./program.ts";
import { startRemote } from "./remote_server.ts";
import { connect, sendMail } from "./smtp_client.ts";
import { filesUnder, litter, mailsOf } from "./stored_mail.ts";

/** A copy of the mail folder that the program left whose queue had this schema. */
async function earlierFolder(schema: number) {
  const folder = await mailFolder();
  const fixture = new URL(`fixtures/schema_${schema}`, import.meta.url);
  await copyFolder(fileURLToPath(fixture), folder.mailDir);
  await Deno.remove(join(folder.mailDir, "test.ru", "petya"));
  return folder;
}

const SERVER = [
  ...["--domain", "test.ru", "--hostname", "mx.test.ru"],
  ...["--submission-port", "0", "--insecure-auth"],
];

function marks(mails: readonly string[]): readonly (string | undefined)[] {
  return mails.map(markOf).sort();
}

async function messagesLeft(mailDir: string): Promise<number> {
  const { out } = await smtpd(mailDir, ["queue", "list", "--json"]);
  return JSON.parse(out).length;
}

/** Logs in; gives the last reply. */
async function login(port: number, mechanism: string, response: string) {
  using client = await connect(port);
  const offer = await client.say("EHLO client.test");
  return {
    offer,
    reply: await client.say(`AUTH ${mechanism} ${btoa(response)}`),
  };
}

Deno.test("smtpd delivers what its first version left in the queue, and knows its users", async () => {
  await using folder = await earlierFolder(1);
  const { mailDir } = folder;
  const before = filesUnder(join(mailDir, "test.ru"));
  await using server = await start(mailDir, ...SERVER);
  await eventually(
    () => mailsOf(mailDir, "petya").length === 3,
    "three messages",
  );
  const mails = mailsOf(mailDir, "petya");
  assertEquals(marks(mails), ["by-alias", "half", "large"]);
  const large = mails.find((mail) => markOf(mail) === "large");
  assertEquals(large?.match(/^line \d+ of large\r$/gm)?.length, 3900);
  assert(large?.endsWith("\r\nline 3899 of large\r\n"));
  await eventually(() => litter(mailDir).length === 0, "an empty spool");
  const after = filesUnder(join(mailDir, "test.ru"));
  assertEquals(after.filter((path) => path.startsWith("masha/")), before);

  // Their passwords have no SCRAM keys, so that isn't offered.
  const { offer, reply } = await login(
    server.portOf("submission-port"),
    ...["PLAIN", "\0petya@test.ru\0secret"] as const,
  );
  assertMatch(offer, /^250-AUTH PLAIN LOGIN$/m);
  assertMatch(reply, /^235 /);
  const sent = await sendMail(server.port, { to: ["sales@test.ru"] });
  assertMatch(sent, /^250 /);
  const [id] = /0AM9M024DE4/.exec(before.join()) ?? [];
  const { out } = await smtpd(mailDir, ["transcript", String(id)]);
  assertMatch(out, /-> 250 2\.0\.0 OK: queued as 0AM9M024DE4$/m);
  assertEquals((await server.stop()).code, 0);
});

Deno.test("smtpd goes on with a queue of schema 2 that a crash left", async () => {
  await using folder = await earlierFolder(2);
  const { mailDir } = folder;
  const listed = await smtpd(mailDir, ["queue", "show", "0AM9M0R6RWW"]);
  assertMatch(listed.out, /^known@other\.test: delivered, 1 try$/m);
  assertMatch(listed.out, /^unknown@other\.test: failed, 1 try$/m);

  await using remote = startRemote();
  const route = ["--route", `*=${HOST}:${remote.port}`];
  await using server = await start(mailDir, ...SERVER, ...route);
  await remote.took(3);
  const reports = [
    /^Final-Recipient: rfc822; unknown@other\.test\r\nAction: failed\r$/m,
    /^Final-Recipient: rfc822; ivan@closed\.test\r\nAction: relayed\r$/m,
  ];
  await eventually(
    () =>
      reports.every((report) =>
        mailsOf(mailDir, "petya").filter((mail) => report.test(mail))
          .length === 1
      ),
    "a report of what failed, and one of what the client wanted to know",
  );
  await eventually(
    async () => await messagesLeft(mailDir) === 1,
    "what isn't held to be gone",
  );
  const to = remote.letters.map(({ to, text }) => [markOf(text), ...to].join());
  assertEquals(to.sort(), [
    "deferred,ivan@closed.test",
    "large,ivan@closed.test",
    "partly,late@closed.test",
  ]);
  const petya = mailsOf(mailDir, "petya");
  assertEquals(petya.length, 3);
  assert(petya.some((mail) => markOf(mail) === "half"));
  const bounce = mailsOf(mailDir, "masha").find((mail) =>
    mail.includes("bounced@closed.test")
  );
  assertMatch(bounce ?? "", /^Action: failed\r$/m);

  await smtpd(mailDir, ["queue", "release", "0AM9M0R69KD"]);
  await remote.took(4);
  assertEquals(remote.letters[3]?.to, ["held@closed.test"]);
  await eventually(async () => await messagesLeft(mailDir) === 0, "an end");
  assertEquals(litter(mailDir), []);
  const { offer } = await login(
    server.portOf("submission-port"),
    ...["PLAIN", "\0masha@test.ru\0other secret"] as const,
  );
  assertMatch(offer, /^250-AUTH .*SCRAM-SHA-256/m);
  assertEquals((await server.stop()).code, 0);
});
