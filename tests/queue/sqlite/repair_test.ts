/**
 * Queues whose files are damaged. `SEEDS=1000 deno test -A` on this file tries a thousand damages,
 * `FROM=7` begins with the seventh.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Disk } from "../../../src/ports/disk.ts";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { openSqliteOversight } from "../../../src/queue/sqlite/oversight.ts";
import { SCHEMA_VERSION } from "../../../src/queue/sqlite/schema.ts";
import { disk } from "../../../src/system/disk.ts";
import { random } from "../../fuzz/random.ts";
import { fakeLog, letter, START, temporaryFolder } from "../fakes.ts";
import {
  copyFolder,
  damagePages,
  everything,
  fillQueue,
  type Held,
  PAGE,
} from "./damage.ts";

const SEEDS = Number(Deno.env.get("SEEDS") ?? 12);
const FROM = Number(Deno.env.get("FROM") ?? 1);

/** Opens a damaged queue and compares what it has with what there was. */
async function assertSaved(
  folder: string,
  held: Held,
  damaged: ReadonlySet<number>,
): Promise<void> {
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder, disk, log });
  const left = await everything(queue);
  for (const [id, before] of held.messages) {
    const isHit = !held.pages.get(id)!.isDisjointFrom(damaged);
    const after = left.get(id);
    if (!isHit) assertEquals(after, before, `message ${id}`);
    if (!after) continue;
    assertEquals(after.message, before.message);
    const content = await queue.content(id).catch(() => undefined);
    assert(content || isHit, `content of ${id}`);
    if (content?.kind !== "bytes") continue;
    assertEquals(content.bytes, held.contents.get(id));
  }
  const back = [...left.keys()].filter((id) => !held.messages.has(id));
  for (const id of back) assert(held.gone.has(id), `${id} was made up`);
  // What is gone may come back when a pointer leads to an old row, or when several pages are damaged:
  // of the tree of messages and of what tells the free pages.
  if (damaged.size === 1) assert(back.length <= 1, `${back} came back`);
  await queue.close();

  const again = fakeLog();
  const next = await openSqliteQueue({ folder, disk, log: again });
  assertEquals(again.of("queue damaged"), []);
  assertEquals((await everything(next)).size, left.size);
  await next.close();
}

for (const state of ["closed", "left by a crash"]) {
  Deno.test(`openSqliteQueue() saves all that isn't on a damaged page: ${state}`, async () => {
    await using temporary = await temporaryFolder();
    const closed = join(temporary.path, "closed");
    const crashed = join(temporary.path, "crashed");
    const held = await fillQueue(closed, 200, {
      chance: random(FROM),
      beforeClose: () => copyFolder(closed, crashed),
    });
    for (let seed = FROM; seed < FROM + SEEDS; seed++) {
      const folder = join(temporary.path, `${seed}`);
      await copyFolder(state === "closed" ? closed : crashed, folder);
      const damaged = damagePages(join(folder, "queue.db"), random(seed));
      try {
        await assertSaved(folder, held, damaged);
      } catch (cause) {
        throw new Error(`Seed ${seed}, pages ${[...damaged]}`, { cause });
      }
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** A queue of 40 messages, closed, and what is done to its file. */
async function damagedQueue(damage: (file: Deno.FsFile) => void) {
  const temporary = await temporaryFolder();
  const folder = join(temporary.path, ".smtpd");
  const held = await fillQueue(folder, 40, { chance: random(1) });
  const path = join(folder, "queue.db");
  using file = await Deno.open(path, { read: true, write: true });
  damage(file);
  return {
    ...{ folder, held, path },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

function writeAt(file: Deno.FsFile, at: number, bytes: Uint8Array): void {
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

Deno.test("a damaged queue is put aside, whole, and the log says what was saved", async () => {
  await using given = await damagedQueue((file) =>
    writeAt(file, 2 * PAGE, new Uint8Array(PAGE))
  );
  const { folder, held, path } = given;
  const before = await Deno.readFile(path);
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder, disk, log });
  assertEquals(await everything(queue), held.messages);
  await queue.close();

  const [damage] = log.of("queue damaged");
  assertEquals(damage?.path, path);
  const [mended] = log.of("queue mended");
  const { saved, unreadable, lost, damaged } = mended ?? {};
  assertEquals([saved, unreadable, lost], [40, "none", "none"]);
  const aside = await Deno.readFile(join(String(damaged), "queue.db"));
  assertEquals(aside, before);
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  assertEquals(
    names.filter((name) => /queue\.db\.|-journal/.test(name)),
    [],
  );
});

Deno.test("a message with damaged octets stays in the queue, and one that is lost is named", async () => {
  await using given = await damagedQueue(() => {});
  const { folder, held, path } = given;
  const byPages = [...held.pages].sort(([, a], [, b]) => b.size - a.size);
  const [large = "", pages] = byPages[0]!;
  const small = byPages.find(([, { size }]) => size === 1)!;
  const leaf = [...small[1]][0]!;
  const neighbours = byPages.filter(([, pages]) => pages.has(leaf));
  {
    using file = await Deno.open(path, { read: true, write: true });
    // The last page of the large one's content, and the page the small one is on.
    const last = [...pages!].filter((page) => page !== leaf).at(-1)!;
    const octet = new Uint8Array([0]);
    writeAt(file, (last - 1) * PAGE + 100, octet);
    writeAt(file, (leaf - 1) * PAGE, new Uint8Array(PAGE));
  }
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder, disk, log });
  const [mended] = log.of("queue mended");
  assertEquals(mended?.unreadable, large);
  const lost = neighbours.map(([id]) => id).sort();
  assertEquals(String(mended?.lost).split(",").sort(), lost);
  await assertRejects(
    () => queue.content(large),
    Error,
    "content is damaged",
  );
  await queue.close();
});

Deno.test("a queue whose file was emptied keeps what was in the spool for people", async () => {
  await using given = await damagedQueue((file) => file.truncateSync(0));
  const { folder, held } = given;
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder, disk, log });
  assertEquals((await everything(queue)).size, 0);
  await queue.close();
  const [mended] = log.of("queue mended");
  const kept = Array.from(
    Deno.readDirSync(String(mended?.damaged)),
    ({ name }) => name,
  );
  const spooled = [...held.messages.keys()]
    .filter((id) => !held.contents.has(id));
  assert(spooled.length > 0);
  assertEquals(kept.filter((name) => name !== "queue.db").sort(), spooled);
});

Deno.test("a queue whose file is gone is made anew of its log", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const copy = join(folder, "copy");
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder, disk, log });
  const mail = letter();
  await queue.commit({ put: [mail], settle: [], now: START });
  await Deno.mkdir(copy);
  const name = "queue.db-wal";
  await Deno.copyFile(join(folder, name), join(copy, name));
  await queue.close();

  const next = await openSqliteQueue({ folder: copy, disk, log });
  assertEquals(await next.content(mail.message.id), mail.content);
  await next.close();
});

