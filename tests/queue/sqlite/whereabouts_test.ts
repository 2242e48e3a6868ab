import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Queue } from "../../../src/queue/queue.ts";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { whileInPlace } from "../../../src/queue/sqlite/whereabouts.ts";
import { disk } from "../../../src/system/disk.ts";
import {
  fakeLog,
  letter,
  memoryQueue,
  START,
  temporaryFolder,
} from "../fakes.ts";

// There, an open file can't be moved.
const ignore = Deno.build.os === "windows";

async function openQueue() {
  const temporary = await temporaryFolder();
  const folder = join(temporary.path, ".smtpd");
  const queue = await openSqliteQueue({ folder, disk, log: fakeLog() });
  return {
    queue,
    folder,
    elsewhere: join(temporary.path, "elsewhere"),
    async [Symbol.asyncDispose]() {
      await queue.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

function put(queue: Queue): Promise<void> {
  return queue.commit({ put: [letter()], settle: [], now: START });
}

async function count(queue: Queue): Promise<number> {
  return (await queue.list("", 100)).length;
}

for (const name of ["", "queue.db", "queue.db-wal"]) {
  const what = name || "its folder";
  Deno.test({
    name: `commit() fails while ${what} is elsewhere`,
    ignore,
    async fn() {
      await using given = await openQueue();
      const { queue, folder, elsewhere } = given;
      const path = join(folder, name);
      await put(queue);
      await Deno.rename(path, elsewhere);
      await assertRejects(
        () => put(queue),
        Error,
        "was moved or removed: put it back, or restart",
      );
      assertEquals(await count(queue), 1);
      await Deno.rename(elsewhere, path);
      await put(queue);
      assertEquals(await count(queue), 2);
    },
  });
}

Deno.test({
  name: "commit() fails when another file has the queue's name",
  ignore,
  async fn() {
    await using given = await openQueue();
    const { queue, folder, elsewhere } = given;
    const path = join(folder, "queue.db");
    await Deno.rename(path, elsewhere);
    await Deno.copyFile(elsewhere, path);
    await assertRejects(() => put(queue), Error, "was moved or removed");
  },
});

Deno.test({
  name: "commit() fails when a file goes while it is made",
  ignore,
  async fn() {
    await using temporary = await temporaryFolder();
    using memory = memoryQueue();
    const path = join(temporary.path, "queue.db");
    await Deno.writeTextFile(path, "");
    const queue = await whileInPlace(
      {
        ...memory.queue,
        async commit(batch) {
          await memory.queue.commit(batch);
          await Deno.remove(path);
        },
      },
      [path],
      disk,
    );
    await assertRejects(() => put(queue), Error, "was moved or removed");
  },
});
