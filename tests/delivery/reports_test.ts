import { assertEquals, assertMatch } from "@std/assert";
import {
  type ReportOptions,
  reportsToSenders,
} from "../../src/delivery/reports.ts";
import type { Content } from "../../src/ports/content.ts";
import type { Outcome } from "../../src/queue/delivery.ts";
import { makeDispatcher } from "../../src/queue/dispatcher.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import { formatId } from "../../src/queue/id.ts";
import type { Message, Put, Recipient } from "../../src/queue/queue.ts";
import { formatMailbox } from "../../src/smtp/address.ts";
import { NO_SUCH_USER } from "../../src/smtp/replies.ts";
import {
  bytes,
  fakeClock,
  fakeLog,
  letter,
  mailbox,
  memoryQueue,
} from "../queue/fakes.ts";
import { diskError, memoryDisk } from "../store/memory_disk.ts";

const MINUTE = 60_000;

type FindSender = ReportOptions["findSender"];

/** Every sender is elsewhere. */
const elsewhere: FindSender = (sender) =>
  Promise.resolve({ kind: "accepted", destinations: [sender] });

/** A dispatcher that reports; `outcomes` says how each recipient fares, by its local part. */
function setUp(
  outcomes: Readonly<Record<string, Partial<Outcome>>>,
  { findSender = elsewhere, disk = memoryDisk(), warnAfter = 30 * MINUTE } = {},
) {
  const memory = memoryQueue({ files: disk });
  const { queue } = memory;
  const clock = fakeClock();
  const log = fakeLog();
  const reports: { readonly message: Message; readonly text: string }[] = [];
  let last = 0xFFFF;
  const commits = makeGroupCommit({ queue, clock, log, turn: queueMicrotask });
  const dispatcher = makeDispatcher({
    queue,
    commits,
    clock,
    log,
    laneOf: ({ address }) => address.domain,
    laneLimit: () => 1,
    deliver({ message, content, recipients }) {
      if (message.client === null) {
        reports.push({ message, text: text(content) });
      }
      return Promise.resolve(recipients.map(({ number, address }) => ({
        recipient: number,
        status: "delivered",
        reply: "250 2.0.0 Ok",
        host: "mx.x.ru",
        ...outcomes[address.local],
      })));
    },
    report: reportsToSenders({
      hostname: "mx.test.ru",
      nextId: () => formatId(++last),
      findSender,
      clock,
      disk,
      log,
    }),
    patience: { retry: [5 * MINUTE], warnAfter, giveUp: 60 * MINUTE },
  });
  return {
    clock,
    log,
    reports,
    async accept({ message, content }: Put) {
      await commits.put(message, content);
      dispatcher.take({ message, content });
      await clock.advance(1000);
    },
    [Symbol.dispose]: () => memory[Symbol.dispose](),
  };
}

function text(content: Content): string {
  return content.kind === "bytes"
    ? new TextDecoder().decode(content.bytes)
    : "";
}

/** A message with differences, its recipients' among them. */
function mail(
  { recipient = {}, to = ["a@x.ru"], content, ...message }: Partial<Message> & {
    readonly recipient?: Partial<Recipient>;
    readonly to?: readonly string[];
    readonly content?: Content;
  } = {},
): Put {
  const put = letter(to, content ? { content } : {});
  const recipients = put.message.recipients.map((each) => ({
    ...each,
    ...recipient,
  }));
  return { ...put, message: { ...put.message, ...message, recipients } };
}

/** What can become of a recipient. */
interface Fate {
  readonly outcome: Partial<Outcome>;
  /** Minutes after which its sender may hear of it. */
  readonly after: number;
  readonly warnAfter?: number;
}

const FATES: Readonly<Record<string, Fate>> = {
  "failed": { outcome: { status: "failed", reply: "550 5.1.1 No" }, after: 0 },
  "given up": {
    outcome: { status: "deferred", reply: "450 4.2.0 Later" },
    warnAfter: 90 * MINUTE,
    after: 61,
  },
  "delayed": {
    outcome: { status: "deferred", reply: "450 4.2.0 Later" },
    after: 31,
  },
  "delivered": { outcome: { status: "delivered" }, after: 0 },
  "relayed": {
    outcome: { status: "delivered", relayed: "no dsn" },
    after: 0,
  },
  "passed on": {
    outcome: { status: "delivered", relayed: "dsn" },
    after: 0,
  },
};

