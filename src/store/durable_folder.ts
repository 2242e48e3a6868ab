import { dirname, join } from "node:path";
import type { Disk } from "../ports/disk.ts";

/**
 * Makes the folder `names` lead to from `root`, so that it survives a power failure.
 *
 * Each folder's name is made durable before anything is made inside it. So of a folder that is
 * there only its own name may still be in doubt, and that is synced whether or not it was there.
 *
 * Throws when a name on the way belongs to a file, and what the disk throws.
 */
export async function makeDurableFolder(
  root: string,
  names: readonly string[],
  disk: Disk,
): Promise<void> {
  const path = join(root, ...names);
  const found = await disk.stat(path);
  if (found && !found.folder) {
    throw new Error(`Cannot make folder "${path}": a file has this name`);
  }
  if (names.length === 0) {
    if (!found) await makeRoot(path, disk);
    return;
  }
  if (!found) {
    await makeDurableFolder(root, names.slice(0, -1), disk);
    await disk.makeFolder(path);
  }
  await disk.syncFolder(dirname(path));
}

/**
 * Makes the function that makes folders under `root`, as {@linkcode makeDurableFolder} does, but for a
 * root that was there and is gone: who has moved it away may be about to put it back, and couldn't if
 * there were a new one.
 */
export function durableFoldersUnder(
  root: string,
  disk: Disk,
): (names: readonly string[]) => Promise<void> {
  let begun = disk.stat(root).then(Boolean, () => false);
  return async (names) => {
    if (await begun && !await disk.stat(root)) {
      throw new Error(`Mail folder "${root}" is gone`);
    }
    await makeDurableFolder(root, names, disk);
    begun = Promise.resolve(true);
  };
}

async function makeRoot(root: string, disk: Disk): Promise<void> {
  await disk.makeFolder(root);
  try {
    await disk.syncFolder(dirname(root));
  } catch {
    // The sandbox may well keep us from looking above the root: the system will sync it in time.
  }
}
