import { dirname, join } from "node:path";
import type { Disk } from "../../ports/disk.ts";
import type { Log } from "../../ports/log.ts";
import { formatId, parseId } from "../id.ts";
import { nextDueOf } from "../state.ts";
import { makeFile, type OpenDatabase } from "./database.ts";
import { encodeStates } from "./encoding.ts";
import { findFault } from "./health.ts";
import { openPages } from "./pages.ts";
import { removeMessage, sealEnvelope, writeAttempts } from "./rows.ts";
import { type Found, isNewer, type Salvage, salvage } from "./salvage.ts";
import { NEVER } from "./schema.ts";
import { checksum, seal } from "./seal.ts";
import { prepareDatabase } from "./setup.ts";
import { prepareStatements, type Statements } from "./statements.ts";

/** What mending a queue takes. */
export interface MendOptions {
  /** The state folder, which nobody else is using. */
  readonly folder: string;
  readonly disk: Disk;
  readonly log: Log;
  readonly openDatabase: OpenDatabase;
}

/**
 * Sees to it that the queue in a folder is there and whole. What can be read of a damaged one goes
 * into a new file, which takes its place; the damaged files are put aside in a folder of their own,
 * `damaged-<time>`, with the spool files of messages that are lost. A crash in between loses nothing:
 * the next start begins again or goes on.
 *
 * Throws when the file is the database of another program or of a newer version of this one, or the
 * disk fails; then all is as it was.
 */
export async function mendQueue(options: MendOptions): Promise<void> {
  const { folder, disk, log, openDatabase } = options;
  const path = join(folder, "queue.db");
  const spool = join(folder, "spool");
  await changeOver(path, options);
  await makeFile(path, disk);
  await disk.syncFolder(folder);
  const why = await findFault({ path, spool, disk, openDatabase });
  if (why === undefined) return;

  log.error("queue damaged", { path, why });
  const found = await salvageAll(path, disk);
  const { saved, ...rescued } = await rebuild(found, `${path}.new`, options);
  const aside = await asideFor(`${path}.new`, options);
  await putAside(spool, aside, (name) => isLost(name, saved), options);
  await disk.rename(`${path}.new`, `${path}.mended`);
  await disk.syncFolder(folder);
  await changeOver(path, options);
  log.error("queue mended", { saved: saved.size, ...rescued, damaged: aside });
}

/**
 * Puts a mended database in place of the damaged one, if there is one: that it has its name means that
 * it is whole. No file of the old one may stay, or SQLite would take its log for the new one's.
 */
async function changeOver(
  path: string,
  options: Pick<MendOptions, "folder" | "disk">,
): Promise<void> {
  const { folder, disk } = options;
  const mended = `${path}.mended`;
  if (await disk.stat(mended) === undefined) return;
  const aside = await asideFor(mended, options);
  await putAside(folder, aside, (name) => FILES.includes(name), options);
  await disk.rename(mended, path);
  await disk.syncFolder(folder);
}

/** The folder for what a new database replaces: it has the time of that in its name. */
async function asideFor(
  path: string,
  { folder, disk }: Pick<MendOptions, "folder" | "disk">,
): Promise<string> {
  const changedAt = (await disk.stat(path))?.changedAt ?? 0;
  const time = new Date(changedAt).toISOString().replaceAll(":", "-");
  return join(folder, `damaged-${time}`);
}

/** Moves the files of a folder that are meant to another folder, durably. */
async function putAside(
  folder: string,
  aside: string,
  isMeant: (name: string) => boolean,
  { disk }: Pick<MendOptions, "disk">,
): Promise<void> {
  const names = (await disk.list(folder) ?? []).filter(isMeant);
  if (names.length === 0) return;
  await disk.makeFolder(aside);
  for (const name of names) {
    await disk.rename(join(folder, name), join(aside, name));
  }
  for (const each of [aside, dirname(aside), folder]) {
    await disk.syncFolder(each);
  }
}

