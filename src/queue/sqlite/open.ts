import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Disk } from "../../ports/disk.ts";
import type { Log } from "../../ports/log.ts";
import { takeOwnerLock } from "./owner_lock.ts";
import type { Queue } from "../queue.ts";
import { reasonOf } from "../reason.ts";
import { migrate } from "./schema.ts";
import { makeSqliteQueue } from "./queue.ts";

/**
 * Opens the queue kept in `folder`, made if missing: the rows in `queue.db`, large contents in
 * `spool/`. The process owns it until `close()` or its end.
 *
 * Throws `Cannot open queue "…"` when another process owns it, the file isn't a queue, or the disk
 * fails.
 */
export async function openSqliteQueue(
  { folder, disk, log }: {
    /** The state folder, `<mail-dir>/.smtpd`. */
    readonly folder: string;
    readonly disk: Disk;
    readonly log: Log;
  },
): Promise<Queue> {
  const path = join(folder, "queue.db");
  try {
    using unwind = new DisposableStack();
    await disk.makeFolder(folder);
    await createFile(lockIn(folder), disk);
    const lock = takeOwnerLock(lockIn(folder), GLANCE);
    if (lock === undefined) throw new Error("another smtpd is using it");
    unwind.use(lock);

    await createFile(path, disk);
    await disk.syncFolder(folder);
    const database = unwind.adopt(
      new DatabaseSync(path, { timeout: BUSY_TIMEOUT }),
      (it) => it.close(),
    );
    prepareDatabase(database);

    const spool = join(folder, "spool");
    const queue = makeSqliteQueue(database, { spool, disk, log });
    const open = unwind.move();
    return { ...queue, close: () => Promise.resolve(open.dispose()) };
  } catch (cause) {
    throw new Error(`Cannot open queue "${path}": ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** Sets a database up as a queue, its schema brought up to date. */
export function prepareDatabase(database: DatabaseSync): void {
  configureDatabase(database);
  migrate(database);
}

/**
 * Makes each commit to a queue durable.
 *
 * Page size (4 KiB), checkpoints (each 1000 pages) and cache are SQLite's own: larger ones measured
 * slower by up to a third with messages of 4 KiB.
 */
export function configureDatabase(database: DatabaseSync): void {
  // FULL syncs the log at each commit: what was committed outlives a power failure. On macOS only
  // fullfsync makes the drive write out its cache; elsewhere it does nothing.
  database.exec(
    `PRAGMA journal_mode = WAL;
     PRAGMA synchronous = FULL;
     PRAGMA fullfsync = ON;
     PRAGMA checkpoint_fullfsync = ON;
     PRAGMA journal_size_limit = ${64 * 1024 * 1024};`,
  );
}

/** The file whose lock tells who owns the queue in a folder. */
export function lockIn(folder: string): string {
  return join(folder, "lock");
}

/**
 * Milliseconds to wait for another process that writes. A postmaster's transactions are short, and
 * so are ours.
 */
export const BUSY_TIMEOUT = 5000;

/** Milliseconds to wait for the lock, for who looks whether it is taken has it for a moment. */
const GLANCE = 250;

/** Makes an empty file that only we can read; SQLite gives its log the same mode. */
async function createFile(path: string, disk: Disk): Promise<void> {
  using _ = await disk.create(path);
}
