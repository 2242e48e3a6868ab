import type { Disk, DiskFile, FileStat } from "../ports/disk.ts";

/** Readable and writable by the server's own user, and nobody else. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Octets read from a file at a time. */
const PIECE = 64 * 1024;

/** The calls of the system that only touch its memory, unless that is full: names and octets. */
interface Calls {
  open(path: string, options: Deno.OpenOptions): Awaitable<Deno.FsFile>;
  write(file: Deno.FsFile, bytes: Uint8Array): Awaitable<number>;
  rename(from: string, to: string): Awaitable<void>;
  stat(path: string): Awaitable<Deno.FileInfo>;
}

type Awaitable<Result> = Result | Promise<Result>;

/** The machine's own disk. Nobody waits for it but who asked. */
export const disk: Disk = makeDisk({
  open: Deno.open,
  write: (file, bytes) => file.write(bytes),
  rename: Deno.rename,
  stat: Deno.stat,
});

/**
 * The same disk for a thread that talks to nobody. What only touches the system's memory is done at
 * once, for to have another thread do it costs more than it takes; only where the disk itself is
 * waited for, to sync and to read, others can go on. It measured a quarter more deliveries.
 */
export const promptDisk: Disk = makeDisk({
  open: Deno.openSync,
  write: (file, bytes) => file.writeSync(bytes),
  rename: Deno.renameSync,
  stat: Deno.statSync,
});

function makeDisk(calls: Calls): Disk {
  return {
    makeFolder,
    create: (path) => create(path, calls),
    append: (path) => append(path, calls),
    read,
    stream,
    stat: (path) => stat(path, calls),
    list,
    rename: async (from, to) => await calls.rename(from, to),
    link,
    remove,
    syncFolder: (path) => syncFolder(path, calls),
  };
}

function makeFolder(path: string): Promise<void> {
  return Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

async function create(
  path: string,
  calls: Calls,
): Promise<DiskFile | undefined> {
  const options = { write: true, createNew: true, mode: FILE_MODE };
  try {
    return openedFile(await calls.open(path, options), calls);
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return undefined;
    throw cause;
  }
}

async function append(path: string, calls: Calls): Promise<DiskFile> {
  const options = { append: true, create: true, mode: FILE_MODE };
  return openedFile(await calls.open(path, options), calls);
}

function openedFile(file: Deno.FsFile, { write }: Calls): DiskFile {
  let open = true;
  return {
    async write(bytes) {
      let written = await write(file, bytes);
      while (written < bytes.length) {
        written += await write(file, bytes.subarray(written));
      }
    },
    // The times of a file may be lost, its size and octets not: fdatasync is enough, and faster.
    sync: () => file.syncData(),
    size: async () => (await file.stat()).size,
    truncate: (size) => file.truncate(size),
    [Symbol.dispose]() {
      if (open) file.close();
      open = false;
    },
  };
}

function read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return unlessMissing(Deno.readFile(path), undefined);
}

async function* stream(
  path: string,
  from = 0,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  if (from > 0) await file.seek(from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(PIECE);
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}

async function stat(
  path: string,
  calls: Calls,
): Promise<FileStat | undefined> {
  const found = await unlessMissing(
    (async () => await calls.stat(path))(),
    undefined,
  );
  return found && {
    size: found.size,
    changedAt: found.mtime?.getTime() ?? 0,
    folder: found.isDirectory,
    ...(Deno.build.os !== "windows" && {
      identity: `${found.dev} ${found.ino}`,
    }),
  };
}

function list(path: string): Promise<readonly string[] | undefined> {
  return unlessMissing(
    Array.fromAsync(Deno.readDir(path), (entry) => entry.name),
    undefined,
  );
}

async function link(from: string, to: string): Promise<boolean> {
  try {
    await Deno.link(from, to);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return false;
    throw cause;
  }
}

function remove(path: string): Promise<boolean> {
  return unlessMissing(Deno.remove(path).then(() => true), false);
}

async function syncFolder(path: string, calls: Calls): Promise<void> {
  // Windows has no way to sync a folder; NTFS keeps its own journal of names.
  if (Deno.build.os === "windows") return;
  using folder = await calls.open(path, { read: true });
  await folder.sync();
}

/** The result of an operation, or `otherwise` when the file it is about does not exist. */
async function unlessMissing<Result, Otherwise>(
  operation: Promise<Result>,
  otherwise: Otherwise,
): Promise<Result | Otherwise> {
  try {
    return await operation;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return otherwise;
    throw cause;
  }
}
