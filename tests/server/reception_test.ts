import { assert, assertEquals, assertMatch } from "@std/assert";
import { Visit } from "../../src/policy/visit.ts";
import { Reception } from "../../src/server/reception.ts";
import { type Mailbox, parseForwardPath } from "../../src/smtp/address.ts";
import type {
  MailParameters,
  RcptParameters,
} from "../../src/smtp/extensions.ts";
import type { Reply } from "../../src/smtp/reply.ts";
import * as replies from "../../src/smtp/replies.ts";
import type { Envelope, State } from "../../src/smtp/state.ts";
import { INITIAL } from "../../src/smtp/state.ts";
import { challenging } from "../policy/visit_fakes.ts";
import { diskError } from "../store/memory_disk.ts";
import { type FakeServices, fakeServices, lines, SPOOL } from "./fakes.ts";

const VASYA = { local: "vasya", domain: "other.test" };
const STATE: State = { ...INITIAL, helo: "client.test", esmtp: true };
const encoder = new TextEncoder();

function receptionOf({ reception, visits }: FakeServices): Reception {
  return new Reception(reception, {
    visit: new Visit(visits, { address: "192.0.2.1", mustLogIn: false }),
    id: "S1",
    peer: { address: "192.0.2.1", port: 4242 },
    local: { address: "192.0.2.25", port: 25 },
  });
}

/** One transaction from MAIL to its end; `to` are paths with their brackets. */
async function transact(
  reception: Reception,
  {
    from = VASYA,
    to = ["<petya@test.ru>"],
    body = "Hi\r\n",
    mail = {},
    rcpt = {},
  }: {
    readonly from?: Mailbox | null;
    readonly to?: readonly string[];
    readonly body?: string;
    /** Parameters of MAIL beside the usual ones. */
    readonly mail?: Partial<MailParameters>;
    /** Parameters of each RCPT. */
    readonly rcpt?: RcptParameters;
  } = {},
) {
  const parameters = { body: "7BIT", smtputf8: false, ...mail } as const;
  let envelope: Envelope = { from, parameters, to: [] };
  await reception.answer({ ask: "mail", from, parameters }, STATE);
  const recipients: Reply[] = [];
  for (const text of to) {
    const path = parseForwardPath(text);
    if (path.kind === "fault" || !path.mailbox) throw new Error(text);
    const { mailbox } = path;
    const reply = await reception.answer(
      { ask: "rcpt", to: mailbox, parameters: rcpt, envelope },
      STATE,
    );
    recipients.push(reply);
    if (reply.code === 250) {
      envelope = { ...envelope, to: [...envelope.to, { mailbox }] };
    }
  }
  const open = await reception.answer(
    { ask: "open", envelope, via: "DATA" },
    STATE,
  );
  if (open.code !== 354) return { recipients, open };
  for (let at = 0; at < body.length; at += 50) {
    await reception.append(encoder.encode(body.slice(at, at + 50)));
  }
  const commit = await reception.answer({ ask: "commit", envelope }, STATE);
  return { recipients, open, commit };
}

Deno.test("answer() queues a message under a Received line", async () => {
  const services = await fakeServices();
  const { recipients, open, commit } = await transact(receptionOf(services));
  assertEquals(recipients, [replies.RECIPIENT_OK]);
  assertEquals(open, replies.START_MAIL);
  assertEquals(commit, replies.queued("1"));
  const text = lines(
    "Received: from client.test ([192.0.2.1])",
    "\tby mx.test.ru with ESMTP id 1",
    "\tfor <petya@test.ru>;",
    "\tMon, 23 Nov 2026 02:51:03 +0000",
    "Hi",
  );
  assertEquals(services.texts(), [text]);
  const address = { local: "petya", domain: "test.ru" };
  assertEquals(services.queued[0]!.message, {
    id: "1",
    from: VASYA,
    receivedAt: Date.parse("2026-11-23T02:51:03Z"),
    size: text.length,
    smtputf8: false,
    body: "7BIT",
    session: "S1",
    client: { address: "192.0.2.1", helo: "client.test" },
    recipients: [{ number: 0, address, original: address }],
  });
  assertEquals(services.log.of("message accepted"), [{
    id: "1",
    session: "S1",
    peer: "192.0.2.1",
    from: "vasya@other.test",
    to: "petya@test.ru",
    size: text.length,
  }]);
});

Deno.test("answer() tells several recipients nothing of each other", async () => {
  const services = await fakeServices();
  const to = ["<petya@test.ru>", "<masha@test.ru>"];
  await transact(receptionOf(services), { to });
  assertMatch(services.texts()[0]!, /^Received: .* id 1;\r\n\tMon, /s);
});

