import * as files from "node:fs/promises";

/** How much room a file system has for us. */
export interface Room {
  /** Octets that are free. */
  readonly free: number;
  /** Octets there are. */
  readonly total: number;
  /** Files that can still be made. */
  readonly freeFiles: number;
  /** Files there can be; 0 where the file system doesn't count them. */
  readonly totalFiles: number;
}

/**
 * The room of the file system that a file or folder is in. Throws when there is no such file, and
 * without the permission `--allow-sys=statfs`.
 */
export async function roomAt(path: string): Promise<Room> {
  const found = await files.statfs(path);
  return {
    free: found.bavail * found.bsize,
    total: found.blocks * found.bsize,
    freeFiles: found.ffree,
    totalFiles: found.files,
  };
}
