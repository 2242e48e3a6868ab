import type { Awaitable } from "../ports/awaitable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk, FileStat } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { shareRuns } from "../ports/shared_run.ts";

/** What a file is watched with. */
export interface WatchOptions<Value> {
  readonly path: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the value of the file's contents, which are empty when there is no file. May throw. */
  readonly parse: (contents: Uint8Array<ArrayBuffer>) => Value;
}

/** A file that others may change at any time. */
export interface WatchedFile<Value> {
  /**
   * The value of the file as it was `maxAge` milliseconds ago or later; with 0, as it is now. A
   * file that cannot be read or parsed, or is gone, is logged, once, and the value of before stands:
   * who has taken it away may be about to put it back.
   */
  value(maxAge: number): Awaitable<Value>;
  /** Makes the next call look at the file, however old a value it would take. */
  expire(): void;
}

/**
 * For how long after a change another may leave the same size and time, in milliseconds. Within
 * it the file is read again; the coarsest clock of a common file system (FAT) steps by two seconds.
 */
const UNSETTLED = 2_000;

/** Starts to watch a file. Throws what reading and parsing it throw this first time. */
export async function watchFile<Value>(
  options: WatchOptions<Value>,
): Promise<WatchedFile<Value>> {
  const { path, disk, clock, log } = options;
  let { value, version } = await readFile(options);
  let lookedAt = clock.now();
  /** The last failure told. */
  let told: string | undefined;

  const look = shareRuns(async () => {
    const now = clock.now();
    try {
      const found = await disk.stat(path);
      if (versionOf(found, now) !== version) {
        const read = await readFile(options);
        if (read.version === NONE && version !== NONE) {
          throw new Error("File is gone");
        }
        ({ value, version } = read);
      }
      told = undefined;
    } catch (cause) {
      tell(cause instanceof Error ? cause.message : String(cause));
    }
    lookedAt = now;
  });

  function tell(why: string): void {
    if (why !== told) log.error("damaged file ignored", { path, why });
    told = why;
  }

  return {
    value(maxAge) {
      return maxAge <= 0 || clock.now() - lookedAt > maxAge
        ? look().then(() => value)
        : value;
    },
    expire() {
      lookedAt = -Infinity;
    },
  };
}

/** The value and the version it is of. Looks before it reads: a change in between is seen later. */
async function readFile<Value>(
  { path, disk, clock, parse }: WatchOptions<Value>,
): Promise<{ readonly value: Value; readonly version: string | symbol }> {
  const found = versionOf(await disk.stat(path), clock.now());
  const contents = await disk.read(path);
  return contents
    ? { value: parse(contents), version: found }
    : { value: parse(new Uint8Array()), version: NONE };
}

/** What tells a state of the file from any other; unlike itself while a change is fresh. */
function versionOf(found: FileStat | undefined, now: number): string | symbol {
  if (!found) return NONE;
  return now - found.changedAt > UNSETTLED
    ? `${found.size} ${found.changedAt}`
    : Symbol("unsettled");
}

/** The version of a file that isn't there. */
const NONE = "none";
