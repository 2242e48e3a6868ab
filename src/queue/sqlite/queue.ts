import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Content } from "../../ports/content.ts";
import type { Disk } from "../../ports/disk.ts";
import type { Log } from "../../ports/log.ts";
import { formatId } from "../id.ts";
import { LEASE } from "../queue.ts";
import type { Batch, Message, Queue, Queued } from "../queue.ts";
import { reasonOf } from "../reason.ts";
import { NEVER } from "./schema.ts";
import { removeSpoolFile } from "../spool_file.ts";
import { applyBatch } from "./batch.ts";
import { promised, queueError } from "./error.ts";
import { listMessages, readEnvelope, readMessage, rowId } from "./rows.ts";
import { checksum } from "./seal.ts";
import { inTransaction } from "./transaction.ts";
import { prepareStatements } from "./statements.ts";

/**
 * The queue in a database that `prepareDatabase` set up. Beside this process, which works through
 * it, only postmasters write to it. Leases are kept in memory: they die with the process, the only
 * one that could hold them. Closing it leaves the database open.
 */
export function makeSqliteQueue(
  database: DatabaseSync,
  { spool, disk, log }: {
    /** Folder of contents too large for a row, each in the file named by its ID. */
    readonly spool: string;
    readonly disk: Pick<Disk, "stat" | "remove">;
    readonly log: Log;
  },
): Queue {
  const sql = prepareStatements(database);
  /** When our lease on a message ends, by ID. Never, for a row that can't be read. */
  const leases = new Map<number, number>();
  /** SQLite's count of commits by others as of when we last looked for what they changed. */
  let seenVersion: unknown;

  return {
    async commit(batch) {
      const spooled = transact(batch);
      await Promise.all(
        spooled.map((id) =>
          removeSpoolFile(formatId(id), { spool, disk, log })
        ),
      );
    },

    due(now, limit, latest = Infinity) {
      return promised("read what is due", () => {
        const found: Queued[] = [];
        for (const { id } of candidates(now, limit, latest)) {
          if (found.length === limit) break;
          if (isLeased(Number(id), now)) continue;
          const queued = readOrSetAside(Number(id));
          // It may have been held since we looked.
          if (queued === undefined || queued.order === "hold") continue;
          leases.set(Number(id), now + LEASE);
          found.push(queued);
        }
        return found;
      });
    },

    nextDue(now) {
      return promised("read what is due", () => {
        const first = sql.first.all(NEVER, leases.size + 1);
        const next = first.find(({ id }) => !isLeased(Number(id), now));
        return next && Number(next.due);
      });
    },

    renew(ids, now) {
      for (const id of ids) leases.set(rowId(id), now + LEASE);
      return Promise.resolve();
    },

    release(ids) {
      for (const id of ids) leases.delete(rowId(id));
      return Promise.resolve();
    },

    async content(id) {
      const found = await promised(
        `read message ${id}`,
        () => sql.content.get(rowId(id)),
      );
      if (found === undefined) return undefined;
      const { message, sum } = readEnvelope(found, rowId(id));
      return await checkedContent(message, found.content, sum);
    },

    get(id) {
      return promised(`read message ${id}`, () => readMessage(sql, rowId(id)));
    },

    list(after, limit) {
      return promised(
        "list the queue",
        () => listMessages(sql, { after, limit }, readOrSetAside),
      );
    },

    changes() {
      return promised("read what was changed", () => {
        const version = sql.version.get()?.data_version;
        if (version === seenVersion) return [];
        const ids = takeTouched();
        seenVersion = version;
        return ids;
      });
    },

    inPlace: () => Promise.resolve(),

    close: () => Promise.resolve(),
  };

  /** Rows that are due. Those that are leased may all come first, but there are no more than that. */
  function* candidates(
    now: number,
    limit: number,
    latest: number,
  ): Generator<{ readonly id?: unknown }> {
    yield* sql.due.all(now, limit + leases.size);
    yield* sql.late.all(latest, NEVER, limit + leases.size);
  }

  /** Runs a batch as one transaction; returns the IDs of messages that went and had a file. */
  function transact({ put, settle, now }: Batch): readonly number[] {
    try {
      const { gone, spooled } = inTransaction(
        database,
        sql,
        () => applyBatch(sql, { put, settle }),
      );
      for (const { message } of put) {
        leases.set(rowId(message.id), now + LEASE);
      }
      for (const id of gone) leases.delete(id);
      return spooled;
    } catch (cause) {
      throw queueError("commit", cause);
    }
  }

  /** The messages that postmasters touched, which are then no news any more. */
  function takeTouched(): readonly string[] {
    if (sql.touched.get() === undefined) return [];
    return inTransaction(database, sql, () => {
      const rows = sql.touched.all();
      sql.untouch.run();
      return rows.map(({ message }) => formatId(Number(message)));
    });
  }

  function isLeased(id: number, now: number): boolean {
    return (leases.get(id) ?? -Infinity) > now;
  }

  /** A row; one that can't be read stays where it is, out of the way until the next start. */
  function readOrSetAside(id: number): Queued | undefined {
    try {
      return readMessage(sql, id);
    } catch (cause) {
      if (leases.get(id) !== Infinity) {
        log.error("queued message damaged", {
          id: formatId(id),
          error: reasonOf(cause),
        });
      }
      leases.set(id, Infinity);
      return undefined;
    }
  }

  async function checkedContent(
    { id, size }: Message,
    stored: unknown,
    sum: string | undefined,
  ): Promise<Content> {
    const content: Content = stored instanceof Uint8Array
      ? { kind: "bytes", bytes: new Uint8Array(stored) }
      : { kind: "file", path: join(spool, id) };
    const found = content.kind === "bytes"
      ? content.bytes.length
      : (await disk.stat(content.path))?.size ?? 0;
    if (found !== size) {
      throw new Error(
        `Cannot read message ${id}: content is ${found} octets, not ${size}`,
      );
    }
    if (sum && content.kind === "bytes" && checksum(content.bytes) !== sum) {
      throw new Error(`Cannot read message ${id}: content is damaged`);
    }
    return content;
  }
}