/** What the senders we trust hear of, and all others, by NOTIFY (RFC 3461 §4.1). */
const HEARD: readonly {
  readonly notify?: NonNullable<Recipient["notify"]>;
  readonly trusted: readonly string[];
  readonly others: readonly string[];
}[] = [
  {
    trusted: ["failed", "given up", "delayed"],
    others: ["failed", "given up", "delayed"],
  },
  { notify: [], trusted: [], others: [] },
  { notify: ["SUCCESS"], trusted: ["delivered", "relayed"], others: [] },
  {
    notify: ["FAILURE"],
    trusted: ["failed", "given up"],
    others: ["failed", "given up"],
  },
  { notify: ["DELAY"], trusted: ["delayed"], others: ["delayed"] },
  {
    notify: ["SUCCESS", "FAILURE"],
    trusted: ["failed", "given up", "delivered", "relayed"],
    others: ["failed", "given up"],
  },
  {
    notify: ["SUCCESS", "DELAY"],
    trusted: ["delayed", "delivered", "relayed"],
    others: ["delayed"],
  },
  {
    notify: ["FAILURE", "DELAY"],
    trusted: ["failed", "given up", "delayed"],
    others: ["failed", "given up", "delayed"],
  },
  {
    notify: ["SUCCESS", "FAILURE", "DELAY"],
    trusted: ["failed", "given up", "delayed", "delivered", "relayed"],
    others: ["failed", "given up", "delayed"],
  },
];

/** Of which fates the sender of such a message is told. */
async function toldOf(message: Parameters<typeof mail>[0]): Promise<string[]> {
  const told: string[] = [];
  for (const [name, { outcome, after, ...more }] of Object.entries(FATES)) {
    using given = setUp({ a: outcome }, more);
    await given.accept(mail(message));
    await given.clock.advance(after * MINUTE);
    if (given.reports.length > 0) told.push(name);
  }
  return told;
}

for (const { notify, trusted, others } of HEARD) {
  const name = notify === undefined
    ? "without NOTIFY"
    : `with NOTIFY=${notify.join() || "NEVER"}`;
  const recipient = notify ? { notify } : {};

  Deno.test(`reportsToSenders() tells what it may ${name}`, async () => {
    assertEquals(await toldOf({ recipient, trusted: true }), trusted);
    assertEquals(await toldOf({ recipient }), others);
    assertEquals(await toldOf({ recipient, trusted: true, from: null }), []);
    assertEquals(await toldOf({ recipient, from: null }), []);
  });
}

Deno.test("reportsToSenders() writes one message on all that is new", async () => {
  using given = setUp({
    bad: { status: "failed", reply: "550-5.1.1 No\n550 5.1.1 such user" },
    down: { status: "failed", reply: "550 Nothing here", host: "" },
    later: { status: "deferred", reply: "450 Later" },
  });
  await given.accept(mail({
    to: ["bad@x.ru", "down@x.ru", "later@x.ru", "good@x.ru"],
    trusted: true,
    ret: "HDRS",
    envid: "QQ 1",
    recipient: {
      notify: ["SUCCESS", "FAILURE"],
      orcpt: { type: "rfc822", address: "first@y.ru" },
    },
    content: bytes("Message-ID: <1@another.ru>\r\nSubject: Hi\r\n\r\nText\r\n"),
  }));
  const [report, ...others] = given.reports;
  assertEquals(others, []);
  const { message } = report!;
  assertEquals([message.from, message.client, message.trusted], [
    null,
    null,
    undefined,
  ]);
  assertEquals(message.recipients, [{
    number: 0,
    address: mailbox("vasya@another.ru"),
    original: mailbox("vasya@another.ru"),
  }]);
  assertEquals(message.size, report!.text.length);
  assertMatch(report!.text, /^Message-ID: <00000002000@mx\.test\.ru>\r$/m);
  assertMatch(report!.text, /^In-Reply-To: <1@another\.ru>\r$/m);
  assertMatch(report!.text, /^Original-Envelope-Id: QQ 1\r$/m);
  assertMatch(report!.text, /\r\nSubject: Hi\r\n\r\n--/);
  const machine = report!.text.matchAll(
    /^(?:Original-Recipient|Final-Recipient|Action|Status|Remote-MTA|Diagnostic-Code): .*(?=\r$)/gm,
  );
  const original = "Original-Recipient: rfc822; first@y.ru";
  assertEquals([...machine].map(([line]) => line), [
    original,
    "Final-Recipient: rfc822; bad@x.ru",
    "Action: failed",
    "Status: 5.1.1",
    "Remote-MTA: dns; mx.x.ru",
    "Diagnostic-Code: smtp; 550-5.1.1 No 550 5.1.1 such user",
    original,
    "Final-Recipient: rfc822; down@x.ru",
    "Action: failed",
    "Status: 5.0.0",
    "Diagnostic-Code: X-smtpd; 550 Nothing here",
    original,
    "Final-Recipient: rfc822; good@x.ru",
    "Action: delivered",
    "Status: 2.0.0",
    "Remote-MTA: dns; mx.x.ru",
    "Diagnostic-Code: smtp; 250 2.0.0 Ok",
  ]);
  assertEquals(given.log.of("report written"), [{
    id: message.id,
    of: given.log.of("message delivered")[0]?.id,
    session: message.session,
    to: "vasya@another.ru",
    about: "bad@x.ru failed,down@x.ru failed,good@x.ru delivered",
  }]);
});

