import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Disk } from "../../ports/disk.ts";
import type { Log } from "../../ports/log.ts";
import { formatId, parseId } from "../id.ts";
import type { Order } from "../order.ts";
import type { Damage, Obeyed, Oversight } from "../oversight.ts";
import { takeOwnerLock } from "./owner_lock.ts";
import type { Queued } from "../queue.ts";
import { reasonOf } from "../reason.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { removeSpoolFile } from "../spool_file.ts";
import { lockIn } from "./open.ts";
import { isCorrupt, promised } from "./error.ts";
import { applyOrder } from "./order.ts";
import { readRemains, type Remains } from "./remains.ts";
import { listMessages, readAttempts, readMessage, rowId } from "./rows.ts";
import { BUSY_TIMEOUT, configureDatabase } from "./setup.ts";
import { inTransaction } from "./transaction.ts";
import { prepareStatements } from "./statements.ts";

/** Where the queue is, and what it takes to steer it. */
export interface OversightOptions {
  /** The state folder, `<mail-dir>/.smtpd`. */
  readonly folder: string;
  readonly disk: Pick<Disk, "stat" | "stream" | "remove">;
  readonly log: Log;
}

/**
 * Opens the queue kept in `folder` beside the server that may own it.
 *
 * Throws `Cannot open queue "…"` when there is none, or the file isn't a queue of a version that we
 * and the server that runs understand.
 */
export async function openSqliteOversight(
  { folder, disk, log }: OversightOptions,
): Promise<Oversight> {
  const path = join(folder, "queue.db");
  try {
    using unwind = new DisposableStack();
    if (await disk.stat(path) === undefined) throw new Error("there is none");
    const database = unwind.adopt(
      new DatabaseSync(path, { timeout: BUSY_TIMEOUT }),
      (it) => it.close(),
    );
    bringUpToDate(database, lockIn(folder));
    configureDatabase(database);
    const oversight = makeOversight(database, { folder, disk, log });
    const open = unwind.move();
    return { ...oversight, close: () => Promise.resolve(open.dispose()) };
  } catch (cause) {
    throw new Error(`Cannot open queue "${path}": ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** Only who owns a queue may change its schema: who doesn't know it would go on in the old one. */
function bringUpToDate(database: DatabaseSync, lock: string): void {
  if (schemaVersion(database) === SCHEMA_VERSION) return;
  using owned = takeOwnerLock(lock);
  if (!owned) throw new Error("an older smtpd is using it: restart that first");
  migrate(database);
}

function makeOversight(
  database: DatabaseSync,
  { folder, disk, log }: OversightOptions,
): Oversight {
  const sql = prepareStatements(database);
  const spool = join(folder, "spool");
  const path = join(folder, "queue.db");
  /** What is left of a damaged queue, once that has been read. */
  let remains: readonly Remains[] | undefined;

  return {
    async list(after, limit) {
      try {
        return await promised(
          "list the queue",
          () => listMessages(sql, { after, limit }, readOrTell),
        );
      } catch (cause) {
        if (!isCorrupt(cause)) throw cause;
        remains ??= await readRemains(path, disk);
        return remains.filter(({ id }) => after === "" || (id ?? "") > after)
          .slice(0, limit).map(({ entry }) => entry);
      }
    },

    get(id) {
      return promised(`read message ${id}`, () => {
        const row = parseId(id);
        return row === undefined ? undefined : readMessage(sql, row);
      });
    },

    attempts(id) {
      return promised(
        `read attempts of message ${id}`,
        () => readAttempts(sql, rowId(id)),
      );
    },

    async apply(order, ids, now) {
      const results = await promised(`${order} messages`, () =>
        inTransaction(
          database,
          sql,
          () => ids.map((id) => applyTo(id, order, now)),
        ));
      if (order === "remove") {
        const gone = ids.filter((_, at) => results[at]?.kind === "done");
        await Promise.all(
          gone.map((id) => removeSpoolFile(id, { spool, disk, log })),
        );
      }
      return results;
    },

    async attended() {
      const lock = lockIn(folder);
      if (await disk.stat(lock) === undefined) return false;
      using free = takeOwnerLock(lock);
      return free === undefined;
    },

    close: () => Promise.resolve(),
  };

  function applyTo(id: string, order: Order, now: number): Obeyed {
    const row = parseId(id);
    if (row === undefined) return { kind: "unknown" };
    return applyOrder(sql, { order, id: row, now });
  }

  function readOrTell(id: number): Queued | Damage | undefined {
    try {
      return readMessage(sql, id);
    } catch (cause) {
      return { id: formatId(id), damage: reasonOf(cause) };
    }
  }
}
