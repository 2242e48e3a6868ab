import type { DatabaseSync } from "node:sqlite";
import type { Disk } from "../../ports/disk.ts";
import { parseId } from "../id.ts";
import { reasonOf } from "../reason.ts";
import type { OpenDatabase } from "./database.ts";
import { primaryCode } from "./error.ts";
import { headerFault } from "./first_page.ts";
import { openPages } from "./pages.ts";
import { hasItsTables, isVersionDamaged, schemaVersion } from "./schema.ts";
import { BUSY_TIMEOUT, configureDatabase } from "./setup.ts";

/**
 * Looks through a queue that nobody has open; returns what is wrong with it, `undefined` when nothing
 * is. Throws when it can't be read at all.
 *
 * It reads every page that isn't free: 100,000 messages of 4 KiB take 0.2 seconds from the system's
 * cache, and as long as the disk needs for them after a restart of the machine.
 */
export async function findFault(
  { path, spool, disk, openDatabase }: {
    readonly path: string;
    readonly spool: string;
    readonly disk: Pick<Disk, "stat" | "list" | "stream">;
    readonly openDatabase: OpenDatabase;
  },
): Promise<string | undefined> {
  if ((await disk.stat(path))?.size === 0) {
    // SQLite would take it for a new one, and throw away the log.
    const log = await disk.stat(`${path}-wal`);
    const files = await disk.list(spool) ?? [];
    const isNew = !log?.size && !files.some((name) => parseId(name));
    return isNew ? undefined : "it is empty, but there are messages";
  }
  // SQLite would say nothing of it.
  if ((await openPages(path, disk)).beyond) return "its log is damaged";
  using database = openDatabase(path, { timeout: BUSY_TIMEOUT });
  try {
    return faultOf(database);
  } catch (cause) {
    const code = primaryCode(cause);
    if (code === undefined || CIRCUMSTANCES.includes(code)) throw cause;
    if (code !== READ_ONLY) return reasonOf(cause);
    // A file that we may not write, or one whose header says so.
    const first = await (await openPages(path, disk)).found.page(1);
    const fault = first && headerFault(first);
    if (fault) return fault;
    throw cause;
  }
}

function faultOf(database: DatabaseSync): string | undefined {
  // Statements that are prepared say by a code what is wrong, others don't.
  database.prepare("SELECT 1 FROM sqlite_schema").get();
  if (isVersionDamaged(database)) return "its header has a wrong version";
  const version = schemaVersion(database); // Another program's file is left alone.
  configureDatabase(database);
  const value = (pragma: string) => {
    const row = database.prepare(`PRAGMA ${pragma}`).get() ?? {};
    return String(Object.values(row)[0]);
  };
  const found = value("integrity_check(1)");
  if (found !== "ok") return found.replaceAll(/\s*\n\s*/g, " ");
  if (value("encoding") !== "UTF-8") return "its header has another encoding";
  if (!hasItsTables(database)) return "its tables are described wrongly";
  // To begin alone doesn't say whether it can be written.
  const nothing = `PRAGMA user_version = ${version}`;
  for (const word of ["BEGIN IMMEDIATE", nothing, "ROLLBACK"]) {
    database.prepare(word).run();
  }
  return undefined;
}

const READ_ONLY = 8;

/**
 * SQLite's codes for what is no fault of the file: no rights, others that use it, no memory, a disk
 * that fails or is full.
 */
const CIRCUMSTANCES: readonly number[] = [3, 5, 6, 7, 10, 13, 14];
