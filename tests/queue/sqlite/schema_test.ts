import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate, SCHEMA_VERSION } from "../../../src/queue/sqlite/schema.ts";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { openSqliteOversight } from "../../../src/queue/sqlite/oversight.ts";
import { disk } from "../../../src/system/disk.ts";
import { bytes, fakeLog, letter, START, temporaryFolder } from "../fakes.ts";

function version(database: DatabaseSync): unknown {
  return database.prepare("PRAGMA user_version").get()?.user_version;
}

Deno.test("migrate() brings an empty database up to date, once", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database);
  migrate(database);
  assertEquals(version(database), SCHEMA_VERSION);
  assertEquals(database.prepare("SELECT * FROM message").all(), []);
});

Deno.test("migrate() leaves a newer database alone", () => {
  using database = new DatabaseSync(":memory:");
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  assertThrows(
    () => migrate(database),
    Error,
    `it was written by a newer smtpd: schema ${SCHEMA_VERSION + 1}, this one ` +
      `knows up to ${SCHEMA_VERSION}`,
  );
  assertEquals(version(database), SCHEMA_VERSION + 1);
});

Deno.test("migrate() leaves another program's database alone", () => {
  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE recipe (name TEXT)");
  assertThrows(
    () => migrate(database),
    Error,
    "file is another program's database",
  );
  assertEquals(version(database), 0);
});

/** The queue that the program with an earlier schema wrote, in a folder of its own. */
async function earlierQueue(schema: number) {
  const temporary = await temporaryFolder();
  await Deno.copyFile(
    new URL(`../fixtures/queue_v${schema}.db`, import.meta.url),
    join(temporary.path, "queue.db"),
  );
  return temporary;
}

/** What `fixtures/queue_v1.db` holds: the last of its messages has damaged states. */
const FIXTURE_1 = {
  fresh: "07AMS75MC00",
  tried: "07AMS75MG00",
  report: "07AMS75MM00",
  large: "07AMS75MR00",
};

Deno.test("migrate() keeps every message of schema 1", async () => {
  await using folder = await earlierQueue(1);
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder: folder.path, disk, log });
  const { fresh, tried, report, large } = FIXTURE_1;
  const all = await queue.list("", 100);
  assertEquals(all.map(({ message }) => message.id), [
    fresh,
    tried,
    report,
    large,
  ]);
  assertEquals(log.of("queued message damaged").length, 1);
  const [first, second, third] = all;
  assertEquals(first?.message.from, { local: "vasya", domain: "another.ru" });
  assertEquals(first?.states[0]?.nextAttempt, START);
  assertEquals(await queue.content(fresh), bytes("Fresh\r\n"));
  assertEquals(
    second?.states.map(({ status, attempts }) => [status, attempts]),
    [["delivered", 1], ["waiting", 2], ["waiting", 0]],
  );
  assertEquals(second?.states[1]?.lastReply, "451 4.2.1 Try later");
  assertEquals(third?.message.from, null);
  await queue.close();
});

Deno.test("migrate() lets what schema 1 wrote be tried, steered and settled", async () => {
  await using folder = await earlierQueue(1);
  const options = { folder: folder.path, disk, log: fakeLog() };
  // The first to open it may be a tool.
  const oversight = await openSqliteOversight(options);
  const queue = await openSqliteQueue(options);
  const { tried } = FIXTURE_1;
  const failed = {
    status: "failed",
    reply: "550 5.1.1 No",
    host: "mx",
  } as const;
  const settle = (recipients: readonly number[]) => [{
    id: tried,
    at: START,
    recipients: recipients.map((recipient) => ({ ...failed, recipient })),
  }];
  await queue.commit({ put: [letter()], settle: settle([1]), now: START });
  const [attempt] = await oversight.attempts(tried);
  assertEquals(attempt?.number, 3);
  assertEquals(
    (await oversight.apply("hold", [tried], START))[0]?.kind,
    "done",
  );
  await queue.commit({ put: [], settle: settle([2]), now: START });
  assertEquals(await queue.get(tried), undefined);
  assertEquals(await oversight.attempts(tried), []);
  await oversight.close();
  await queue.close();
});
