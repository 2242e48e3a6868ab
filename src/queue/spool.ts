import { join } from "node:path";
import { BufferPool } from "../ports/buffers.ts";
import type { Content } from "../ports/content.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { parseId } from "./id.ts";
import { reasonOf } from "./reason.ts";

/** Where the content of messages is gathered on its way in. */
export interface Spool {
  /** Starts the content of the message with queue ID `id`, which must be a new one. */
  draft(id: string): Draft;
  /**
   * Removes the files of messages that `isWanted` denies; to be run once, before the first draft.
   * A file that can't be judged or removed stays. Throws when the folder can't be read.
   */
  sweep(isWanted: (id: string) => Promise<boolean>): Promise<void>;
}

/** A message's content on its way in. One call at a time. */
export interface Draft {
  /**
   * Adds a copy of `bytes`: at once while there is room in memory. Rejects when the disk fails; then
   * `discard()` it.
   */
  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** The whole of it, durable if it is a file. Throws when the disk fails; then `discard()` it. */
  finish(): Promise<Content>;
  /** Forgets it and removes its file, finished or not. Never throws; twice is once. */
  discard(): Promise<void>;
}

/** Octets of a content kept in memory, and then in the queue's row, unless told otherwise. */
export const SPOOL_MEMORY = 64 * 1024;

/** Opens the spool in `folder`, made if missing. Throws when the disk fails. */
export async function openSpool(
  { folder, disk, log, memoryLimit = SPOOL_MEMORY }: {
    readonly folder: string;
    readonly disk: Disk;
    readonly log: Log;
    /** Octets above which a content goes into a file, and the most of it that memory ever holds. */
    readonly memoryLimit?: number;
  },
): Promise<Spool> {
  await disk.makeFolder(folder);
  const buffers = new BufferPool({
    octets: Math.min(SMALL_DRAFT, memoryLimit),
  });
  return {
    draft: (id) => {
      const path = join(folder, id);
      return makeDraft({ path, folder, disk, log, memoryLimit, buffers });
    },

    async sweep(isWanted) {
      for (const name of await disk.list(folder) ?? []) {
        if (parseId(name) === undefined) continue;
        const path = join(folder, name);
        try {
          if (await isWanted(name)) continue;
          await disk.remove(path);
          log.info("spool file removed", { path, reason: "no message has it" });
        } catch (cause) {
          log.warn("spool file not removed", { path, error: reasonOf(cause) });
        }
      }
    },
  };
}

function makeDraft(
  { path, folder, disk, log, memoryLimit, buffers }: {
    readonly path: string;
    readonly folder: string;
    readonly disk: Disk;
    readonly log: Log;
    readonly memoryLimit: number;
    /** What most messages fit into. */
    readonly buffers: BufferPool;
  },
): Draft {
  let buffer = buffers.lend();
  let length = 0;
  let file: DiskFile | undefined;

  return {
    append: (bytes) =>
      length + bytes.length > memoryLimit ? appendToFile(bytes) : keep(bytes),

    async finish() {
      if (file === undefined) {
        const bytes = buffer.slice(0, length);
        giveBack();
        return { kind: "bytes", bytes };
      }
      await flush();
      giveBack();
      await file.sync();
      file[Symbol.dispose]();
      await disk.syncFolder(folder);
      return { kind: "file", path };
    },

    async discard() {
      giveBack();
      length = 0;
      if (file === undefined) return;
      file[Symbol.dispose]();
      file = undefined;
      try {
        await disk.remove(path);
      } catch (cause) {
        log.warn("spool file not removed", { path, error: reasonOf(cause) });
      }
    },
  };

  function keep(bytes: Uint8Array<ArrayBuffer>): void {
    reserve(length + bytes.length);
    buffer.set(bytes, length);
    length += bytes.length;
  }

  async function appendToFile(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await flush();
    if (bytes.length > memoryLimit) await file?.write(bytes);
    else keep(bytes);
  }

  /** Moves what is in memory to the file, which is made at the first need. */
  async function flush(): Promise<void> {
    file ??= await disk.create(path);
    if (file === undefined) {
      throw new Error(`Cannot spool message "${path}": file exists`);
    }
    if (length > 0) await file.write(buffer.subarray(0, length));
    length = 0;
  }

  function reserve(needed: number): void {
    if (needed <= buffer.length) return;
    const room = Math.max(needed, 2 * buffer.length);
    const grown = new Uint8Array(Math.min(room, memoryLimit));
    grown.set(buffer.subarray(0, length));
    giveBack();
    buffer = grown;
  }

  /** Gives the buffer back if it was lent. */
  function giveBack(): void {
    if (buffer.length === buffers.octets) buffers.takeBack(buffer);
    buffer = NOTHING;
  }
}

/** Octets that most messages fit into. */
const SMALL_DRAFT = 8 * 1024;

const NOTHING = new Uint8Array(0);