Deno.test("openSqliteQueue() begins again when it crashed while it mended", async () => {
  await using given = await damagedQueue((file) =>
    writeAt(file, PAGE, new Uint8Array(PAGE))
  );
  for (let calls = 1;; calls++) {
    const folder = join(given.folder, "..", `${calls}`);
    await copyFolder(given.folder, folder);
    let left = calls;
    const options = {
      ...{ folder, log: fakeLog() },
      disk: failing(() => --left === 0),
    };
    const crashed = await openSqliteQueue(options).catch(() => undefined);
    await crashed?.close();

    const queue = await openSqliteQueue({ folder, disk, log: fakeLog() });
    assertEquals(await everything(queue), given.held.messages, `call ${calls}`);
    await queue.close();
    if (left > 0) break;
  }
});

/** A disk on which nothing works any more from some call on. */
function failing(isTime: () => boolean): Disk {
  let broken = false;
  const check = () => {
    broken ||= isTime();
    if (broken) throw new Error("the power failed");
  };
  const entries = Object.entries(disk).map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      check();
      return Reflect.apply(call, disk, args);
    },
  ]);
  return Object.fromEntries(entries);
}

Deno.test("a damaged queue doesn't open while its disk is full, and is as it was", async () => {
  await using given = await damagedQueue((file) =>
    writeAt(file, PAGE, new Uint8Array(PAGE))
  );
  const { folder, path } = given;
  const before = await Deno.readFile(path);
  const rename = () => Promise.reject(new Error("no space left"));
  await assertRejects(
    () =>
      openSqliteQueue({ folder, disk: { ...disk, rename }, log: fakeLog() }),
    Error,
    "no space left",
  );
  assertEquals(await Deno.readFile(path), before);
});

Deno.test("a program's database that isn't a queue stays as it is", async () => {
  await using temporary = await temporaryFolder();
  const path = join(temporary.path, "queue.db");
  {
    using database = new DatabaseSync(path);
    database.exec("CREATE TABLE recipe (name TEXT)");
  }
  const before = await Deno.readFile(path);
  await assertRejects(
    () => openSqliteQueue({ folder: temporary.path, disk, log: fakeLog() }),
    Error,
    "file is another program's database",
  );
  assertEquals(await Deno.readFile(path), before);
});

