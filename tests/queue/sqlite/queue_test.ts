import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { isDiskFull } from "../../../src/ports/disk.ts";
import { LEASE } from "../../../src/queue/queue.ts";
import type { Put, Queue, Settled } from "../../../src/queue/queue.ts";
import { disk } from "../../../src/system/disk.ts";
import {
  bytes,
  fakeLog,
  letter,
  memoryQueue,
  START,
  temporaryFolder,
} from "../fakes.ts";

const said = { reply: "250 2.1.5 Ok", host: "local" };

function put(queue: Queue, ...letters: readonly Put[]): Promise<void> {
  return queue.commit({ put: letters, settle: [], now: START });
}

function settle(
  queue: Queue,
  { message: { id } }: Put,
  ...recipients: readonly Settled[]
): Promise<void> {
  const settlement = { id, at: START, recipients };
  return queue.commit({ put: [], settle: [settlement], now: START });
}

async function dueIds(queue: Queue, now: number, limit = 100) {
  return (await queue.due(now, limit)).map(({ message }) => message.id);
}

Deno.test("commit() keeps a message until each recipient is settled", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const mail = letter(["a@test.ru", "b@test.ru"]);
  const { id } = mail.message;
  await put(queue, mail);
  await settle(queue, mail, { status: "delivered", recipient: 0, ...said });
  const kept = await queue.get(id);
  assertEquals(kept?.message, mail.message);
  assertEquals(kept?.states.map(({ status }) => status), [
    "delivered",
    "waiting",
  ]);
  await settle(queue, mail, { status: "failed", recipient: 1, ...said });
  assertEquals(await queue.get(id), undefined);
  assertEquals(await queue.content(id), undefined);
});

Deno.test("commit() puts and settles all or nothing", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const [old, good] = [letter(), letter()];
  const bad = letter();
  await put(queue, old);
  await assertRejects(() =>
    queue.commit({
      put: [good, {
        message: { ...bad.message, size: 99 },
        content: bad.content,
      }],
      settle: [{
        id: old.message.id,
        at: START,
        recipients: [{ status: "delivered", recipient: 0, ...said }],
      }],
      now: START,
    })
  );
  assert(await queue.get(old.message.id));
  assertEquals(await queue.get(good.message.id), undefined);
  await put(queue, good);
  assert(await queue.get(good.message.id));
});

Deno.test("commit() rolls back what a later settlement breaks", async () => {
  using memory = memoryQueue();
  const { queue, database } = memory;
  const [first, damaged] = [letter(), letter()];
  await put(queue, first, damaged);
  database.exec(
    `UPDATE message SET states = '[' WHERE id = (SELECT max(id) FROM message)`,
  );
  await assertRejects(() =>
    queue.commit({
      put: [],
      settle: [first, damaged].map(({ message: { id } }) => ({
        id,
        at: START,
        recipients: [{ status: "delivered", recipient: 0, ...said }],
      })),
      now: START,
    })
  );
  assert(await queue.get(first.message.id));
  // Still ours: a settlement that failed is no reason to give the lease away.
  assertEquals(await dueIds(queue, START), []);
});

Deno.test("commit() passes over news of messages that are gone", async () => {
  using memory = memoryQueue();
  await settle(memory.queue, letter(), {
    status: "delivered",
    recipient: 0,
    ...said,
  });
});

Deno.test("commit() says when the disk is full", async () => {
  using memory = memoryQueue();
  const { queue, database } = memory;
  database.exec("PRAGMA max_page_count = 8");
  const big = letter(["a@test.ru"], { content: bytes("x".repeat(60_000)) });
  const error = await assertRejects(() => put(queue, big), Error);
  assert(isDiskFull(error));
  assert(error.message.startsWith("Cannot commit: "), error.message);
  // And it goes on when there is room again.
  database.exec("PRAGMA max_page_count = 1000");
  await put(queue, big);
  assertEquals(await queue.content(big.message.id), big.content);
});

Deno.test("due() leases what is due, the longest due first", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const letters = [30, 10, 20, 99].map((wait) =>
    letter(["a@test.ru"], { receivedAt: START + wait })
  );
  await put(queue, ...letters);
  await queue.release(letters.map(({ message }) => message.id));
  const [at30, at10, at20] = letters.map(({ message }) => message.id);
  assertEquals(await queue.nextDue(START), START + 10);
  assertEquals(await dueIds(queue, START + 50, 2), [at10!, at20!]);
  assertEquals(await dueIds(queue, START + 50, 2), [at30!]);
  assertEquals(await dueIds(queue, START + 50, 2), []);
  assertEquals(await queue.nextDue(START + 50), START + 99);
});

Deno.test("due() passes over messages just put, which are leased", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const mail = letter();
  await put(queue, mail);
  assertEquals(await dueIds(queue, START + LEASE - 1), []);
  assertEquals(await queue.nextDue(START), undefined);
  assertEquals(await dueIds(queue, START + LEASE), [mail.message.id]);
});

Deno.test("commit() ends the lease of a message that goes", async () => {
  using memory = memoryQueue();
  const { queue, database } = memory;
  const mail = letter();
  await put(queue, mail);
  database.exec("CREATE TEMP TABLE copy AS SELECT * FROM message");
  await settle(queue, mail, { status: "delivered", recipient: 0, ...said });
  database.exec("INSERT INTO message SELECT * FROM copy");
  assertEquals(await dueIds(queue, START), [mail.message.id]);
});

