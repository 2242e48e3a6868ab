import { dirname } from "node:path";
import type { Disk } from "../ports/disk.ts";

/**
 * Replaces a file, or makes it, in one step: whoever opens it, at any time and after any crash,
 * finds all of the old contents or all of the new. Once this resolves, the new ones are durable.
 * Throws what the disk throws, and then the old contents still stand.
 *
 * It assumes that
 *
 * - the folder is there, and file and temporary file (`<path>.tmp`, same folder) are in one file
 *   system, in which a rename is atomic (POSIX; NTFS in practice);
 * - no one else replaces the same file meanwhile: hold its lock when others may. A temporary file
 *   that is there already was then left by a crash, and goes;
 * - a synced file and folder are on the disk, as far as the system knows.
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  disk: Disk,
): Promise<void> {
  const temporary = `${path}.tmp`;
  await disk.remove(temporary);
  try {
    await writeNew(temporary, bytes, disk);
    await disk.rename(temporary, path);
  } catch (cause) {
    await disk.remove(temporary).catch(() => {}); // The first failure is the one to tell.
    throw cause;
  }
  await disk.syncFolder(dirname(path));
}

async function writeNew(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  disk: Disk,
): Promise<void> {
  using file = await disk.create(path);
  if (!file) {
    throw new Error(`Cannot write "${path}": another program is writing it`);
  }
  await file.write(bytes);
  await file.sync();
}
