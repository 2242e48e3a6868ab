import { join } from "node:path";
import type { Disk } from "../../ports/disk.ts";
import type { Log } from "../../ports/log.ts";
import { makeFile, type OpenDatabase, openFile } from "./database.ts";
import { takeOwnerLock } from "./owner_lock.ts";
import type { Queue } from "../queue.ts";
import { reasonOf } from "../reason.ts";
import { mendQueue } from "./repair.ts";
import { makeSqliteQueue } from "./queue.ts";
import { BUSY_TIMEOUT, prepareDatabase } from "./setup.ts";
import { whileInPlace } from "./whereabouts.ts";

/**
 * Opens the queue kept in `folder`, made if missing and mended if damaged: the rows in `queue.db`,
 * large contents in `spool/`. The process owns it until `close()` or its end.
 *
 * Throws `Cannot open queue "…"` when another process owns it, the file is the database of another
 * program or of a newer version of this one, or the disk fails.
 */
export async function openSqliteQueue(
  { folder, disk, log, openDatabase = openFile }: {
    /** The state folder, `<mail-dir>/.smtpd`. */
    readonly folder: string;
    readonly disk: Disk;
    readonly log: Log;
    readonly openDatabase?: OpenDatabase;
  },
): Promise<Queue> {
  const path = join(folder, "queue.db");
  try {
    using unwind = new DisposableStack();
    await disk.makeFolder(folder);
    await makeFile(lockIn(folder), disk);
    const lock = takeOwnerLock(lockIn(folder), GLANCE, openDatabase);
    if (lock === undefined) throw new Error("another smtpd is using it");
    unwind.use(lock);

    await mendQueue({ folder, disk, log, openDatabase });
    const database = unwind.adopt(
      openDatabase(path, { timeout: BUSY_TIMEOUT }),
      (it) => it.close(),
    );
    prepareDatabase(database);

    const spool = join(folder, "spool");
    const queue = await whileInPlace(
      makeSqliteQueue(database, { spool, disk, log }),
      [path, `${path}-wal`],
      disk,
    );
    const open = unwind.move();
    return { ...queue, close: () => Promise.resolve(open.dispose()) };
  } catch (cause) {
    throw new Error(`Cannot open queue "${path}": ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** The file whose lock tells who owns the queue in a folder. */
export function lockIn(folder: string): string {
  return join(folder, "lock");
}

/** Milliseconds to wait for the lock, for who looks whether it is taken has it for a moment. */
const GLANCE = 250;
