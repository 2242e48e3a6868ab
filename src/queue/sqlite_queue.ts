import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Content } from "../ports/content.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { formatId, parseId } from "./id.ts";
import { LEASE } from "./queue.ts";
import type { Batch, Put, Queue, Queued, Settlement } from "./queue.ts";
import {
  decodeEnvelope,
  decodeStates,
  encodeEnvelope,
  encodeStates,
} from "./row.ts";
import { reasonOf } from "./reason.ts";
import { prepareStatements } from "./statements.ts";
import { freshStates, nextDueOf, settleStates } from "./state.ts";

/**
 * The queue in a database that `prepareDatabase` set up and that this process alone writes to.
 * Leases are kept in memory: they die with the process, the only one that could hold them.
 * Closing it leaves the database open.
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

  return {
    async commit(batch) {
      const spooled = transact(batch);
      await Promise.all(spooled.map(removeSpooled));
    },

    due(now, limit) {
      return attempt("read what is due", () => {
        const found: Queued[] = [];
        // Those that are leased may all come first, but there are no more than that.
        for (const { id } of sql.due.all(now, limit + leases.size)) {
          if (found.length === limit) break;
          if (isLeased(Number(id), now)) continue;
          const queued = readOrSetAside(Number(id));
          if (queued === undefined) continue;
          leases.set(Number(id), now + LEASE);
          found.push(queued);
        }
        return found;
      });
    },

    nextDue(now) {
      return attempt("read what is due", () => {
        const first = sql.first.all(leases.size + 1);
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
      const found = await attempt(
        `read message ${id}`,
        () => sql.content.get(rowId(id)),
      );
      if (found === undefined) return undefined;
      const { size } = decodeEnvelope(id, String(found.envelope));
      return await checkedContent(id, found.content, size);
    },

    get(id) {
      return attempt(`read message ${id}`, () => readRow(rowId(id)));
    },

    list(after, limit) {
      return attempt("list the queue", () => {
        const from = after === "" ? -1 : rowId(after);
        const rows = sql.list.all(from, limit);
        return rows.map(({ id }) => readOrSetAside(Number(id)))
          .filter((queued) => queued !== undefined);
      });
    },

    close: () => Promise.resolve(),
  };

  /** Runs a batch as one transaction; returns the IDs of messages that went and had a file. */
  function transact({ put, settle, now }: Batch): readonly number[] {
    const gone: number[] = [];
    const spooled: number[] = [];
    try {
      sql.begin.run();
      for (const item of put) insert(item);
      for (const settlement of settle) applySettlement(settlement);
      sql.commit.run();
    } catch (cause) {
      // Some errors, a full disk among them, have already rolled it back.
      if (database.isTransaction) sql.rollback.run();
      throw queueError("commit", cause);
    }
    for (const { message } of put) {
      leases.set(rowId(message.id), now + LEASE);
    }
    for (const id of gone) leases.delete(id);
    return spooled;

    function applySettlement(settlement: Settlement): void {
      const id = rowId(settlement.id);
      const row = sql.states.get(id);
      if (row === undefined) return;
      const states = settleStates(decodeStates(String(row.states)), settlement);
      const due = nextDueOf(states);
      if (due !== undefined) {
        sql.update.run(due, encodeStates(states), id);
        return;
      }
      sql.remove.run(id);
      gone.push(id);
      if (row.spooled === 1) spooled.push(id);
    }
  }

  function insert({ message, content }: Put): void {
    if (content.kind === "bytes" && content.bytes.length !== message.size) {
      throw new TypeError(
        `Cannot put message ${message.id}: content is ${content.bytes.length} octets, not ${message.size}`,
      );
    }
    sql.insert.run(
      rowId(message.id),
      message.receivedAt,
      encodeEnvelope(message),
      encodeStates(freshStates(message)),
      content.kind === "bytes" ? content.bytes : null,
    );
  }

  function isLeased(id: number, now: number): boolean {
    return (leases.get(id) ?? -Infinity) > now;
  }

  function readRow(id: number): Queued | undefined {
    const row = sql.row.get(id);
    if (row === undefined) return undefined;
    const message = decodeEnvelope(formatId(id), String(row.envelope));
    const states = decodeStates(String(row.states));
    if (states.length !== message.recipients.length) {
      throw new SyntaxError("State of recipients is damaged");
    }
    return { message, states };
  }

  /** A row; one that can't be read stays where it is, out of the way until the next start. */
  function readOrSetAside(id: number): Queued | undefined {
    try {
      return readRow(id);
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
    id: string,
    stored: unknown,
    size: number,
  ): Promise<Content> {
    const content: Content = stored instanceof Uint8Array
      ? { kind: "bytes", bytes: new Uint8Array(stored) }
      : { kind: "file", path: join(spool, id) };
    const found = content.kind === "bytes"
      ? content.bytes.length
      : (await disk.stat(content.path))?.size ?? 0;
    if (found === size) return content;
    throw new Error(
      `Cannot read message ${id}: content is ${found} octets, not ${size}`,
    );
  }

  /** A file that stays is litter, not a loss: the next start removes it. */
  async function removeSpooled(id: number): Promise<void> {
    const path = join(spool, formatId(id));
    try {
      await disk.remove(path);
    } catch (cause) {
      log.warn("spool file not removed", { path, error: reasonOf(cause) });
    }
  }
}

function rowId(id: string): number {
  const row = parseId(id);
  if (row === undefined) throw new TypeError(`Not a queue ID: "${id}"`);
  return row;
}

/** Runs `read` at once and promises its result, as an adapter over a network would. */
async function attempt<Result>(
  action: string,
  read: () => Result,
): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw queueError(action, cause);
  }
}

/** Keeps SQLite's code, by which a full disk is known. */
function queueError(action: string, cause: unknown): Error {
  const error = new Error(`Cannot ${action}: ${reasonOf(cause)}`, { cause });
  const { errcode } = Object(cause);
  return errcode === undefined ? error : Object.assign(error, { errcode });
}