Deno.test("answer() names the recipient where it alone was accepted", async () => {
  const services = await fakeServices();
  const to = ["<nobody@test.ru>", "<petya@test.ru>", "<x@other.test>"];
  const { recipients } = await transact(receptionOf(services), { to });
  assertEquals(recipients, [
    replies.NO_SUCH_USER,
    replies.RECIPIENT_OK,
    replies.RELAY_DENIED,
  ]);
  assertMatch(services.texts()[0]!, /\tfor <petya@test\.ru>;/);
  assertEquals(services.log.of("recipient refused"), [
    {
      session: "S1",
      peer: "192.0.2.1",
      from: "vasya@other.test",
      to: "nobody@test.ru",
      reply: "550 5.1.1 No such user here",
    },
    {
      session: "S1",
      peer: "192.0.2.1",
      from: "vasya@other.test",
      to: "x@other.test",
      reply: "550 5.7.1 Relaying denied",
    },
  ]);
});

Deno.test("answer() sends one copy to whom several addresses lead", async () => {
  const services = await fakeServices();
  const to = [
    "<masha@test.ru>",
    "<both@test.ru>",
    "<Petya@TEST.ru>",
    "<masha@test.ru>",
  ];
  const { recipients } = await transact(receptionOf(services), { to });
  assertEquals(recipients, Array(4).fill(replies.RECIPIENT_OK));
  assertEquals(services.queued[0]!.message.recipients, [
    {
      number: 0,
      address: { local: "masha", domain: "test.ru" },
      original: { local: "masha", domain: "test.ru" },
    },
    {
      number: 1,
      address: { local: "petya", domain: "test.ru" },
      original: { local: "both", domain: "test.ru" },
    },
  ]);
});

Deno.test("answer() forgets the recipients of the transaction before", async () => {
  const services = await fakeServices();
  const reception = receptionOf(services);
  await transact(reception, { to: ["<petya@test.ru>"] });
  await transact(reception, { to: ["<masha@test.ru>"] });
  assertEquals(
    services.queued.map(({ message }) => message.recipients.length),
    [1, 1],
  );
  assertEquals(services.queued.map(({ message }) => message.id), ["1", "2"]);
});

Deno.test("answer() takes our own address literal for our first domain", async () => {
  const services = await fakeServices();
  const to = ["<petya@[192.0.2.25]>", "<petya@[192.0.2.26]>"];
  const { recipients } = await transact(receptionOf(services), { to });
  assertEquals(recipients, [replies.RECIPIENT_OK, replies.RELAY_DENIED]);
  assertEquals(services.queued[0]!.message.recipients, [{
    number: 0,
    address: { local: "petya", domain: "test.ru" },
    original: { local: "petya", domain: "[192.0.2.25]" },
  }]);
});

Deno.test("answer() takes <Postmaster> without a domain", async () => {
  const services = await fakeServices();
  await transact(receptionOf(services), { to: ["<Postmaster>"] });
  assertEquals(services.queued[0]!.message.recipients, [{
    number: 0,
    address: { local: "postmaster", domain: "test.ru" },
    original: { local: "Postmaster", domain: "" },
  }]);
  assertMatch(services.texts()[0]!, /\tfor <Postmaster>;/);
});

Deno.test("answer() takes mail for any domain from clients of ours", async () => {
  const services = await fakeServices({
    visits: {
      mayRelay: (address) => address === "192.0.2.1",
      directory: {
        isOurs: () => false,
        resolve: () => Promise.resolve({ kind: "unknown" }),
      },
    },
  });
  const to = ["<Masha@Elsewhere.test>"];
  const { recipients } = await transact(receptionOf(services), { to });
  assertEquals(recipients, [replies.RECIPIENT_OK]);
  const { trusted, recipients: queued } = services.queued[0]!.message;
  const address = { local: "Masha", domain: "Elsewhere.test" };
  assertEquals(trusted, true);
  assertEquals(queued, [{ number: 0, address, original: address }]);
});

Deno.test("answer() keeps what the client asks of reports", async () => {
  const services = await fakeServices();
  const rcpt: RcptParameters = { notify: ["SUCCESS"] };
  await transact(receptionOf(services), {
    to: ["<both@test.ru>"],
    mail: { ret: "HDRS", envid: "QQ314159", smtputf8: true, body: "8BITMIME" },
    rcpt,
  });
  const { recipients, ...message } = services.queued[0]!.message;
  assertEquals(
    [message.ret, message.envid, message.smtputf8, message.body],
    ["HDRS", "QQ314159", false, "8BITMIME"],
  );
  assertEquals(
    recipients.map(({ address, notify }) => [address.local, notify]),
    [["petya", ["SUCCESS"]], ["masha", ["SUCCESS"]]],
  );
  assertMatch(services.texts()[0]!, / with UTF8SMTP id /);
});

