import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Order } from "../../../src/queue/order.ts";
import type { Damage } from "../../../src/queue/oversight.ts";
import type { Queued } from "../../../src/queue/queue.ts";
import { SCHEMA_VERSION } from "../../../src/queue/sqlite/schema.ts";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { openSqliteOversight } from "../../../src/queue/sqlite/oversight.ts";
import { disk } from "../../../src/system/disk.ts";
import { fakeLog, letter, START, temporaryFolder } from "../fakes.ts";
import { queueFolder } from "../queue_folder.ts";
import type { QueueFolder } from "../queue_folder.ts";

const NOW = START + 60_000;
const LATER = {
  status: "deferred",
  recipient: 0,
  reply: "451 4.3.0 Later",
  host: "mx.test.ru",
  until: NOW + 60_000,
} as const;
const DELIVERED = {
  status: "delivered",
  recipient: 0,
  reply: "250 2.0.0 Ok",
  host: "mx.test.ru",
} as const;

/** Gives an order that is obeyed. */
async function order(given: QueueFolder, word: Order, id: string) {
  const [result] = await given.oversight.apply(word, [id], NOW);
  assertEquals(result?.kind, "done");
}

/** A message that waits for its next try, its lease given back. */
async function deferred(given: QueueFolder) {
  const mail = letter();
  await given.put(mail);
  await given.settle(mail, LATER);
  await given.queue.release([mail.message.id]);
  return { mail, id: mail.message.id };
}

Deno.test("apply() retry makes a message due", async () => {
  await using given = await queueFolder();
  const { id } = await deferred(given);
  assertEquals(await given.queue.due(NOW, 10), []);
  await order(given, "retry", id);
  assertEquals((await given.queue.due(NOW, 10)).length, 1);
});

Deno.test("apply() hold keeps a message from being due until release", async () => {
  await using given = await queueFolder();
  const { id } = await deferred(given);
  await order(given, "hold", id);
  assertEquals(await given.queue.nextDue(NOW), undefined);
  assertEquals(await given.queue.due(Number.MAX_SAFE_INTEGER - 1, 10), []);
  assertEquals((await given.oversight.get(id))?.order, "hold");
  await order(given, "release", id);
  const [queued] = await given.queue.due(NOW, 10);
  assertEquals([queued?.message.id, queued?.order], [id, undefined]);
});

Deno.test("apply() bounce hands a message out as one to bounce", async () => {
  await using given = await queueFolder();
  const { id } = await deferred(given);
  await order(given, "bounce", id);
  const [queued] = await given.queue.due(NOW, 10);
  assertEquals([queued?.message.id, queued?.order], [id, "bounce"]);
});

Deno.test("apply() remove leaves nothing of a message", async () => {
  await using given = await queueFolder();
  const { id, mail } = await deferred(given);
  await order(given, "hold", id);
  const [result] = await given.oversight.apply("remove", [id], NOW);
  const before = result?.kind === "done" ? result.before : undefined;
  assertEquals(before?.message, mail.message);
  await given.queue.changes();
  const nothing = { message: 0, attempt: 0, standing_order: 0, changed: 0 };
  assertEquals(given.rows(), nothing);
});

Deno.test("apply() remove removes the file of a large message", async () => {
  await using given = await queueFolder();
  const { message } = letter();
  const path = join(given.path, "spool", message.id);
  await Deno.mkdir(join(given.path, "spool"));
  await Deno.writeTextFile(path, "Hi\r\n");
  await given.put({ message, content: { kind: "file", path } });
  await order(given, "remove", message.id);
  assertEquals(await disk.stat(path), undefined);
});

Deno.test("apply() says what it knows nothing of, and what stands in the way", async () => {
  await using given = await queueFolder();
  const { id } = await deferred(given);
  const absent = letter().message.id;
  const ids = [absent, "no ID", "../../etc", id];
  assertEquals(
    await given.oversight.apply("release", ids, NOW),
    [
      { kind: "unknown" },
      { kind: "unknown" },
      { kind: "unknown" },
      { kind: "refused", why: "it is not held" },
    ],
  );
  assertEquals(await given.queue.changes(), []);
});

Deno.test("apply() refuses a damaged message everything but removal", async () => {
  await using given = await queueFolder();
  const { id } = await deferred(given);
  using database = new DatabaseSync(join(given.path, "queue.db"));
  database.exec(`UPDATE message SET states = '[{'`);
  const [held] = await given.oversight.apply("hold", [id], NOW);
  const why = held?.kind === "refused" ? held.why : "";
  assert(why.startsWith("it is damaged: "), why);
  const listed = await given.oversight.list("", 10);
  assertEquals(listed.map((entry) => "damage" in entry && entry.id), [id]);
  await assertRejects(() => given.oversight.get(id), Error, "Cannot read");
  assertEquals(await given.oversight.apply("remove", [id], NOW), [
    { kind: "done", before: undefined },
  ]);
  assertEquals(given.rows().message, 0);
});

Deno.test("a hold outlives the news of a try that was under way", async () => {
  await using given = await queueFolder();
  const mail = letter();
  const { id } = mail.message;
  await given.put(mail);
  await order(given, "hold", id);
  await given.settle(mail, LATER);
  await given.queue.release([id]);
  assertEquals(await given.queue.due(LATER.until, 10), []);
  assertEquals(await given.queue.nextDue(NOW), undefined);
  assertEquals((await given.oversight.get(id))?.states[0]?.attempts, 1);
});

