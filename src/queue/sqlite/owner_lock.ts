import { type OpenDatabase, openFile } from "./database.ts";

/**
 * Takes a lock that one process at a time can have and that ends with it, however it ends: an
 * exclusive transaction on a database of nothing, which SQLite makes of the locks of each system.
 * Returns `undefined` when another has it.
 *
 * @param patience Milliseconds to wait for another to let go of it, in which nothing else happens.
 *
 * Nobody else in this process may open the file: POSIX drops a process's locks on a file when any
 * of its descriptors is closed.
 */
export function takeOwnerLock(
  path: string,
  patience = 0,
  openDatabase: OpenDatabase = openFile,
): Disposable | undefined {
  const database = openDatabase(path, { timeout: patience });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (cause instanceof Error && cause.message === "database is locked") {
      return undefined;
    }
    throw cause;
  }
  return { [Symbol.dispose]: () => database.close() };
}