Deno.test("answer() has a message need SMTPUTF8 only if it was asked for and is not ASCII", async () => {
  const rows = [
    { smtputf8: true, body: "Subject: привет\r\n\r\nHi\r\n", needed: true },
    { smtputf8: true, body: "Subject: hello\r\n\r\nHi\r\n", needed: false },
    {
      smtputf8: false,
      body: "Subject: hello\r\n\r\nпривет\r\n",
      needed: false,
    },
  ];
  for (const { smtputf8, body, needed } of rows) {
    const services = await fakeServices();
    await transact(receptionOf(services), { body, mail: { smtputf8 } });
    assertEquals(services.queued[0]!.message.smtputf8, needed, body);
  }
});

Deno.test("answer() says 451 when the directory fails, and why in the log", async () => {
  const services = await fakeServices({
    visits: {
      directory: {
        isOurs: () => true,
        resolve: () => Promise.reject(new Error("no users")),
      },
    },
  });
  const { recipients } = await transact(receptionOf(services));
  assertEquals(recipients, [replies.LOCAL_ERROR]);
  assertEquals(services.log.of("cannot answer rcpt"), [
    { session: "S1", error: "no users" },
  ]);
});

/** A message that goes into a file, in several pieces. */
const LARGE = "A line of text\r\n".repeat(20);

const FAILURES = [
  { when: "the message is opened", operation: "create", memoryLimit: 8 },
  { when: "the first line is written", operation: "write", memoryLimit: 8 },
  { when: "the file is made", operation: "create", memoryLimit: 200 },
  { when: "the file is written", operation: "write", memoryLimit: 200 },
  { when: "the file is synced", operation: "sync", memoryLimit: 200 },
  { when: "the folder is synced", operation: "syncFolder", memoryLimit: 200 },
] as const;

for (const { when, operation, memoryLimit } of FAILURES) {
  for (
    const [code, expected] of [
      ["ENOSPC", replies.DISK_FULL],
      ["EIO", replies.LOCAL_ERROR],
    ] as const
  ) {
    Deno.test(`answer() says ${expected.code} and leaves nothing at ${code} when ${when}`, async () => {
      const services = await fakeServices({ memoryLimit });
      const { disk, queued } = services;
      const reception = receptionOf(services);
      disk.before = (done, path) => {
        if (done === operation) throw diskError(code, path);
      };
      const { open, commit } = await transact(reception, { body: LARGE });
      assertEquals(commit ?? open, expected);
      assertEquals([queued, disk.files(), disk.open], [[], [], 0]);

      disk.before = () => {};
      const second = await transact(reception, { body: LARGE });
      assertEquals(second.commit, replies.queued("2"));
      assertEquals(disk.files(), [`${SPOOL}/2`]);
    });
  }
}

Deno.test("append() gives the space back at once when the disk is full", async () => {
  const services = await fakeServices({ memoryLimit: 8 });
  const { disk } = services;
  const reception = receptionOf(services);
  await reception.answer(
    {
      ask: "open",
      envelope: {
        from: VASYA,
        parameters: { body: "7BIT", smtputf8: false },
        to: [{ mailbox: { local: "petya", domain: "test.ru" } }],
      },
      via: "BDAT",
    },
    STATE,
  );
  assertEquals(disk.files(), [`${SPOOL}/1`]);
  disk.before = (operation, path) => {
    if (operation === "write") throw diskError("ENOSPC", path);
  };
  await reception.append(encoder.encode(LARGE));
  assertEquals([disk.files(), disk.open], [[], 0]);
  await reception.append(encoder.encode(LARGE));
  assertEquals(services.log.of("cannot store message").length, 1);
});

for (
  const [code, expected] of [
    ["ENOSPC", replies.DISK_FULL],
    ["EIO", replies.LOCAL_ERROR],
  ] as const
) {
  Deno.test(`answer() says ${expected.code} and leaves nothing when the queue has ${code}`, async () => {
    const services = await fakeServices({
      enqueue: () => Promise.reject(diskError(code, "queue.db")),
    });
    const { disk, log } = services;
    const { commit } = await transact(receptionOf(services), { body: LARGE });
    assertEquals(commit, expected);
    assertEquals([disk.files(), disk.open], [[], 0]);
    assertEquals(log.of("cannot queue message").length, 1);
    assertEquals(log.of("message accepted"), []);
    assertEquals(log.of("message refused").length, 1);
  });
}

