import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openPages } from "../../../src/queue/sqlite/pages.ts";
import { disk } from "../../../src/system/disk.ts";
import { random } from "../../fuzz/random.ts";
import { temporaryFolder } from "../fakes.ts";
import { copyFolder, fillQueue, PAGE } from "./damage.ts";

/** A queue as a crash leaves it, with a log, in a folder with room for copies of it. */
async function crashedQueue() {
  const temporary = await temporaryFolder();
  const folder = join(temporary.path, "crashed");
  const filling = join(temporary.path, "filling");
  await fillQueue(filling, 40, {
    chance: random(3),
    beforeClose: () => copyFolder(filling, folder),
  });
  const path = join(folder, "queue.db");
  return {
    path,
    log: `${path}-wal`,
    /** What SQLite makes of the file and its log. */
    async merged(): Promise<Uint8Array> {
      const copy = join(temporary.path, crypto.randomUUID());
      await copyFolder(folder, copy);
      const path = join(copy, "queue.db");
      {
        using database = new DatabaseSync(path);
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      }
      return await Deno.readFile(path);
    },
    async [Symbol.asyncDispose]() {
      await temporary[Symbol.asyncDispose]();
    },
  };
}

async function read(path: string): Promise<Uint8Array> {
  const { found: pages } = await openPages(path, disk);
  const all = new Uint8Array(pages.count * PAGE);
  for (let number = 1; number <= pages.count; number++) {
    all.set((await pages.page(number))!, (number - 1) * PAGE);
  }
  return all;
}

Deno.test("openPages() reads a file and its log as SQLite does", async () => {
  await using given = await crashedQueue();
  const alone = await Deno.readFile(given.path);
  const merged = await given.merged();
  assert(alone.length < merged.length);
  assertEquals(await read(given.path), merged);
});

Deno.test("openPages() ends a log where SQLite does, wherever it is cut or damaged", async () => {
  await using given = await crashedQueue();
  const { path, log } = given;
  const whole = await Deno.readFile(log);
  const chance = random(4);
  for (let time = 0; time < 15; time++) {
    const damaged = whole.slice();
    damaged[chance.below(damaged.length)]! ^= 1 << chance.below(8);
    const length = chance.pick([damaged.length, chance.below(damaged.length)]);
    await Deno.writeFile(log, damaged.subarray(0, length));
    const merged = await given.merged();
    const found = await read(path);
    // SQLite leaves an empty file empty when its log has nothing.
    assertEquals(found.length, merged.length, `time ${time}`);
    assertEquals(found, merged, `time ${time}`);
  }
});

Deno.test("openPages() finds no pages where there is no file", async () => {
  const { found, beyond } = await openPages("nowhere/queue.db", disk);
  assertEquals(found.count, 0);
  assertEquals(await found.page(1), undefined);
  assertEquals(beyond, undefined);
});
