import { DatabaseSync } from "node:sqlite";
import type { Log } from "../../src/ports/log.ts";
import type { Batch, Message, Queue } from "../../src/queue/queue.ts";
import type { OpenDatabase } from "../../src/queue/sqlite/database.ts";
import { makeSqliteQueue } from "../../src/queue/sqlite/queue.ts";
import { nextDueOf } from "../../src/queue/state.ts";
import type { Ledger } from "./ledger.ts";
import { tokenIn } from "./ledger.ts";
import type { Machine, Process } from "./machine.ts";
import type { Storage } from "./storage.ts";
import { octetsOf, textOf } from "./talk.ts";

/** Milliseconds after its time at which a message must have been looked at. */
const LATEST = 60_000;

/**
 * The databases on a machine's disk: SQLite's own, in memory, where what was committed is what a
 * crash leaves. A file on the simulated disk stands for each, and has its name: when that is lost, so
 * is the database.
 */
export class Databases {
  readonly #storage: Storage;
  readonly #kept = new Map<string, DatabaseSync>();
  /** Those that are gone with who opened them: locks. */
  #fleeting: DatabaseSync[] = [];
  /** What was said to have failed, and will be there if a crash comes before the next commit. */
  #ghost: Batch | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  readonly open: OpenDatabase = (path, options) => {
    if (path.endsWith(".db")) {
      return connectionTo(this.#kept.get(this.#nameOf(path))!);
    }
    const database = new DatabaseSync(":memory:", options);
    this.#fleeting.push(database);
    return database;
  };

  /** The program is gone, and with it its connections. */
  crash(realizeGhost: boolean): void {
    for (const database of this.#fleeting) {
      if (database.isOpen) database.close();
    }
    this.#fleeting = [];
    for (const database of this.#kept.values()) {
      if (database.isTransaction) database.exec("ROLLBACK");
    }
    if (this.#ghost && realizeGhost) this.#realize(this.#ghost);
    this.#ghost = undefined;
  }

  committed(): void {
    this.#ghost = undefined;
  }

  failed(batch: Batch): void {
    this.#ghost = batch;
  }

  /** Messages in the queue that was opened last. */
  count(): number {
    const last = [...this.#kept.values()].at(-1);
    const row = last?.prepare("SELECT count(*) AS n FROM message").get();
    return Number(row?.n ?? 0);
  }

  close(): void {
    this.crash(false);
    for (const database of this.#kept.values()) database.close();
  }

  /** The name is what the file contains. */
  #nameOf(path: string): string {
    const file = this.#storage.file(path);
    if (!file) throw new Error("unable to open database file");
    if (file.bytes.length === 0) {
      const name = `database ${this.#kept.size + 1}`;
      this.#kept.set(name, new DatabaseSync(":memory:"));
      file.bytes = file.synced = octetsOf(name);
    }
    return textOf(file.bytes);
  }

  #realize(batch: Batch): void {
    const database = [...this.#kept.values()].at(-1);
    if (database === undefined) return;
    const queue = makeSqliteQueue(database, {
      spool: "",
      disk: {
        stat: () => Promise.resolve(undefined),
        remove: () => Promise.resolve(true),
      },
      log: SILENT,
    });
    queue.commit(batch).catch(() => {}); // The messages may be in it already.
  }
}

/** A database as one process has it open: it outlives being closed. */
function connectionTo(database: DatabaseSync): DatabaseSync {
  return new Proxy(database, {
    get(_, name) {
      if (name === "close" || name === Symbol.dispose) return () => {};
      const value = Reflect.get(database, name);
      return typeof value === "function" ? value.bind(database) : value;
    },
  });
}

/**
 * A queue as one process has it: each call takes a while and may fail, with nothing done; a commit
 * that failed may turn out to be durable after a crash, as SQLite's may.
 */
export function simulatedQueue(
  queue: Queue,
  { machine, process, databases, ledger }: {
    readonly machine: Machine;
    readonly process: Process;
    readonly databases: Databases;
    readonly ledger: Ledger;
  },
): Queue {
  const { world, counts } = machine;
  /** Messages of which we were told, by ID. */
  const known = new Map<string, Message>();

  async function call<Result>(
    what: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return await process.perform(`queue ${what}`, () => {
      if (world.chance.chance(machine.weather.queue)) {
        counts.add("queue: failed read");
        throw new Error("Cannot read the queue: disk I/O error");
      }
      return work();
    });
  }

  function learn(messages: readonly Message[]): void {
    for (const message of messages) known.set(message.id, message);
  }

  function commitNow(batch: Batch): Promise<void> {
    if (machine.isFull() || world.chance.chance(machine.weather.queue)) {
      counts.add("queue: failed commit");
      databases.failed(batch);
      for (const { message } of batch.put) {
        const token = message.client && tokenIn(message.client.helo);
        if (token) ledger.ghosts.add(token);
      }
      throw Object.assign(
        new Error("Cannot commit: database or disk is full"),
        {
          errcode: 13,
        },
      );
    }
    // The transaction is done before this returns; what takes longer is the removal of files.
    const done = queue.commit(batch);
    databases.committed();
    for (const { message } of batch.put) ledger.queued(message);
    learn(batch.put.map(({ message }) => message));
    for (const { id, recipients } of batch.settle) {
      const message = known.get(id);
      if (!message) continue;
      const final = recipients.filter(({ status }) =>
        status === "delivered" || status === "failed"
      );
      ledger.settled(message, final.map(({ recipient }) => recipient));
    }
    return done;
  }

  return {
    ...queue,
    async commit(batch) {
      const { put, settle } = batch;
      await process.perform(
        `commit ${put.map(({ message }) => message.id)};${
          settle.map(({ id }) => id)
        }`,
        () => commitNow(batch),
      );
      counts.add("commits");
      await process.perform("hear of commit", () => {});
    },
    due: (now, limit) =>
      call("due", async () => {
        const found = await queue.due(now, limit);
        learn(found.map(({ message }) => message));
        for (const { message: { id }, states } of found) {
          const since = Math.max(
            nextDueOf(states) ?? now,
            process.startedAt,
            machine.calmSince,
          );
          if (now - since > LATEST && machine.isCalm) {
            ledger.faults.push(
              `message ${id} was left lying for ${now - since} ms`,
            );
          }
        }
        return found;
      }),
    inPlace: () =>
      call("in place", () => {
        counts.add("messages tried at once");
        return queue.inPlace();
      }),
    nextDue: (now) => call("nextDue", () => queue.nextDue(now)),
    content: (id) => call(`content ${id}`, () => queue.content(id)),
    get: (id) => call(`get ${id}`, () => queue.get(id)),
    changes: () =>
      world.chance.chance(machine.weather.queue)
        ? Promise.reject(
          new Error("Cannot read what was changed: disk I/O error"),
        )
        : queue.changes(),
  };
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
