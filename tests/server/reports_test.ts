/** The way of a report: from a message that comes in to its sender's folder. */
import { assertEquals, assertMatch } from "@std/assert";
import { localDelivery } from "../../src/delivery/local.ts";
import { reportsToSenders } from "../../src/delivery/reports.ts";
import { judgeRecipient } from "../../src/policy/recipients.ts";
import { containedIn } from "../../src/policy/networks.ts";
import type { Outcome } from "../../src/queue/delivery.ts";
import { makeDispatcher } from "../../src/queue/dispatcher.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import { formatId } from "../../src/queue/id.ts";
import type { Put } from "../../src/queue/queue.ts";
import { serveConnection } from "../../src/server/connection.ts";
import { openMaildir } from "../../src/store/maildir.ts";
import { settle } from "../log/manual_clock.ts";
import { mailbox, memoryQueue } from "../queue/fakes.ts";
import { fakeClient, fakeServices, lines, MAIL_DOOR, SPOOL } from "./fakes.ts";

const MINUTE = 60_000;

/** A server for test.ru to which all other servers are one that answers with `outcome`. */
async function server(outcome: Omit<Outcome, "recipient" | "host">) {
  let last = 0;
  const nextId = () => formatId(0xABC000 + ++last);
  let enqueue = (_: Put) => Promise.resolve();
  const services = await fakeServices({
    visits: {
      mayRelay: containedIn([{ address: "192.0.2.0", prefix: 24 }]),
    },
    nextId,
    enqueue: (put) => enqueue(put),
  });
  const { clock, disk, log, visits: { hostname, directory } } = services;
  const memory = memoryQueue({ log, spool: SPOOL, files: disk });
  const { queue } = memory;
  const commits = makeGroupCommit({ queue, clock, log, turn: queueMicrotask });
  const toFolders = localDelivery(
    openMaildir({ root: "mail", hostname, disk, clock }),
  );
  const dispatcher = makeDispatcher({
    queue,
    commits,
    clock,
    log,
    laneOf: ({ address: { domain } }) => domain,
    laneLimit: () => 1,
    deliver: (delivery) =>
      delivery.lane === "test.ru" ? toFolders(delivery) : Promise.resolve(
        delivery.recipients.map(({ number }) => ({
          recipient: number,
          host: "mx.far.test",
          ...outcome,
        })),
      ),
    report: reportsToSenders({
      hostname,
      nextId,
      findSender: (to) => judgeRecipient(to, { directory, mayRelay: true }),
      clock,
      disk,
      log,
    }),
    patience: {
      retry: [10 * MINUTE],
      warnAfter: 240 * MINUTE,
      giveUp: 480 * MINUTE,
    },
  });
  enqueue = async (put) => {
    await commits.put(put.message, put.content);
    dispatcher.take(put);
  };
  return {
    queue,
    clock,
    /** Plays a client. */
    async hear(...text: readonly string[]) {
      const client = fakeClient();
      const served = serveConnection(client.transport, MAIL_DOOR, services);
      await client.send(lines(...text, "QUIT"));
      await served;
      return client.heard();
    },
    /** The messages in petya's folder, by name. */
    folder: () =>
      disk.files().filter((path) => path.startsWith("mail/test.ru/petya/new/"))
        .map((path) => disk.text(path)!),
    /** Lets time pass until all is still. */
    async pass(minutes: number) {
      await clock.advance(minutes * MINUTE + 1000);
      await settle();
    },
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  };
}

const LETTER = [
  "EHLO client.test",
  "MAIL FROM:<petya@test.ru> RET=HDRS ENVID=QQ+2B314159",
  "RCPT TO:<nobody@far.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;old+2Bname@far.test",
  "DATA",
  "From: Petya <petya@test.ru>",
  "To: nobody@far.test",
  "Subject: Dinner",
  "Message-ID: <dinner@client.test>",
  "",
  "At eight?",
  ".",
];

Deno.test("what a client asks of reports is in the queue", async () => {
  using given = await server({ status: "deferred", reply: "450 4.2.0 Later" });
  await given.hear(...LETTER);
  await given.clock.advance(1000);
  const [queued] = await given.queue.list("", 2);
  const { ret, envid, trusted, recipients } = queued!.message;
  assertEquals({ ret, envid, trusted, recipients }, {
    ret: "HDRS",
    envid: "QQ+314159",
    trusted: true,
    recipients: [{
      number: 0,
      address: mailbox("nobody@far.test"),
      original: mailbox("nobody@far.test"),
      notify: ["SUCCESS", "FAILURE", "DELAY"],
      orcpt: { type: "rfc822", address: "old+name@far.test" },
    }],
  });
});

Deno.test("a message that fails is reported to its sender's folder", async () => {
  using given = await server({
    status: "failed",
    reply: "550 5.1.1 No such user here",
  });
  assertMatch(await given.hear(...LETTER), /^250 2\.0\.0 OK: queued/m);
  await given.pass(1);
  const [report, ...others] = given.folder();
  assertEquals(others, []);
  const golden = new URL("./reports/failure.eml", import.meta.url);
  const expected = await Deno.readTextFile(golden);
  assertEquals(report, expected.replace(/\r?\n/g, "\r\n"));
  assertEquals(await given.queue.list("", 1), []);
});

Deno.test("a message that waits is reported once, and then when it is given up", async () => {
  using given = await server({ status: "deferred", reply: "450 4.2.0 Later" });
  await given.hear(...LETTER);
  await given.pass(239);
  assertEquals(given.folder(), []);
  await given.pass(2);
  await given.pass(200);
  const subjects = () =>
    given.folder().map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1]);
  assertEquals(subjects(), ["Your message to nobody@far.test is delayed"]);
  await given.pass(60);
  assertEquals(subjects(), [
    "Your message to nobody@far.test is delayed",
    "Your message to nobody@far.test was not delivered",
  ]);
  assertEquals(await given.queue.list("", 1), []);
});

Deno.test("a message relayed to where nobody reports is reported as relayed", async () => {
  using given = await server({
    status: "delivered",
    reply: "250 2.0.0 Ok",
    relayed: "no dsn",
  });
  await given.hear(...LETTER);
  await given.pass(1);
  assertMatch(given.folder()[0]!, /^Action: relayed\r$/m);
});

Deno.test("a message in a folder of ours is reported as delivered", async () => {
  using given = await server({ status: "failed", reply: "" });
  await given.hear(
    "EHLO client.test",
    "MAIL FROM:<petya@test.ru>",
    "RCPT TO:<masha@test.ru> NOTIFY=SUCCESS",
    "DATA",
    "Subject: Dinner",
    ".",
  );
  await given.pass(1);
  assertMatch(
    given.folder()[0]!,
    /^Final-Recipient: rfc822; masha@test\.ru\r\nAction: delivered\r\nStatus: 2\.1\.5\r$/m,
  );
});