Deno.test("a message that is delivered in spite of an order is gone with it", async () => {
  await using given = await queueFolder();
  for (const word of ["hold", "bounce", "retry", "remove"] as const) {
    const mail = letter();
    await given.put(mail);
    await order(given, word, mail.message.id);
    await given.settle(mail, DELIVERED);
  }
  await given.queue.changes();
  const nothing = { message: 0, attempt: 0, standing_order: 0, changed: 0 };
  assertEquals(given.rows(), nothing);
});

Deno.test("an order never makes a settled recipient wait", async () => {
  await using given = await queueFolder();
  const mail = letter(["a@test.ru", "b@test.ru"]);
  const { id } = mail.message;
  await given.put(mail);
  await given.settle(mail, DELIVERED);
  for (const word of ["retry", "hold", "release", "bounce"] as const) {
    await order(given, word, id);
    const { states } = (await given.queue.get(id))!;
    const statuses = states.map(({ status }) => status);
    assertEquals(statuses, ["delivered", "waiting"], word);
  }
});

Deno.test("news of a message that was removed ends our lease on it", async () => {
  await using given = await queueFolder();
  const mail = letter();
  await given.put(mail);
  using database = new DatabaseSync(join(given.path, "queue.db"));
  database.exec("CREATE TABLE copy AS SELECT * FROM message");
  await order(given, "remove", mail.message.id);
  await given.settle(mail, LATER);
  database.exec("INSERT INTO message SELECT * FROM copy");
  assertEquals((await given.queue.due(NOW, 10)).length, 1);
});

Deno.test("changes() names what was given orders about, once", async () => {
  await using given = await queueFolder();
  const [first, second] = [await deferred(given), await deferred(given)];
  assertEquals(await given.queue.changes(), []);
  await order(given, "retry", second.id);
  await order(given, "hold", first.id);
  await order(given, "release", first.id);
  assertEquals(await given.queue.changes(), [first.id, second.id]);
  assertEquals(await given.queue.changes(), []);
  await given.settle(first.mail, DELIVERED);
  assertEquals(await given.queue.changes(), []);
  await order(given, "remove", second.id);
  assertEquals(await given.queue.changes(), [second.id]);
});

/** A queue of which only the last of five messages can be read. */
async function damagedQueue() {
  const given = await queueFolder();
  const letters = Array.from({ length: 5 }, () => letter());
  await given.put(...letters);
  using database = new DatabaseSync(join(given.path, "queue.db"));
  database.exec(
    `UPDATE message SET envelope = '{' WHERE id < (SELECT max(id) FROM message)`,
  );
  return { given, ids: letters.map(({ message }) => message.id) };
}

Deno.test("list() of the server goes on past a page of damaged messages", async () => {
  const { given, ids } = await damagedQueue();
  await using _ = given;
  const found = await given.queue.list("", 2);
  assertEquals(found.map(({ message }) => message.id), [ids[4]!]);
  assertEquals(await given.queue.list(ids[4]!, 2), []);
});

Deno.test("list() of the postmaster tells which messages are damaged", async () => {
  const { given, ids } = await damagedQueue();
  await using _ = given;
  const pages = [
    await given.oversight.list("", 3),
    await given.oversight.list(ids[2]!, 3),
    await given.oversight.list(ids[4]!, 3),
  ];
  const idOf = (entry: Queued | Damage) =>
    "damage" in entry ? `damaged ${entry.id}` : entry.message.id;
  assertEquals(pages.map((page) => page.map(idOf)), [
    ids.slice(0, 3).map((id) => `damaged ${id}`),
    [`damaged ${ids[3]}`, ids[4]!],
    [],
  ]);
});

Deno.test("attended() tells whether a server owns the queue", async () => {
  await using temporary = await temporaryFolder();
  const options = { folder: temporary.path, disk, log: fakeLog() };
  const queue = await openSqliteQueue(options);
  const oversight = await openSqliteOversight(options);
  assertEquals(await oversight.attended(), true);
  await queue.close();
  assertEquals(await oversight.attended(), false);
  // And looking leaves the queue free to be owned.
  const next = await openSqliteQueue(options);
  await next.close();
  await oversight.close();
});

Deno.test("openSqliteOversight() makes nothing where there is no queue", async () => {
  await using temporary = await temporaryFolder();
  const options = { folder: temporary.path, disk, log: fakeLog() };
  const path = join(temporary.path, "queue.db");
  await assertRejects(
    () => openSqliteOversight(options),
    Error,
    `Cannot open queue "${path}": there is none`,
  );
  assertEquals([...Deno.readDirSync(temporary.path)], []);
});

Deno.test("openSqliteOversight() leaves a newer queue alone", async () => {
  await using temporary = await temporaryFolder();
  const options = { folder: temporary.path, disk, log: fakeLog() };
  const path = join(temporary.path, "queue.db");
  using database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  await assertRejects(
    () => openSqliteOversight(options),
    Error,
    "it was written by a newer smtpd",
  );
});

Deno.test("openSqliteOversight() leaves an older queue to the server that uses it", async () => {
  await using temporary = await temporaryFolder();
  const options = { folder: temporary.path, disk, log: fakeLog() };
  const queue = await openSqliteQueue(options);
  // The lock is taken, whatever the version of who has it.
  using database = new DatabaseSync(join(temporary.path, "queue.db"));
  database.exec("PRAGMA user_version = 1");
  await assertRejects(
    () => openSqliteOversight(options),
    Error,
    "an older smtpd is using it: restart that first",
  );
  await queue.close();
});