/** Whether a spool file belongs to a message that isn't among those that were saved. */
function isLost(name: string, saved: ReadonlySet<number>): boolean {
  const key = parseId(name);
  return key !== undefined && !saved.has(key);
}

/** What became of the messages of a damaged queue. */
interface Rescued {
  /** The keys of those that are in the new one. */
  readonly saved: ReadonlySet<number>;
  /** IDs of those among them whose content is damaged. Their senders will hear of it. */
  readonly unreadable: string;
  /** IDs of others that are known to have been there. */
  readonly lost: string;
}

/**
 * What is left of a database. Where its log is damaged, that is what there was at its end, and then
 * what there was before the damage, of which some may have gone since.
 */
async function salvageAll(
  path: string,
  disk: Pick<Disk, "stat" | "stream">,
): Promise<readonly Salvage[]> {
  const { beyond, found } = await openPages(path, disk);
  const before = await salvage(found);
  return beyond ? [await salvage(beyond), before] : [before];
}

/** Makes a new database of what can be saved, in one file. */
async function rebuild(
  found: readonly Salvage[],
  path: string,
  { disk, openDatabase }: MendOptions,
): Promise<Rescued> {
  for (const suffix of SUFFIXES) await disk.remove(path + suffix);
  await makeFile(path, disk);
  using database = openDatabase(path, { timeout: 0 });
  prepareDatabase(database);
  const sql = prepareStatements(database);
  const saved = new Map<number, Pick<Found, "states">>();
  const unreadable = new Set<number>();
  for (const each of found) {
    await inBatches(sql, each.messages(), (message) => {
      const { key, states } = message;
      const before = saved.get(key);
      if (!isNewer(message, before)) return;
      if (before) removeMessage(sql, key);
      saved.set(key, { states });
      if (isWhole(message)) unreadable.delete(key);
      else unreadable.add(key);
      insert(sql, message);
    });
    await inBatches(sql, each.attempts(), ({ key, ...attempt }) => {
      if (saved.has(key)) writeAttempts(sql, key, [attempt]);
    });
  }
  const known = new Set(found.flatMap((each) => [...each.keys()]));
  const lost = [...known.difference(saved)];
  return {
    saved: new Set(saved.keys()),
    unreadable: idsText([...unreadable]),
    lost: idsText(lost),
  };
}

/** Does something with each of many things, some hundred of them in one transaction. */
async function inBatches<Thing>(
  sql: Statements,
  things: AsyncIterable<Thing>,
  work: (thing: Thing) => void,
): Promise<void> {
  let count = 0;
  sql.begin.run();
  for await (const thing of things) {
    work(thing);
    if (++count % BATCH > 0) continue;
    sql.commit.run();
    sql.begin.run();
  }
  sql.commit.run();
}

function insert(
  sql: Statements,
  { key, message, states, order, content, sum }: Found,
): void {
  const due = order === "hold" ? NEVER : nextDueOf(states) ?? NEVER;
  const isOld = content?.length === message.size;
  const kept = sum ?? (content && isOld ? checksum(content) : undefined);
  const sealed = seal(encodeStates(states), key);
  sql.insert.run(key, due, sealEnvelope(message, kept), sealed, content);
  if (order) sql.order.run(key, order);
}

function isWhole({ message: { size }, content, sum }: Found): boolean {
  if (content === null) return true;
  return content.length === size && (!sum || checksum(content) === sum);
}

/** IDs for the log. */
function idsText(keys: readonly number[]): string {
  const ids = keys.slice(0, MOST_NAMED).map(formatId).join(",");
  const more = keys.length - MOST_NAMED;
  return more > 0 ? `${ids} and ${more} more` : ids || "none";
}

/** The files of a database, by what follows its name. */
const SUFFIXES: readonly string[] = ["", "-wal", "-shm", "-journal"];

const FILES: readonly string[] = SUFFIXES.map((suffix) => `queue.db${suffix}`);

/** Messages in one transaction, lest its log grow as large as the database. */
const BATCH = 500;

const MOST_NAMED = 100;
