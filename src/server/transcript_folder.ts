import { dirname, join } from "node:path";
import type { Clock } from "../ports/clock.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import {
  DAY,
  dayOf,
  fileName,
  listTranscriptFiles,
  type TranscriptFile,
} from "./transcript_files.ts";

/** How much is kept. */
export interface TranscriptLimits {
  /** Octets after which a day goes on in another file. */
  readonly fileSize: number;
  /** Octets of all files together; the oldest give way. */
  readonly totalSize: number;
  /** Whole days that a file is kept after its own. */
  readonly days: number;
}

/**
 * Two weeks answer "what happened to my mail?" and forget the rest, as a record of people's mail should. A
 * file opens in any editor and is searched in a blink; all of them together fit the smallest virtual server,
 * and hold some 400,000 short sessions.
 */
export const TRANSCRIPT_LIMITS: TranscriptLimits = {
  fileSize: 64 * 1024 * 1024,
  totalSize: 512 * 1024 * 1024,
  days: 14,
};

/** What of the disk the writer uses. */
export type TranscriptDisk = Pick<
  Disk,
  "makeFolder" | "append" | "list" | "stat" | "remove"
>;

/** What {@linkcode TranscriptFolder} needs. */
export interface TranscriptFolderOptions {
  readonly folder: string;
  readonly disk: TranscriptDisk;
  readonly clock: Clock;
  readonly limits: TranscriptLimits;
}

/**
 * The folder as its one writer sees it: appends to the file of the day, begins another when the day or the
 * file is over, removes what is too old or too much. One call at a time.
 */
export class TranscriptFolder implements Disposable {
  readonly #options: TranscriptFolderOptions;
  #open: OpenFile | undefined;

  constructor(options: TranscriptFolderOptions) {
    this.#options = options;
  }

  /**
   * Appends whole lines to the file of the day; answers whether it was begun or opened for that. Throws when
   * the disk does; the lines are lost then.
   */
  async append(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const before = this.#open;
    const open = await this.#fileFor(bytes.length);
    try {
      await open.file.write(bytes);
      open.size += bytes.length;
    } catch (cause) {
      // What did get written may end in the middle of a line.
      await open.file.truncate(open.size).catch(() => {});
      this[Symbol.dispose]();
      throw cause;
    }
    return open !== before;
  }

  /**
   * Removes files that are too old, and the oldest while there is too much. Throws when the disk does, having
   * removed what it could.
   */
  async prune(): Promise<void> {
    const { folder, disk, clock, limits } = this.#options;
    const oldestDay = dayOf(clock.now() - limits.days * DAY);
    // The open file may yet fill up.
    let room = limits.totalSize - limits.fileSize;
    const failures: unknown[] = [];
    for (const file of (await listTranscriptFiles(folder, disk)).toReversed()) {
      if (this.#isOpen(file)) continue;
      const path = join(folder, fileName(file));
      room -= (await disk.stat(path))?.size ?? 0;
      if (room >= 0 && file.day >= oldestDay) continue;
      await disk.remove(path).catch((cause) => failures.push(cause));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Closes the file; the next line opens it again. */
  [Symbol.dispose](): void {
    this.#open?.file[Symbol.dispose]();
    this.#open = undefined;
  }

  async #fileFor(octets: number): Promise<OpenFile> {
    const { disk, folder, clock } = this.#options;
    const day = dayOf(clock.now());
    if (this.#open?.day === day && this.#hasRoom(this.#open, octets)) {
      return this.#open;
    }
    this[Symbol.dispose]();
    // It is made again when somebody removed it, but not in place of a mail folder that was moved away.
    if (await disk.stat(dirname(folder))) await disk.makeFolder(folder);
    const today = (await listTranscriptFiles(folder, disk))
      .filter((file) => file.day === day);
    this.#open = await this.#openPart({ day, part: today.at(-1)?.part ?? 1 });
    if (!this.#hasRoom(this.#open, octets)) {
      const part = this.#open.part + 1;
      this[Symbol.dispose]();
      this.#open = await this.#openPart({ day, part });
    }
    return this.#open;
  }

  async #openPart({ day, part }: TranscriptFile): Promise<OpenFile> {
    const { disk, folder } = this.#options;
    const file = await disk.append(join(folder, fileName({ day, part })));
    try {
      return { day, part, file, size: await file.size() };
    } catch (cause) {
      file[Symbol.dispose]();
      throw cause;
    }
  }

  #hasRoom({ size }: OpenFile, octets: number): boolean {
    return size === 0 || size + octets <= this.#options.limits.fileSize;
  }

  #isOpen({ day, part }: TranscriptFile): boolean {
    return this.#open?.day === day && this.#open.part === part;
  }
}

interface OpenFile extends TranscriptFile {
  readonly file: DiskFile;
  size: number;
}
