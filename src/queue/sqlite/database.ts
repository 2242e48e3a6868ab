import { DatabaseSync } from "node:sqlite";
import type { Disk } from "../../ports/disk.ts";

/** Opens the database in a file; `timeout` is how many milliseconds to wait for its other users. */
export type OpenDatabase = (
  path: string,
  options: { readonly timeout: number },
) => DatabaseSync;

/** Opens a database on the system's disk. */
export function openFile(
  path: string,
  options: { readonly timeout: number },
): DatabaseSync {
  return new DatabaseSync(path, options);
}

/** Makes an empty file that only we can read, if there is none; SQLite gives its log the same mode. */
export async function makeFile(
  path: string,
  disk: Pick<Disk, "create">,
): Promise<void> {
  using _ = await disk.create(path);
}