Deno.test("a queue whose version is damaged is no newer program's", async () => {
  for (const version of [0, 1, SCHEMA_VERSION + 1, 2051, -5]) {
    await using given = await damagedQueue(() => {});
    const { folder, held, path } = given;
    {
      using database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${version}`);
    }
    const queue = await openSqliteQueue({ folder, disk, log: fakeLog() });
    assertEquals(await everything(queue), held.messages, `${version}`);
    await queue.close();
  }
});

Deno.test("a newer program's queue stays as it is", async () => {
  await using given = await damagedQueue(() => {});
  const { folder, path } = given;
  {
    using database = new DatabaseSync(path);
    const id = database.prepare("PRAGMA application_id").get()?.application_id;
    database.exec(
      `PRAGMA application_id = ${Number(id) + 1};
       PRAGMA user_version = ${SCHEMA_VERSION + 1};`,
    );
  }
  const before = await Deno.readFile(path);
  await assertRejects(
    () => openSqliteQueue({ folder, disk, log: fakeLog() }),
    Error,
    `it was written by a newer smtpd: schema ${SCHEMA_VERSION + 1}, `,
  );
  assertEquals(await Deno.readFile(path), before);
});

Deno.test("list() of the postmaster tells what a damaged queue still has, and leaves it", async () => {
  await using given = await damagedQueue(() => {});
  const { folder, held, path } = given;
  const [, pages] = [...held.pages][0]!;
  const [leaf = 0] = pages;
  {
    using file = await Deno.open(path, { read: true, write: true });
    writeAt(file, (leaf - 1) * PAGE, new Uint8Array(PAGE));
    writeAt(file, PAGE, new Uint8Array(PAGE));
  }
  const before = await Deno.readFile(path);
  const oversight = await openSqliteOversight({
    folder,
    disk,
    log: fakeLog(),
  });
  const [whole, ...entries] = await oversight.list("", 1000);
  await oversight.close();
  assert(whole && "damage" in whole && whole.id === undefined);
  const lost = [...held.pages].flatMap(([id, pages]) =>
    pages.has(leaf) ? id : []
  );
  const named = entries.flatMap((entry) =>
    "damage" in entry ? entry.id ?? "" : []
  );
  assertEquals(named, lost);
  const listed = entries.flatMap((entry) => "damage" in entry ? [] : [entry]);
  assertEquals(
    listed,
    [...held.messages].filter(([id]) => !lost.includes(id))
      .map(([, queued]) => ({ order: undefined, ...queued })),
  );
  assertEquals(await Deno.readFile(path), before);
});

Deno.test("what was committed behind damage in the log is saved", async () => {
  await using temporary = await temporaryFolder();
  const open = join(temporary.path, "open");
  const crashed = join(temporary.path, "crashed");
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder: open, disk, log });
  const letters = Array.from({ length: 60 }, () => letter());
  for (const put of letters) {
    await queue.commit({ put: [put], settle: [], now: START });
  }
  await copyFolder(open, crashed);
  await queue.close();
  const whole = await Deno.readFile(join(crashed, "queue.db-wal"));
  const frames = Math.floor((whole.length - 32) / (24 + PAGE));
  const chance = random(FROM);
  for (let seed = 0; seed < SEEDS; seed++) {
    const folder = join(temporary.path, `${seed}`);
    await copyFolder(crashed, folder);
    const log = whole.slice();
    // The last transactions are what a power failure may spoil.
    const damaged = chance.below(frames - 10);
    const at = 32 + damaged * (24 + PAGE) + chance.below(24 + PAGE);
    log[chance.chance(0.1) ? chance.below(32) : at]! ^= 1 << chance.below(8);
    await Deno.writeFile(join(folder, "queue.db-wal"), log);

    const told = fakeLog();
    const queue = await openSqliteQueue({ folder, disk, log: told });
    const left = await everything(queue);
    const [mended] = told.of("queue mended");
    // What the damaged frame brought may be nowhere else, but it is known to be lost.
    const missing = letters.map(({ message }) => message.id)
      .filter((id) => !left.has(id));
    assert(missing.length <= 1, `seed ${seed}`);
    assertEquals(mended?.lost, missing[0] ?? "none", `seed ${seed}`);
    await queue.close();
  }
});

Deno.test("a queue that is damaged while it is open acknowledges nothing, and is mended by the next start", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const path = join(folder, "queue.db");
  const queue = await openSqliteQueue({ folder, disk, log: fakeLog() });
  const [before, after] = [letter(), letter()];
  await queue.commit({ put: [before], settle: [], now: START });
  {
    using other = new DatabaseSync(path);
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    using file = await Deno.open(path, { write: true });
    writeAt(file, PAGE, new Uint8Array(PAGE));
    // Makes our connection forget the pages it remembers.
    other.exec("DELETE FROM changed; PRAGMA user_version = 3;");
  }
  const put = () => queue.commit({ put: [after], settle: [], now: START });
  await assertRejects(
    put,
    Error,
    "Cannot commit: database disk image is malformed: restart smtpd, which will mend it",
  );
  await queue.close();

  const log = fakeLog();
  const next = await openSqliteQueue({ folder, disk, log });
  assertEquals(log.of("queue mended")[0]?.lost, before.message.id);
  await next.commit({ put: [after], settle: [], now: START });
  const [left] = await next.list("", 10);
  assertEquals(left?.message, after.message);
  await next.close();
});
