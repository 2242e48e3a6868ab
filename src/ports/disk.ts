/**
 * The disk, as the rest of the program may know it.
 *
 * What is part of normal life (a file that is or isn't there) is a value; what is not (no rights,
 * no space, a broken disk) is thrown. Nothing is promised to survive a power failure until the file
 * is synced and so is the folder that names it.
 */
export interface Disk {
  /** Makes a folder, readable by its owner only, and those above it that are missing. */
  makeFolder(path: string): Promise<void>;
  /** Opens a new file, mode 0600, for writing; `undefined` when the name is taken. */
  create(path: string): Promise<DiskFile | undefined>;
  /** Opens a file for writing at its end, made with mode 0600 if missing. */
  append(path: string): Promise<DiskFile>;
  /** The whole file; `undefined` when there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * The file piece by piece, from its octet `from` on if that is given, each piece valid until the next
   * is asked for. Throws when there is no file.
   */
  stream(path: string, from?: number): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Size in octets and time of the last change in milliseconds; `undefined` when there is none. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Names of a folder's entries, in no order; `undefined` when there is no such folder. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Gives a file a new name in the same file system, replacing what had it. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Gives a file a second name in the same file system; `false` when that is taken. Throws where the
   * file system has no such thing.
   */
  link(from: string, to: string): Promise<boolean>;
  /** Removes a file; `false` when there was none. */
  remove(path: string): Promise<boolean>;
  /** Makes the names in a folder durable. Does nothing where the system can't (Windows). */
  syncFolder(path: string): Promise<void>;
}

/** A file open for writing. */
export interface DiskFile extends Disposable {
  /** Writes all of `bytes` at the current position. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Makes what was written durable. */
  sync(): Promise<void>;
  /** Octets in the file. */
  size(): Promise<number>;
  /** Cuts the file to `size` octets. */
  truncate(size: number): Promise<void>;
  /** Closes the file; twice is once. */
  [Symbol.dispose](): void;
}

/** What is known of a file without reading it. */
export interface FileStat {
  /** Octets in the file. */
  readonly size: number;
  /** Time of the last change, milliseconds since the Unix epoch. */
  readonly changedAt: number;
  /** Whether it is a folder. */
  readonly folder: boolean;
  /** What it has in common with no other file there is, whatever its name; absent on Windows. */
  readonly identity?: string;
}

/**
 * Whether a thrown disk error says that no space, quota or inode is left.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isDiskFull } from "./disk.ts";
 *
 * assert(isDiskFull(Object.assign(new Error("no space"), { code: "ENOSPC" })));
 * ```
 */
export function isDiskFull(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code, errcode } = cause as { code?: unknown; errcode?: unknown };
  return code === "ENOSPC" || code === "EDQUOT" || errcode === SQLITE_FULL;
}

const SQLITE_FULL = 13;