Deno.test("reportsToSenders() says that time ran out where no code does", async () => {
  using given = setUp({ a: { status: "deferred", reply: "450 Later" } });
  await given.accept(mail());
  await given.clock.advance(61 * MINUTE);
  const [delay, failure] = given.reports;
  assertMatch(delay!.text, /^Action: delayed\r\nStatus: 4\.0\.0\r$/m);
  assertMatch(
    delay!.text,
    /^Will-Retry-Until: Thu, 01 Jan 2026 01:00:00 \+0000\r$/m,
  );
  assertMatch(failure!.text, /^Action: failed\r\nStatus: 4\.4\.7\r$/m);
});

const BODY = "Subject: Hi\r\n\r\nThe body\r\n";

Deno.test("reportsToSenders() returns all of a failed message for RET=FULL", async () => {
  using given = setUp({ a: { status: "failed" } });
  await given.accept(mail({ ret: "FULL", content: bytes(BODY) }));
  assertEquals(given.reports[0]!.text.includes("The body"), true);
});

Deno.test("reportsToSenders() returns no more than the header otherwise", async () => {
  const large = bytes(BODY + "x".repeat(70).concat("\r\n").repeat(15_000));
  for (
    const [status, message] of [
      ["failed", { ret: "HDRS" }],
      ["failed", {}],
      ["failed", { ret: "FULL", content: large }],
      ["delivered", { ret: "FULL" }],
    ] as const
  ) {
    using given = setUp({ a: { status } });
    await given.accept(mail({
      content: bytes(BODY),
      trusted: true,
      recipient: { notify: ["FAILURE", "SUCCESS"] },
      ...message,
    }));
    const { text } = given.reports[0]!;
    assertEquals(text.includes("Subject: Hi\r\n\r\n--"), true);
    assertEquals(text.includes("The body"), false);
  }
});

Deno.test("reportsToSenders() reports on a message that can't be read", async () => {
  const disk = memoryDisk();
  disk.put("spool/0", BODY);
  const put = mail({ content: { kind: "file", path: "spool/0" } });
  disk.before = (operation, path) => {
    if (operation === "stream") throw diskError("EIO", path);
  };
  using given = setUp({ a: { status: "failed" } }, { disk });
  await given.accept(put);
  const [report] = given.reports;
  assertMatch(report!.text, /^Action: failed\r$/m);
  assertEquals(report!.text.includes("Subject: Hi"), false);
});

Deno.test("reportsToSenders() sends to wherever mail for the sender goes", async () => {
  const findSender: FindSender = () =>
    Promise.resolve({
      kind: "accepted",
      destinations: [mailbox("petya@another.ru"), mailbox("olya@far.test")],
    });
  using given = setUp({ a: { status: "failed" } }, { findSender });
  await given.accept(mail());
  const { recipients } = given.reports[0]!.message;
  assertEquals(
    recipients.map(({ address }) => formatMailbox(address)),
    ["petya@another.ru", "olya@far.test"],
  );
  assertMatch(given.reports[0]!.text, /^To: <vasya@another\.ru>\r$/m);
});

Deno.test("reportsToSenders() drops what is for nobody of ours", async () => {
  const findSender: FindSender = () =>
    Promise.resolve({ kind: "refused", reply: NO_SUCH_USER });
  using given = setUp({ a: { status: "failed" } }, { findSender });
  const { message, content } = mail();
  await given.accept({ message, content });
  assertEquals(given.reports, []);
  assertEquals(given.log.of("report dropped"), [{
    id: message.id,
    session: message.session,
    to: "vasya@another.ru",
    reply: "550 5.1.1 No such user here",
  }]);
});

Deno.test("reportsToSenders() never reports on a report", async () => {
  using given = setUp({ a: { status: "failed" }, vasya: { status: "failed" } });
  await given.accept(mail());
  await given.clock.advance(61 * MINUTE);
  assertEquals(given.reports.length, 1);
  assertEquals(given.log.of("message undeliverable").length, 2);
});