Deno.test("renew() and release() move the end of a lease", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const { message: { id } } = letter();
  const mail = letter();
  await put(queue, mail);
  await queue.renew([mail.message.id], START + 10);
  assertEquals(await dueIds(queue, START + LEASE), []);
  await queue.release([mail.message.id, id]);
  assertEquals(await dueIds(queue, START), [mail.message.id]);
});

Deno.test("due() gives a deferred message when its time has come", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const mail = letter(["a@test.ru", "b@test.ru"]);
  await put(queue, mail);
  await settle(
    queue,
    mail,
    { status: "deferred", recipient: 0, until: START + 50, ...said },
    { status: "postponed", recipient: 1, until: START + 70 },
  );
  await queue.release([mail.message.id]);
  assertEquals(await queue.nextDue(START), START + 50);
  assertEquals(await dueIds(queue, START + 49), []);
  const [queued] = await queue.due(START + 50, 1);
  assertEquals(queued?.states.map(({ attempts }) => attempts), [1, 0]);
  assertEquals(await queue.content(mail.message.id), mail.content);
});

Deno.test("due() sets a damaged row aside, says so once, and goes on", async () => {
  const log = fakeLog();
  using memory = memoryQueue({ log });
  const { queue, database } = memory;
  const letters = [letter(), letter(), letter()];
  const ids = letters.map(({ message }) => message.id);
  await put(queue, ...letters);
  await queue.release(ids);
  database.exec(
    `UPDATE message SET envelope = '{"from"' WHERE id = (SELECT min(id) FROM message)`,
  );
  assertEquals(await dueIds(queue, START), ids.slice(1));
  assertEquals(await queue.nextDue(START + 10 * LEASE), START);
  assertEquals(await dueIds(queue, START + 10 * LEASE), ids.slice(1));
  assertEquals((await queue.list("", 10)).length, 2);
  assertEquals(log.of("queued message damaged").map(({ id }) => id), [ids[0]]);
  await assertRejects(() => queue.get(ids[0]!), Error, "Cannot read message");
});

Deno.test("due() sets a row aside of which an octet changed, though it still makes sense", async () => {
  const changes = [
    "envelope = replace(envelope, '\"vasya\"', '\"vasia\"')",
    "states = replace(states, '\"attempts\":0', '\"attempts\":1')",
    // The row of another message.
    "id = id + 1",
  ];
  for (const change of changes) {
    const log = fakeLog();
    using memory = memoryQueue({ log });
    const { queue, database } = memory;
    const mail = letter();
    await put(queue, mail);
    await queue.release([mail.message.id]);
    assertEquals(
      database.prepare(`UPDATE message SET ${change}`).run().changes,
      1,
    );
    assertEquals(await dueIds(queue, START), []);
    assertEquals(log.of("queued message damaged").length, 1, change);
  }
});

Deno.test("content() refuses octets that were lost", async () => {
  using memory = memoryQueue();
  const { queue, database } = memory;
  const [damaged, whole] = [letter(), letter()];
  await put(queue, damaged, whole);
  database.exec(
    `UPDATE message SET content = substr(content, 2) WHERE id = (SELECT min(id) FROM message)`,
  );
  await assertRejects(
    () => queue.content(damaged.message.id),
    Error,
    `Cannot read message ${damaged.message.id}: content is 3 octets, not 4`,
  );
  assertEquals(await queue.content(whole.message.id), whole.content);
});

Deno.test("content() refuses octets that changed", async () => {
  using memory = memoryQueue();
  const { queue, database } = memory;
  const mail = letter();
  await put(queue, mail);
  database.exec("UPDATE message SET content = x'486A0D0A'");
  await assertRejects(
    () => queue.content(mail.message.id),
    Error,
    `Cannot read message ${mail.message.id}: content is damaged`,
  );
});

Deno.test("commit() removes the spool file of a message that goes, after it went", async () => {
  await using temporary = await temporaryFolder();
  const spool = temporary.path;
  using memory = memoryQueue({ spool });
  const { queue } = memory;
  const content = { kind: "file", path: join(spool, "0") } as const;
  const { message } = letter(["a@test.ru"], { content });
  const path = join(spool, message.id);
  const mail = { message, content: { kind: "file", path } } as const;
  await Deno.writeTextFile(path, "Hi\r\n");
  await put(queue, mail);
  assertEquals(await queue.content(message.id), { kind: "file", path });

  await Deno.truncate(path, 1);
  await assertRejects(() => queue.content(message.id), Error, "1 octets");

  await settle(queue, mail, { status: "delivered", recipient: 0, ...said });
  assertEquals(await disk.stat(path), undefined);
});

Deno.test("commit() holds though a spool file can't be removed", async () => {
  const log = fakeLog();
  const remove = () => Promise.reject(new Error("in use"));
  using memory = memoryQueue({ log, files: { ...disk, remove } });
  const { queue } = memory;
  const mail = letter(["a@test.ru"], {
    content: { kind: "file", path: "spool/x" },
  });
  await put(queue, mail);
  await settle(queue, mail, { status: "delivered", recipient: 0, ...said });
  assertEquals(await queue.get(mail.message.id), undefined);
  assertEquals(log.of("spool file not removed").length, 1);
});

Deno.test("list() goes through the queue page by page", async () => {
  using memory = memoryQueue();
  const { queue } = memory;
  const letters = Array.from({ length: 5 }, () => letter());
  await put(queue, ...letters);
  const seen: string[] = [];
  for (let after = "";;) {
    const page = await queue.list(after, 2);
    if (page.length === 0) break;
    seen.push(...page.map(({ message }) => message.id));
    after = seen.at(-1) ?? "";
  }
  assertEquals(seen, letters.map(({ message }) => message.id));
});
