/** A queue in a file, and damage done to its pages. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { formatId, makeIds } from "../../../src/queue/id.ts";
import type { Put, Queue, Queued } from "../../../src/queue/queue.ts";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { openSqliteOversight } from "../../../src/queue/sqlite/oversight.ts";
import { disk } from "../../../src/system/disk.ts";
import type { Random } from "../../fuzz/random.ts";
import { fakeLog, letter, START } from "../fakes.ts";

export const PAGE = 4096;

/** What a whole queue held. */
export interface Held {
  /** Its messages, by ID. */
  readonly messages: ReadonlyMap<string, Queued>;
  /** The octets of those that are in it and not in a file. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** The pages that a message is on, by its ID. */
  readonly pages: ReadonlyMap<string, ReadonlySet<number>>;
  /** IDs of messages that had left it. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Fills a queue in a folder with as many messages, of all sizes and in every state, after some others
 * have come and gone; nobody has it open then.
 */
export async function fillQueue(
  folder: string,
  count: number,
  { chance, beforeClose = () => Promise.resolve() }: {
    readonly chance: Random;
    /** Called while it is still open, as it is when a crash comes. */
    readonly beforeClose?: () => Promise<void>;
  },
): Promise<Held> {
  const log = fakeLog();
  const queue = await openSqliteQueue({ folder, disk, log });
  const letters = Array.from(
    { length: 2 * count },
    () => randomLetter(folder, chance),
  );
  const put = letters.map(each);
  for (let at = 0; at < put.length; at += 50) {
    const some = put.slice(at, at + 50);
    await queue.commit({ put: some, settle: [], now: START });
  }
  const gone = new Set<string>();
  while (gone.size < count) gone.add(chance.pick(put).message.id);
  const staying = put.filter(({ message }) => !gone.has(message.id));
  for (const { message } of put) {
    const leaves = gone.has(message.id);
    if (!leaves && chance.chance(0.5)) continue;
    const settled = message.recipients.map(({ number }) => ({
      ...{ recipient: number, reply: "451 4.2.1 Later", host: "mx.test.ru" },
      ...(leaves || (number > 0 && chance.chance(0.5))
        ? { status: "delivered" } as const
        : { status: "deferred", until: START + chance.below(1e6) } as const),
    }));
    const settlement = { id: message.id, at: START, recipients: settled };
    await queue.commit({ put: [], settle: [settlement], now: START });
  }
  const oversight = await openSqliteOversight({ folder, disk, log });
  for (const { message } of staying) {
    if (chance.chance(0.2)) await oversight.apply("hold", [message.id], START);
  }
  await oversight.close();
  const messages = await everything(queue);
  await beforeClose();
  await queue.close();
  return {
    messages,
    contents: new Map(
      staying.flatMap(({ message, content }) =>
        content.kind === "bytes" ? [[message.id, content.bytes]] : []
      ),
    ),
    pages: pagesOf(join(folder, "queue.db")),
    gone,
  };

  function each(put: Put): Put {
    if (put.content.kind === "file") {
      Deno.mkdirSync(join(folder, "spool"), { recursive: true });
      Deno.writeTextFileSync(put.content.path, "Hi\r\n");
    }
    return put;
  }
}

/** Copies a folder and all that is in it. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) await copyFolder(source, target);
    else await Deno.copyFile(source, target);
  }
}

/** All messages of a queue, by ID. */
export async function everything(
  queue: Queue,
): Promise<ReadonlyMap<string, Queued>> {
  const all = await queue.list("", 1e6);
  return new Map(all.map((queued) => [queued.message.id, queued]));
}

// As far apart as those of a busy day, so that no key is another's neighbour.
const nextId = (() => {
  let now = START;
  const clock = { now: () => now += 97 };
  return makeIds({ clock, random: Math.random });
})();

function randomLetter(folder: string, chance: Random): Put {
  const addresses = Array.from(
    { length: chance.chance(0.1) ? 1 + chance.below(60) : 1 },
    (_, number) => `user${number}@test.ru`,
  );
  const id = nextId();
  if (chance.chance(0.1)) {
    const path = join(folder, "spool", id);
    const { message } = letter(addresses);
    return { message: { ...message, id }, content: { kind: "file", path } };
  }
  const most = chance.pick([300, 5000, 5000, 60_000]);
  const bytes = new Uint8Array(chance.below(most))
    .map(() => 32 + chance.below(95));
  const content = { kind: "bytes", bytes } as const;
  const { message } = letter(addresses, { content });
  return { message: { ...message, id }, content };
}

/** The pages that each message of a queue in a file is on, as SQLite tells. */
export function pagesOf(
  path: string,
): ReadonlyMap<string, ReadonlySet<number>> {
  using database = new DatabaseSync(path);
  const ids = database.prepare("SELECT id FROM message").all()
    .map(({ id }) => formatId(Number(id)));
  const rows = database.prepare(
    `SELECT pageno, path, pagetype, ncell FROM dbstat
     WHERE name = 'message' ORDER BY path`,
  ).all();
  const pages = new Map(ids.map((id) => [id, new Set<number>()]));
  const waiting = [...ids].sort();
  const byCell = new Map<string, Set<number>>();
  for (const { pageno, path, pagetype, ncell } of rows) {
    if (pagetype !== "leaf") continue;
    for (let cell = 0; cell < Number(ncell); cell++) {
      const id = waiting.shift()!;
      pages.get(id)!.add(Number(pageno));
      const name = cell.toString(16).padStart(3, "0");
      byCell.set(`${path}${name}`, pages.get(id)!);
    }
  }
  if (waiting.length > 0) throw new Error("Rows and pages don't fit");
  for (const { pageno, path, pagetype } of rows) {
    if (pagetype !== "overflow") continue;
    byCell.get(String(path).split("+")[0]!)!.add(Number(pageno));
  }
  return pages;
}

/** Damages some pages of a file; returns their numbers. */
export function damagePages(path: string, chance: Random): ReadonlySet<number> {
  using file = Deno.openSync(path, { read: true, write: true });
  const count = Math.floor(file.statSync().size / PAGE);
  const damaged = new Set<number>();
  const times = chance.chance(0.5) ? 1 : 1 + chance.below(8);
  for (let time = 0; time < times; time++) {
    // The first pages are the roots of all.
    const end = chance.chance(0.3) ? Math.min(count, 8) : count;
    const number = 1 + chance.below(end);
    const page = new Uint8Array(PAGE);
    file.seekSync((number - 1) * PAGE, Deno.SeekMode.Start);
    file.readSync(page);
    damage(page, chance);
    file.seekSync((number - 1) * PAGE, Deno.SeekMode.Start);
    file.writeSync(page);
    damaged.add(number);
  }
  return damaged;
}

function damage(page: Uint8Array, chance: Random): void {
  const kind = chance.below(5);
  if (kind === 0) page.fill(0);
  else if (kind === 1) page.fill(0, chance.below(PAGE));
  else if (kind === 2) page.set(page.map(() => chance.below(256)));
  else if (kind === 3) {
    for (let time = chance.below(20); time >= 0; time--) {
      page[chance.below(PAGE)]! ^= 1 << chance.below(8);
    }
  } else {
    // Where the structure of a page is.
    for (let time = chance.below(4); time >= 0; time--) {
      page[chance.below(40)]! ^= 1 << chance.below(8);
    }
  }
}
