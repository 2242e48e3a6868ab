import type { Clock } from "../ports/clock.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";

/** How to lock. */
export interface LockOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** How long to wait for another program to let go, in milliseconds. */
  readonly patience: number;
  /** How old a lock must be to count as left by a crash, in milliseconds. */
  readonly staleAfter: number;
  /** What the lock says from its first moment on, for whoever finds it after a crash. */
  readonly mark?: string;
}

/** A lock that is held. */
export interface FileLock extends AsyncDisposable {
  /** Adds something to what the lock says, durably. */
  note(text: string): Promise<void>;
  /** Never lets go: the lock stays, as after a crash. */
  leave(): void;
  /** Lets go, unless that was done or the lock was left. */
  release(): Promise<void>;
}

/** Time between two looks at a lock that another program holds, in milliseconds. */
const PAUSE = 50;

/**
 * Takes the lock that is the file `path`, as mail programs have always done it: whoever makes the
 * file holds the lock until they remove it. Throws when others hold it for longer than `patience`.
 */
export async function takeLock(
  path: string,
  options: LockOptions,
): Promise<FileLock> {
  const { disk, clock, patience } = options;
  const deadline = clock.now() + patience;
  for (;;) {
    const file = await makeLock(path, options);
    if (file) return heldLock(path, file, disk);
    if (await removeStale(path, options)) continue;
    if (clock.now() >= deadline) {
      throw new Error(
        `Cannot take lock "${path}": another program holds it (if none does, remove the file)`,
      );
    }
    await new Promise<void>((resolve) => clock.after(PAUSE, resolve));
  }
}

/** Makes the file, with its mark in it from the start; `undefined` when it is there. */
async function makeLock(
  path: string,
  { disk, mark }: LockOptions,
): Promise<DiskFile | undefined> {
  if (mark === undefined) return await disk.create(path);
  if (await disk.stat(path)) return undefined;
  const draft = `${path}~new`;
  await disk.remove(draft);
  const file = await createMarked(draft, mark, disk);
  let linked: boolean | "unable" = false;
  try {
    linked = file ? await disk.link(draft, path).catch(() => "unable") : false;
  } finally {
    if (linked !== true) file?.[Symbol.dispose]();
    await disk.remove(draft).catch(() => {}); // The next one removes it.
  }
  // Where files can't have two names, the lock says nothing for a moment.
  if (linked === "unable") return await createMarked(path, mark, disk);
  return linked ? file : undefined;
}

async function createMarked(
  path: string,
  mark: string,
  disk: Disk,
): Promise<DiskFile | undefined> {
  const file = await disk.create(path);
  try {
    await file?.write(new TextEncoder().encode(mark));
  } catch (cause) {
    file?.[Symbol.dispose]();
    await disk.remove(path).catch(() => {}); // The first failure is the one to tell.
    throw cause;
  }
  return file;
}

function heldLock(path: string, file: DiskFile, disk: Disk): FileLock {
  let held = true;

  async function release(): Promise<void> {
    if (!held) return;
    leave();
    await disk.remove(path);
  }

  function leave(): void {
    held = false;
    file[Symbol.dispose]();
  }

  return {
    async note(text) {
      await file.write(new TextEncoder().encode(text));
      await file.sync();
    },
    leave,
    release,
    [Symbol.asyncDispose]: release,
  };
}

/**
 * Removes a lock left by a crash. Of two programs that find one, the second must not remove the
 * lock that the first takes in its place, so the removal has a lock of its own.
 */
async function removeStale(
  path: string,
  options: LockOptions,
): Promise<boolean> {
  if (!await isStale(path, options)) return false;
  const { disk } = options;
  const removal = `${path}~`;
  if (await isStale(removal, options)) await disk.remove(removal);
  const file = await disk.create(removal);
  if (!file) return false;
  file[Symbol.dispose]();
  try {
    return await isStale(path, options) && await disk.remove(path);
  } finally {
    await disk.remove(removal);
  }
}

async function isStale(
  path: string,
  { disk, clock, staleAfter }: LockOptions,
): Promise<boolean> {
  const found = await disk.stat(path);
  return found !== undefined && clock.now() - found.changedAt > staleAfter;
}
