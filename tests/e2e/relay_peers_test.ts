/** Two servers that relay to each other. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { countRows } from "../queue/queue_folder.ts";
import { BINARY, TEXTS, UTF8 } from "./letters.ts";
import { eventually } from "./patience.ts";
import { mailFolder, type Program, smtpd, start } from "./program.ts";
import { arrival, LATIN1 } from "./octets.ts";
import { freePort } from "./remote_server.ts";
import { litter, mailsOf } from "./stored_mail.ts";
import { type Submission, submit } from "./submit.ts";

/** One of the two. */
interface Peer {
  readonly server: Program;
  readonly domain: string;
}

interface Mailbox {
  readonly peer: Peer;
  readonly name: string;
}

/**
 * a.test keeps mail for every name, b.test for vasya and вася; each sends the other's mail to it, and
 * takes its word for where mail comes from.
 */
async function peers() {
  await using opening = new AsyncDisposableStack();
  const ports = { a: freePort(), b: freePort() };
  const a = opening.use(await mailFolder());
  const b = opening.use(await mailFolder());
  for (const name of ["vasya", "вася"]) {
    const added = await smtpd(
      b.mailDir,
      ["user", "add", `${name}@b.test`, "--password-stdin"],
      { input: "tanstaaftanstaaf" },
    );
    assertEquals(added.code, 0, added.error);
  }
  const first = await start(
    a.mailDir,
    ...["--port", `${ports.a}`, "--domain", "a.test", "--accept", "domain"],
    ...["--route", `b.test=127.0.0.1:${ports.b}`],
  );
  opening.use(first);
  const second = await start(
    b.mailDir,
    ...["--port", `${ports.b}`, "--domain", "b.test"],
    ...["--route", `a.test=127.0.0.1:${ports.a}`],
  );
  opening.use(second);
  const open = opening.move();
  return {
    a: { server: first, domain: "a.test" },
    b: { server: second, domain: "b.test" },
    /** Stops both, and sees that nothing is left to do. */
    async stop() {
      for (const { mailDir, stop } of [first, second]) {
        await allSettled(mailDir);
        assertEquals((await stop()).code, 0);
        assertEquals(litter(mailDir), []);
      }
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Waits until no message is in a queue. */
function allSettled(mailDir: string): Promise<void> {
  return eventually(
    () => countRows(join(mailDir, ".smtpd", "queue.db")).message === 0,
    "the queue to be empty",
  );
}

/** Sends a letter from a mailbox of one server to one of the other; gives what is stored there. */
function sendAcross(
  { from, to, content, mail }: {
    readonly from: Mailbox;
    readonly to: Mailbox;
  } & Pick<Submission, "content" | "mail">,
): Promise<string> {
  return arrival(to.peer.server.mailDir, async () => {
    const reply = await submit(from.peer.server.port, {
      from: `${from.name}@${from.peer.domain}`,
      to: [`${to.name}@${to.peer.domain}`],
      content,
      ...(mail !== undefined && { mail }),
    });
    assertMatch(reply, /^250 /);
  });
}

/** What two servers put on top of a message. */
const TRACE = /^Return-Path: <[^>]+>\r\n(?:Received: .*\r\n(?:\t.*\r\n)*){2}/;

Deno.test("smtpd passes mail on to another smtpd octet by octet, both ways", async () => {
  await using both = await peers();
  const petya = { peer: both.a, name: "petya" };
  const vasya = { peer: both.b, name: "vasya" };
  for (const [from, to] of [[petya, vasya], [vasya, petya]] as const) {
    for (const letter of [...TEXTS, UTF8, BINARY]) {
      const { name, content, arrives = content } = letter;
      const mail = await sendAcross({ from, to, ...letter });
      assertMatch(mail, TRACE, name);
      assertEquals(mail.replace(TRACE, ""), LATIN1.decode(arrives), name);
    }
  }
  await both.stop();
});

Deno.test("smtpd passes mail on between addresses in UTF-8", async () => {
  await using both = await peers();
  const petya = { peer: both.a, name: "петя" };
  const vasya = { peer: both.b, name: "вася" };
  for (const [from, to] of [[petya, vasya], [vasya, petya]] as const) {
    const mail = await sendAcross({ from, to, ...UTF8 });
    assertEquals(mail.replace(TRACE, ""), LATIN1.decode(UTF8.content));
  }
  const users = [both.a, both.b].map(({ server, domain }) =>
    [...Deno.readDirSync(join(server.mailDir, domain))].map(({ name }) => name)
  );
  assertEquals(users, [["%D0%BF%D0%B5%D1%82%D1%8F"], [
    "%D0%B2%D0%B0%D1%81%D1%8F",
  ]]);
  await both.stop();
});

Deno.test("smtpd delivers, relays and reports on the recipients of one message", async () => {
  await using both = await peers();
  const { a: { server: a }, b: { server: b } } = both;
  const reply = await submit(a.port, {
    from: "petya@a.test",
    to: ["masha@a.test", "vasya@b.test", "nobody@b.test"],
    content: new TextEncoder().encode("Subject: all\r\n\r\nhello\r\n"),
  });
  assertMatch(reply, /^250 /);
  await eventually(
    () => mailsOf(a.mailDir, "petya", "a.test").length > 0,
    "the report",
  );
  await both.stop();
  const counts = [
    mailsOf(a.mailDir, "masha", "a.test"),
    mailsOf(b.mailDir, "vasya", "b.test"),
    mailsOf(a.mailDir, "petya", "a.test"),
  ].map(({ length }) => length);
  assertEquals(counts, [1, 1, 1]);
  const [report = ""] = mailsOf(a.mailDir, "petya", "a.test");
  assert(report.startsWith("Return-Path: <>\r\n"), report);
  assertEquals(recipientFields(report), [[
    "Final-Recipient: rfc822; nobody@b.test",
    "Action: failed",
    "Status: 5.1.1",
  ]]);
});

Deno.test("smtpd passes on what a sender wants to be told of", async () => {
  await using both = await peers();
  const { a: { server: a } } = both;
  const reply = await submit(a.port, {
    from: "petya@a.test",
    to: ["vasya@b.test"],
    content: new TextEncoder().encode("Subject: all\r\n\r\nhello\r\n"),
    mail: "RET=HDRS ENVID=e2e+2B1",
    rcpt: "NOTIFY=SUCCESS ORCPT=rfc822;Vasya@elsewhere.test",
  });
  assertMatch(reply, /^250 /);
  const reports = () => mailsOf(a.mailDir, "petya", "a.test");
  await eventually(() => reports().length > 0, "the report");
  await both.stop();
  const [report = "", ...more] = reports();
  assertEquals(more, []);
  assert(report.includes("\r\nReporting-MTA: dns; b.test\r\n"), report);
  assert(report.includes("\r\nOriginal-Envelope-Id: e2e+1\r\n"), report);
  assertEquals(recipientFields(report), [[
    "Original-Recipient: rfc822; Vasya@elsewhere.test",
    "Final-Recipient: rfc822; vasya@b.test",
    "Action: delivered",
    "Status: 2.1.5",
  ]]);
});

/** The first fields that a report has on each recipient (RFC 3464 §2.3). */
function recipientFields(report: string): readonly (readonly string[])[] {
  const wanted = /^(?:Original-Recipient|Final-Recipient|Action|Status): /;
  return report.split("\r\n\r\n").map((fields) =>
    fields.split("\r\n").filter((field) => wanted.test(field))
  ).filter(({ length }) => length > 0);
}
