import { basename, dirname } from "node:path";
import type { Awaitable } from "../ports/awaitable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { replaceFile } from "./atomic.ts";
import { makeDurableFolder } from "./durable_folder.ts";
import {
  changedText,
  entriesOf,
  type LineChange,
  type LineReader,
  readLines,
} from "./lines.ts";
import { takeLock } from "./lock_file.ts";
import { watchFile } from "./watched_file.ts";

/** What a table is opened with. */
export interface TableOptions {
  /** The file. It need not be there: then the table is empty, and the first change makes it. */
  readonly path: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** A text file with a line for each entry, which people and several programs may edit. */
export interface Table<Entry> {
  /**
   * The entries by key, as they were `maxAge` milliseconds ago or later; with 0, as they are now.
   * While the file is damaged, as they were before.
   */
  entries(maxAge: number): Awaitable<ReadonlyMap<string, Entry>>;
  /**
   * Makes the change that `decide` finds for the entries there are, durably; what `decide` throws
   * is thrown, and nothing changes. No two programs that do so lose each other's changes. Throws
   * when the file is damaged or locked by another program for long.
   */
  edit(
    decide: (entries: ReadonlyMap<string, Entry>) => LineChange,
  ): Promise<void>;
}

/** How long to wait for another program's edit, which takes milliseconds. */
const PATIENCE = 15_000;

/** The age at which the lock of such an edit was left by a crash, in milliseconds. */
const STALE = 10_000;

/** Opens a table. Throws when the file cannot be read or a line of it is malformed. */
export async function openTable<Entry>(
  options: TableOptions,
  reader: LineReader<Entry>,
): Promise<Table<Entry>> {
  const { path, disk, clock } = options;

  const parse = (contents: Uint8Array) => readLines(contents, reader, path);
  const watched = await watchFile({
    ...options,
    parse: (contents) => entriesOf(parse(contents)),
  });

  return {
    entries: (maxAge) => watched.value(maxAge),
    async edit(decide) {
      const folder = dirname(path);
      await makeDurableFolder(dirname(folder), [basename(folder)], disk);
      await using _lock = await takeLock(`${path}.lock`, {
        disk,
        clock,
        patience: PATIENCE,
        staleAfter: STALE,
      });
      const lines = parse(await disk.read(path) ?? new Uint8Array());
      const text = changedText(lines, decide(entriesOf(lines)));
      await replaceFile(path, new TextEncoder().encode(text), disk);
      watched.expire();
    },
  };
}
