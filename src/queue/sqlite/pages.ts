import type { Disk } from "../../ports/disk.ts";
import { PAGE_SIZE } from "./btree_page.ts";
import { readParts } from "./file_parts.ts";
import { type LoggedPages, readWal } from "./wal.ts";

/** The pages of a database, read without SQLite, which refuses one that is damaged. */
export interface Pages {
  /** How many there are. They are numbered from 1. */
  readonly count: number;
  /** A page; `undefined` where there is none. */
  page(number: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** A database's pages. */
export interface FilePages {
  /** As SQLite finds them, those in the write-ahead log before their older selves. */
  readonly found: Pages;
  /** With what was committed behind damage in the log; `undefined` where there is no such damage. */
  readonly beyond: Pages | undefined;
}

/**
 * Reads the pages of the database in a file. Nobody may write to it meanwhile. Throws when the disk
 * fails.
 */
export async function openPages(
  path: string,
  disk: Pick<Disk, "stat" | "stream">,
): Promise<FilePages> {
  const file = await fileAt(path, disk);
  const log = await fileAt(`${path}-wal`, disk);
  const { found, beyond } = await readWal(log.read);
  return { found: pagesOf(found), beyond: beyond && pagesOf(beyond) };

  function pagesOf({ places, count: committed }: LoggedPages): Pages {
    const count = Math.max(Math.floor(file.size / PAGE_SIZE), committed);
    return {
      count,
      async page(number) {
        if (number < 1 || number > count) return undefined;
        const place = places.get(number);
        if (place === undefined && places.has(number)) return undefined;
        const page = place === undefined
          ? await file.read((number - 1) * PAGE_SIZE, PAGE_SIZE)
          : await log.read(place, PAGE_SIZE);
        return page.length === PAGE_SIZE ? page : undefined;
      },
    };
  }
}

/** A file to read from; one that is missing is empty. */
async function fileAt(path: string, disk: Pick<Disk, "stat" | "stream">) {
  const found = await disk.stat(path);
  return found === undefined
    ? { size: 0, read: () => Promise.resolve(new Uint8Array()) }
    : { size: found.size, read: readParts(path, disk) };
}
