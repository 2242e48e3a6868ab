import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { Clock } from "../../src/ports/clock.ts";
import type { Content } from "../../src/ports/content.ts";
import type { Log, LogFields } from "../../src/ports/log.ts";
import { makeIds } from "../../src/queue/id.ts";
import type { Message, Put, Queue } from "../../src/queue/queue.ts";
import { makeSqliteQueue } from "../../src/queue/sqlite/queue.ts";
import { prepareDatabase } from "../../src/queue/sqlite/setup.ts";
import type { Mailbox } from "../../src/smtp/address.ts";
import { disk } from "../../src/system/disk.ts";

/** The time at which tests begin. */
export const START = Date.UTC(2026, 0, 1);

/** A clock that moves when told to. */
export interface FakeClock extends Clock {
  /** Moves time on, running what falls due, in order, each with all that follows from it. */
  advance(milliseconds: number): Promise<void>;
  /** Sets the time without running anything, as a clock that is put right. */
  jump(milliseconds: number): void;
  /** Timers that wait. */
  pending(): number;
}

export function fakeClock(): FakeClock {
  let now = START;
  const timers = new Set<{ time: number; task: () => void }>();
  return {
    now: () => now,
    after(delay, task) {
      const timer = { time: now + delay, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      await quiet();
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.time - b.time);
        if (next === undefined || next.time > end) break;
        timers.delete(next);
        now = Math.max(now, next.time);
        next.task();
        await quiet();
      }
      now = end;
    },
    jump(milliseconds) {
      now += milliseconds;
      for (const timer of timers) timer.time += milliseconds;
    },
    pending: () => timers.size,
  };
}

/** Resolves when everything that could happen without a timer has happened. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A log that keeps its lines. */
export interface FakeLog extends Log {
  readonly lines: { level: string; event: string; fields: LogFields }[];
  /** The fields of every line about an event. */
  of(event: string): readonly LogFields[];
}

export function fakeLog(): FakeLog {
  const lines: FakeLog["lines"] = [];
  const write = (level: string) => (event: string, fields: LogFields = {}) => {
    lines.push({ level, event, fields });
  };
  return {
    lines,
    of: (event) =>
      lines.filter((line) => line.event === event).map(({ fields }) => fields),
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}

/** A queue in memory, and the database it is in. */
export function memoryQueue(
  { log = fakeLog(), spool = "spool", files = disk }: {
    log?: Log;
    spool?: string;
    files?: Pick<typeof disk, "stat" | "remove">;
  } = {},
): { queue: Queue; database: DatabaseSync } & Disposable {
  const database = new DatabaseSync(":memory:");
  prepareDatabase(database);
  const queue = makeSqliteQueue(database, { spool, disk: files, log });
  return { queue, database, [Symbol.dispose]: () => database.close() };
}

const nextId = makeIds({ clock: { now: () => START }, random: () => 0 });

/** A message to put, for the given addresses. */
export function letter(
  addresses: readonly string[] = ["petya@test.ru"],
  { receivedAt = START, content = bytes("Hi\r\n") }: {
    receivedAt?: number;
    content?: Content;
  } = {},
): Put {
  const message: Message = {
    id: nextId(),
    from: mailbox("vasya@another.ru"),
    receivedAt,
    size: content.kind === "bytes" ? content.bytes.length : 4,
    smtputf8: false,
    body: "7BIT",
    session: "00000000001",
    client: { address: "192.0.2.1", helo: "client.another.ru" },
    recipients: addresses.map((address, number) => ({
      number,
      address: mailbox(address),
      original: mailbox(address),
    })),
  };
  return { message, content };
}

export function mailbox(address: string): Mailbox {
  const [local = "", domain = ""] = address.split("@");
  return { local, domain };
}

export function bytes(text: string): Content {
  return { kind: "bytes", bytes: new TextEncoder().encode(text) };
}

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<
  { readonly path: string } & AsyncDisposable
> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