Deno.test("answer() refuses what has been through 100 hosts, not 99", async () => {
  const services = await fakeServices();
  const reception = receptionOf(services);
  const hop = "Received: from a by b\r\n";
  const loop = await transact(reception, { body: hop.repeat(100) });
  assertEquals(loop.commit, replies.TOO_MANY_HOPS);
  assertEquals([services.queued, services.disk.files()], [[], []]);
  assertEquals(services.log.of("message refused"), [{
    session: "S1",
    peer: "192.0.2.1",
    id: "1",
    reply: "554 5.4.6 Too many hops: the message seems to go in a loop",
  }]);
  const far = await transact(reception, { body: hop.repeat(99) + "\r\n" });
  assertEquals(far.commit, replies.queued("2"));
});

Deno.test("answer() says 451 to a commit of nothing", async () => {
  const services = await fakeServices();
  const parameters = { body: "7BIT", smtputf8: false } as const;
  const envelope = { from: null, parameters, to: [] };
  const reply = await receptionOf(services)
    .answer({ ask: "commit", envelope }, STATE);
  assertEquals(reply, replies.LOCAL_ERROR);
});

Deno.test("refused() says nothing in the log when the client wished so", async () => {
  const services = await fakeServices();
  const reception = receptionOf(services);
  reception.refused(replies.OK);
  assertEquals(services.log.lines, []);
  reception.refused(replies.MESSAGE_TOO_BIG);
  assert(services.log.of("message refused").length === 1);
});

const PETYA = { local: "petya", domain: "test.ru" };

async function logIn(
  reception: Reception,
  response = "right",
): Promise<Reply> {
  const question = { ask: "auth", mechanism: "PLAIN", response } as const;
  return await reception.answer(question, STATE);
}

Deno.test("answer() says in the log who logs in, and whose mail it is then", async () => {
  const services = await fakeServices({
    visits: { authenticator: challenging(PETYA) },
  });
  const { log, queued } = services;
  const reception = receptionOf(services);
  assertEquals(await logIn(reception, "wrong"), replies.BAD_CREDENTIALS);
  assertEquals(log.lines, []);
  assertEquals(await logIn(reception), replies.AUTHENTICATED);
  const user = { session: "S1", peer: "192.0.2.1", user: "petya@test.ru" };
  assertEquals(log.of("logged in"), [user]);

  await transact(reception, { from: PETYA, to: ["<vasya@another.test>"] });
  assertEquals(queued[0]!.message.trusted, true);
  const [accepted] = log.of("message accepted");
  assertEquals(accepted!.user, "petya@test.ru");
});

Deno.test("answer() adds to a user's message what its client left out", async () => {
  const services = await fakeServices({
    visits: { authenticator: challenging(PETYA) },
  });
  const reception = receptionOf(services);
  await logIn(reception);
  const both = { local: "both", domain: "test.ru" };
  const rows = [["petya", PETYA], ["petya", null], ["both", both]] as const;
  for (const [name, from] of rows) {
    const body = "Bcc: <x@y.test>\r\n\r\nHi\r\n";
    await transact(reception, { from, body });
    const id = services.queued.length;
    const text = lines(
      "\tMon, 23 Nov 2026 02:51:03 +0000",
      "Date: Mon, 23 Nov 2026 02:51:03 +0000",
      `From: <${name}@test.ru>`,
      `Message-ID: <${id}@mx.test.ru>`,
      "",
      "Hi",
    );
    assert(services.texts().at(-1)!.endsWith(text), name);
  }
});

Deno.test("answer() leaves a stranger's message as it is", async () => {
  const services = await fakeServices();
  const body = "Bcc: <x@y.test>\r\n\r\nHi\r\n";
  await transact(receptionOf(services), { body });
  assert(services.texts()[0]!.endsWith(`+0000\r\n${body}`));
});

Deno.test("answer() says in the log whose login ends the session, and whose sender is refused", async () => {
  const services = await fakeServices({
    visits: {
      authenticator: challenging(PETYA),
      connections: { take: () => false },
      messages: { take: () => false },
    },
  });
  const reception = receptionOf(services);
  await logIn(reception);
  await transact(reception);
  const client = { session: "S1", peer: "192.0.2.1" };
  assertEquals(services.log.of("login refused"), [{
    ...client,
    reply: "421 4.7.0 mx.test.ru too many connections in a minute",
  }]);
  assertEquals(services.log.of("sender refused"), [{
    ...client,
    from: "vasya@other.test",
    reply: "450 4.7.1 Too many messages in a minute, try again later",
  }]);
});
