import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { prepareDatabase } from "../../../src/queue/sqlite/setup.ts";
import { disk } from "../../../src/system/disk.ts";
import { fakeLog, letter, START, temporaryFolder } from "../fakes.ts";

const log = fakeLog();

Deno.test("openSqliteQueue() finds what was committed before", async () => {
  await using temporary = await temporaryFolder();
  const folder = join(temporary.path, "mail", ".smtpd");
  const put = letter(["a@test.ru", "b@test.ru"]);

  const before = await openSqliteQueue({ folder, disk, log });
  await before.commit({ put: [put], settle: [], now: START });
  await before.close();

  const after = await openSqliteQueue({ folder, disk, log });
  // The lease died with the owner: what was put is due.
  const [queued] = await after.due(START, 10);
  assertEquals(queued?.message, put.message);
  assertEquals(await after.content(put.message.id), put.content);
  await after.close();
});

Deno.test("openSqliteQueue() lets one owner in at a time", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const owner = await openSqliteQueue({ folder, disk, log });
  await assertRejects(
    () => openSqliteQueue({ folder, disk, log }),
    Error,
    `Cannot open queue "${
      join(folder, "queue.db")
    }": another smtpd is using it`,
  );
  await owner.close();
  const next = await openSqliteQueue({ folder, disk, log });
  await next.close();
});

Deno.test("openSqliteQueue() makes files that only we can read", async () => {
  if (Deno.build.os === "windows") return;
  await using temporary = await temporaryFolder();
  const folder = join(temporary.path, "state");
  const queue = await openSqliteQueue({ folder, disk, log });
  await queue.commit({ put: [letter()], settle: [], now: START });
  for await (const { name } of Deno.readDir(folder)) {
    const { mode } = await Deno.stat(join(folder, name));
    assertEquals((mode ?? 0) & 0o777, 0o600, name);
  }
  assertEquals(((await Deno.stat(folder)).mode ?? 0) & 0o777, 0o700);
  await queue.close();
});

Deno.test("openSqliteQueue() lets others read beside the owner", async () => {
  await using temporary = await temporaryFolder();
  const path = join(temporary.path, "queue.db");
  const queue = await openSqliteQueue({ folder: temporary.path, disk, log });
  using reader = new DatabaseSync(path);
  const journal = reader.prepare("PRAGMA journal_mode").get();
  assertEquals(journal?.journal_mode, "wal");
  await queue.commit({ put: [letter()], settle: [], now: START });
  // The tools rely on it.
  assertEquals(
    reader.prepare("SELECT count(*) AS rows FROM message").get()?.rows,
    1,
  );
  await queue.close();
});

Deno.test("openSqliteQueue() puts aside what is not a database, and says so", async () => {
  for (const text of ["Dear diary", "Dear diary, ".repeat(1000)]) {
    await using temporary = await temporaryFolder();
    const path = join(temporary.path, "queue.db");
    await Deno.writeTextFile(path, text);
    const log = fakeLog();
    const queue = await openSqliteQueue({
      folder: temporary.path,
      disk,
      log,
    });
    await queue.commit({ put: [letter()], settle: [], now: START });
    await queue.close();
    const [told] = log.of("queue damaged");
    assertEquals(told, { path, why: "file is not a database" });
    const aside = String(log.of("queue mended")[0]?.damaged);
    assertEquals(await Deno.readTextFile(join(aside, "queue.db")), text);
  }
});

Deno.test("openSqliteQueue() frees everything when it fails", async () => {
  await using temporary = await temporaryFolder();
  const path = join(temporary.path, "queue.db");
  {
    using database = new DatabaseSync(path);
    database.exec("CREATE TABLE recipe (name TEXT)");
  }
  await assertRejects(() =>
    openSqliteQueue({ folder: temporary.path, disk, log })
  );
  await Deno.remove(path);
  const queue = await openSqliteQueue({ folder: temporary.path, disk, log });
  await queue.close();
});

Deno.test("openSqliteQueue() says when the disk fails", async () => {
  await using temporary = await temporaryFolder();
  const error = await assertRejects(
    () =>
      openSqliteQueue({
        folder: temporary.path,
        disk: {
          ...disk,
          makeFolder: () => Promise.reject(new Error("no rights")),
        },
        log,
      }),
    Error,
    "no rights",
  );
  assert(error.message.startsWith('Cannot open queue "'));
  assertEquals((error.cause as Error).message, "no rights");
});

Deno.test("prepareDatabase() has each commit synced", () => {
  using database = new DatabaseSync(":memory:");
  prepareDatabase(database);
  const FULL = 2;
  assertEquals(
    database.prepare("PRAGMA synchronous").get()?.synchronous,
    FULL,
  );
});
