import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Oversight } from "../../src/queue/oversight.ts";
import type { Put, Queue, Settled } from "../../src/queue/queue.ts";
import { openSqliteQueue } from "../../src/queue/sqlite/open.ts";
import { openSqliteOversight } from "../../src/queue/sqlite/oversight.ts";
import { disk as systemDisk } from "../../src/system/disk.ts";
import { fakeLog, START } from "./fakes.ts";

const log = fakeLog();

/** One that doesn't tell files apart, so that a commit takes no time that `quiet()` knows nothing of. */
const disk: typeof systemDisk = {
  ...systemDisk,
  async stat(path) {
    const { identity: _, ...found } = await systemDisk.stat(path) ?? {};
    return "size" in found ? found : undefined;
  },
};

/** A queue on disk with a postmaster beside it; the folder goes with it. */
export interface QueueFolder extends AsyncDisposable {
  readonly path: string;
  readonly queue: Queue;
  readonly oversight: Oversight;
  put(...letters: readonly Put[]): Promise<void>;
  settle(letter: Put, ...recipients: readonly Settled[]): Promise<void>;
  /** How many rows each table has. */
  rows(): Readonly<Record<string, number>>;
}

export async function queueFolder(): Promise<QueueFolder> {
  const path = await Deno.makeTempDir();
  const queue = await openSqliteQueue({ folder: path, disk, log });
  const oversight = await openSqliteOversight({ folder: path, disk, log });
  return {
    path,
    queue,
    oversight,
    put: (...letters) => queue.commit({ put: letters, settle: [], now: START }),
    settle({ message: { id } }, ...recipients) {
      const settle = [{ id, at: START, recipients }];
      return queue.commit({ put: [], settle, now: START });
    },
    rows: () => countRows(join(path, "queue.db")),
    async [Symbol.asyncDispose]() {
      await oversight.close();
      await queue.close();
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** How many rows each table of a queue has. */
export function countRows(path: string): Readonly<Record<string, number>> {
  using database = new DatabaseSync(path);
  const tables = ["message", "attempt", "standing_order", "changed"];
  return Object.fromEntries(tables.map((table) => {
    const row = database.prepare(`SELECT count(*) AS n FROM ${table}`).get();
    return [table, Number(row?.n)];
  }));
}
