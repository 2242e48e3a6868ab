import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { queue } from "../../src/cli/queue.ts";
import { makeIds } from "../../src/queue/id.ts";
import type { Put, Settled } from "../../src/queue/queue.ts";
import { openSqliteQueue } from "../../src/queue/sqlite/open.ts";
import { clock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";
import { bytes, fakeLog, mailbox } from "../queue/fakes.ts";
import { scriptedTerminal } from "./scripted_terminal.ts";

const HOUR = 3_600_000;
const NOW = Date.now();
const nextId = makeIds({
  clock: { now: () => NOW - 2 * HOUR },
  random: () => 0,
});

const LATER: Settled = {
  status: "deferred",
  recipient: 0,
  reply: "451 4.3.0 Disk \x1b[2Jfull\n451 4.3.0 try later",
  host: "mx.test.ru [192.0.2.9]:25",
  address: "192.0.2.9",
  session: "07AMS75MBZZ",
  until: NOW + HOUR + 60_000,
};

/** A message that came two hours ago. */
function letter(
  { from = "vasya@another.ru", to = ["petya@test.ru"] }: {
    readonly from?: string | null;
    readonly to?: readonly string[];
  } = {},
): Put {
  const content = bytes("x".repeat(4096));
  return {
    message: {
      id: nextId(),
      from: from === null ? null : mailbox(from),
      receivedAt: NOW - 2 * HOUR,
      size: 4096,
      smtputf8: false,
      body: "8BITMIME",
      session: "07AMS75MCZZ",
      client: { address: "192.0.2.1", helo: "client.another.ru" },
      recipients: to.map((address, number) => ({
        number,
        address: mailbox(address),
        original: number === 0 ? mailbox(address) : mailbox("all@test.ru"),
      })),
    },
    content,
  };
}

/** A mail folder with messages in its queue: the first `deferred` of them were tried once. */
async function mailFolder(letters: readonly Put[], deferred = 0) {
  const mailDir = await Deno.makeTempDir();
  const folder = join(mailDir, ".smtpd");
  const owner = await openSqliteQueue({ folder, disk, log: fakeLog() });
  await owner.commit({ put: letters, settle: [], now: NOW });
  await owner.commit({
    put: [],
    settle: letters.slice(0, deferred).map(({ message: { id } }) => ({
      id,
      at: NOW - HOUR,
      recipients: [LATER],
    })),
    now: NOW,
  });
  await owner.close();

  return {
    folder,
    async run(columns: number | undefined, ...args: readonly string[]) {
      const scripted = scriptedTerminal();
      const terminal = Object.assign(scripted, { columns });
      const code = await queue([...args, "--mail-dir", mailDir], terminal);
      assertEquals([code, terminal.stderr], [0, ""]);
      return terminal.stdout.trimEnd().split("\n");
    },
    [Symbol.asyncDispose]: () => Deno.remove(mailDir, { recursive: true }),
  };
}

Deno.test("queue() lists messages in aligned columns that fit the window", async () => {
  const letters = [
    letter({ to: ["petya@test.ru", "masha@test.ru"] }),
    letter({ from: null }),
    letter({ from: `${"v".repeat(60)}@another.ru` }),
  ];
  await using given = await mailFolder(letters, 1);
  const ids = letters.map(({ message }) => message.id);
  assertEquals(await given.run(100, "list"), [
    "ID            AGE   SIZE  TRIES  NEXT    SENDER            RECIPIENTS        LAST REPLY",
    `${
      ids[0]
    }    2h   4.0K      1  now     vasya@another.ru  petya@test.ru +1  451 4.3.0 Disk \\x1b[2J…`,
    `${ids[1]}    2h   4.0K      0  now     <>                petya@test.ru`,
    `${ids[2]}    2h   4.0K      0  now     vvvvvvvvvvvvvvv…  petya@test.ru`,
    "3 messages, 12K",
  ]);
  const narrow = await given.run(80, "list");
  assert(narrow.every((line) => line.length <= 80), narrow.join("\n"));
  assertMatch(narrow[1]!, / {2}petya@… \+1 {2}/);
});

Deno.test("queue() cuts nothing where no window is", async () => {
  const from = `${"v".repeat(60)}@another.ru`;
  await using given = await mailFolder([letter({ from })], 1);
  const [, line = ""] = await given.run(undefined, "list");
  assert(line.includes(from), line);
  assert(
    line.endsWith("451 4.3.0 Disk \\x1b[2Jfull 451 4.3.0 try later"),
    line,
  );
});

Deno.test("queue() says of each message when it is tried next", async () => {
  const letters = Array.from({ length: 4 }, () => letter());
  await using given = await mailFolder(letters, 3);
  const [, held, bounced] = letters.map(({ message }) => message.id);
  await given.run(100, "hold", held!);
  await given.run(100, "bounce", bounced!);
  const lines = await given.run(100, "list");
  assertEquals(
    lines.slice(1, -1).map((line) => line.slice(33, 41).trim()),
    ["in 1h", "held", "bounce", "now"],
  );
  assertEquals(lines.at(-1), "4 messages, 16K, 1 held, 1 to bounce");
});

Deno.test("queue() lists an empty queue", async () => {
  await using given = await mailFolder([]);
  assertEquals(await given.run(100, "list"), ["The queue is empty"]);
  assertEquals(await given.run(100, "list", "--json"), ["[]"]);
});

Deno.test("queue() says which messages it can't read, and ends with 1", async () => {
  const letters = [letter(), letter()];
  await using given = await mailFolder(letters);
  using database = new DatabaseSync(join(given.folder, "queue.db"));
  database.exec("UPDATE message SET envelope = '{'");
  const told = letters.map(({ message: { id } }) =>
    `smtpd: queued message damaged: ${id}: `
  );
  for (
    const [args, stdout] of [
      [["list"], "0 messages, 2 damaged\n"],
      [["list", "--json"], "[]\n"],
    ] as const
  ) {
    const terminal = scriptedTerminal();
    const mailDir = ["--mail-dir", join(given.folder, "..")];
    const code = await queue([...args, ...mailDir], terminal);
    assertEquals([code, terminal.stdout], [1, stdout]);
    const lines = terminal.stderr.trimEnd().split("\n");
    assertEquals(lines.length, 2);
    for (const [at, line] of lines.entries()) {
      assert(line.startsWith(told[at]!), line);
    }
  }
});

Deno.test("queue() lists 10,000 messages, as a table and as JSON", async () => {
  const letters = Array.from({ length: 10_000 }, () => letter());
  await using given = await mailFolder(letters, 5000);
  const lines = await given.run(120, "list");
  assertEquals(lines.length, 10_002);
  assertEquals(lines.at(-1), "10,000 messages, 39M");
  const columns = new Set(lines.slice(1, -1).map((line) => line.indexOf("v")));
  assertEquals(columns.size, 1);
  const listed = JSON.parse((await given.run(120, "list", "--json")).join(""));
  assertEquals(
    listed.map(({ id }: { id: string }) => id),
    letters.map(({ message }) => message.id),
  );
});

Deno.test("queue() tells programs of a message", async () => {
  const mail = letter({ to: ["petya@test.ru", "masha@test.ru"] });
  await using given = await mailFolder([mail], 1);
  const { id } = mail.message;
  const time = (at: number) => new Date(at).toISOString();
  const petya = {
    address: "petya@test.ru",
    original: "petya@test.ru",
    status: "deferred",
    attempts: 1,
    nextAttempt: time(NOW + HOUR + 60_000),
    lastAttempt: time(NOW - HOUR),
    lastReply: "451 4.3.0 Disk \x1b[2Jfull\n451 4.3.0 try later",
    lastHost: "mx.test.ru [192.0.2.9]:25",
  };
  const masha = {
    address: "masha@test.ru",
    original: "all@test.ru",
    status: "waiting",
    attempts: 0,
    nextAttempt: time(NOW - 2 * HOUR),
    lastAttempt: null,
    lastReply: "",
    lastHost: "",
  };
  const message = {
    id,
    status: "deferred",
    sender: "vasya@another.ru",
    size: 4096,
    receivedAt: time(NOW - 2 * HOUR),
    attempts: 1,
    nextAttempt: time(NOW - 2 * HOUR),
    body: "8BITMIME",
    smtputf8: false,
    session: "07AMS75MCZZ",
    client: { address: "192.0.2.1", helo: "client.another.ru" },
    recipients: [petya, masha],
  };
  const listed = await given.run(undefined, "list", "--json");
  assertEquals(JSON.parse(listed.join("\n")), [message]);
  assert(!listed.join("").includes("\x1b"));
  const [shown = ""] = await given.run(undefined, "show", id, "--json");
  assertEquals(JSON.parse(shown), {
    ...message,
    recipients: [
      {
        ...petya,
        tries: [{
          number: 1,
          at: time(NOW - HOUR),
          status: "deferred",
          reply: petya.lastReply,
          host: petya.lastHost,
          address: "192.0.2.9",
          session: "07AMS75MBZZ",
        }],
      },
      { ...masha, tries: [] },
    ],
  });
});

Deno.test("queue() shows the envelope, each try and where the dialogues are", async () => {
  const mail = letter({ to: ["petya@test.ru", "masha@test.ru"] });
  await using given = await mailFolder([mail], 1);
  const { id } = mail.message;
  const time = (at: number) =>
    new Date(at).toISOString().slice(0, 19).replace("T", " ");
  assertEquals(await given.run(100, "show", id.toLowerCase()), [
    `Message   ${id}`,
    "Status    deferred",
    "Sender    vasya@another.ru",
    `Received  ${time(NOW - 2 * HOUR)} from client.another.ru [192.0.2.1]`,
    "Size      4,096 octets, 8BITMIME",
    "Dialogue  smtpd transcript 07AMS75MCZZ",
    "",
    `petya@test.ru: deferred, 1 try, next ${time(NOW + HOUR + 60_000)} (in 1h)`,
    `  ${time(NOW - HOUR)}  try 1 deferred: mx.test.ru [192.0.2.9]:25: ` +
    "451 4.3.0 Disk \\x1b[2Jfull 451 4.3.0 try later",
    "    smtpd transcript 07AMS75MBZZ",
    "",
    "masha@test.ru (sent to all@test.ru): waiting, 0 tries, next now",
  ]);
});

/** What each order prints while no server runs. */
const SAID: Readonly<Record<string, (id: string) => readonly string[]>> = {
  retry: (id) => [`${id}: due now`, IDLE],
  hold: (id) => [`${id}: held; it is not tried until it is released`],
  release: (id) => [`${id}: released and due now`, IDLE],
  bounce: (id) => [`${id}: bounces to vasya@another.ru`, IDLE],
  remove: (id) => [
    `${id}: removed, from vasya@another.ru to petya@test.ru, 4.0K`,
  ],
};
const IDLE = "No server is running; the next to start sees to it";

Deno.test("queue() steers a message while no server runs", async () => {
  const mail = letter();
  await using given = await mailFolder([mail], 1);
  const { id } = mail.message;
  for (const [order, said] of Object.entries(SAID)) {
    assertEquals(await given.run(100, order, id), said(id));
  }
  assertEquals(await given.run(100, "list"), ["The queue is empty"]);
});

Deno.test("queue() steers a message while a server owns the queue", async () => {
  const mail = letter();
  await using given = await mailFolder([mail], 1);
  const { id } = mail.message;
  const log = fakeLog();
  const owner = await openSqliteQueue({ folder: given.folder, disk, log });
  for (const [order, said] of Object.entries(SAID)) {
    const lines = said(id).filter((line) => line !== IDLE);
    assertEquals(await given.run(100, order, id), lines);
    assertEquals(await owner.changes(), [id]);
  }
  assertEquals(await owner.get(id), undefined);
  await owner.close();
});

Deno.test("queue() tells programs which message an order found", async () => {
  const mail = letter();
  await using given = await mailFolder([mail], 1);
  const { id } = mail.message;
  for (const order of Object.keys(SAID)) {
    const [line = ""] = await given.run(100, order, id, "--json");
    const { message, ...rest } = JSON.parse(line);
    assertEquals([rest, message.id], [{ order }, id]);
  }
});

Deno.test("queue() bounces a report to nobody", async () => {
  const mail = letter({ from: null });
  await using given = await mailFolder([mail]);
  const { id } = mail.message;
  assertEquals(await given.run(100, "bounce", id), [
    `${id}: given up; it has no sender to bounce to`,
    IDLE,
  ]);
});

Deno.test("queue() names the first recipients of what it removes", async () => {
  const to = Array.from({ length: 12 }, (_, at) => `to${at}@test.ru`);
  const mail = letter({ to });
  await using given = await mailFolder([mail]);
  const [line = ""] = await given.run(100, "remove", mail.message.id);
  assert(line.endsWith(", to9@test.ru and 2 more, 4.0K"), line);
});

Deno.test("queue() retries all that is neither held nor to be bounced", async () => {
  const letters = Array.from({ length: 450 }, () => letter());
  await using given = await mailFolder(letters, 450);
  const [held, bounced] = letters.map(({ message }) => message.id);
  await given.run(100, "hold", held!);
  await given.run(100, "bounce", bounced!);
  assertEquals(await given.run(100, "retry", "--all"), [
    "448 messages due now; 2 held or to bounce left alone",
    IDLE,
  ]);
  const log = fakeLog();
  const owner = await openSqliteQueue({ folder: given.folder, disk, log });
  assertEquals((await owner.due(clock.now(), 1000)).length, 449);
  await owner.close();
});

Deno.test("queue() says in one line what can't be done", async () => {
  const mail = letter();
  await using given = await mailFolder([mail]);
  const { id } = mail.message;
  const refused = (message: string, ...args: readonly string[]) =>
    assertRejects(() => given.run(100, ...args), Error, message);
  for (
    const order of ["show", "retry", "hold", "release", "bounce", "remove"]
  ) {
    const message = `Cannot ${order} "../X": no such message is in the queue`;
    await refused(message, order, "../x");
  }
  await refused(`Cannot release ${id}: it is not held`, "release", id);
  await given.run(100, "hold", id);
  await refused(
    `Cannot retry ${id}: it is held: release it first`,
    "retry",
    id,
  );
  await refused(
    "Nothing to retry: 1 message held or to bounce",
    "retry",
    "--all",
  );
  await given.run(100, "remove", id);
  await refused("Nothing to retry: the queue is empty", "retry", "--all");
});
