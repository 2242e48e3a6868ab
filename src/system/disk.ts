import type { Disk, DiskFile, FileStat } from "../ports/disk.ts";

/** Readable and writable by the server's own user, and nobody else. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Octets read from a file at a time. */
const PIECE = 64 * 1024;

/** The machine's own disk. */
export const disk: Disk = {
  makeFolder,
  create,
  append,
  read,
  stream,
  stat,
  list,
  rename: Deno.rename,
  link,
  remove,
  syncFolder,
};

function makeFolder(path: string): Promise<void> {
  return Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

async function create(path: string): Promise<DiskFile | undefined> {
  try {
    return openedFile(
      await Deno.open(path, { write: true, createNew: true, mode: FILE_MODE }),
    );
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return undefined;
    throw cause;
  }
}

async function append(path: string): Promise<DiskFile> {
  return openedFile(
    await Deno.open(path, { append: true, create: true, mode: FILE_MODE }),
  );
}

function openedFile(file: Deno.FsFile): DiskFile {
  let open = true;
  return {
    async write(bytes) {
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
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

async function stat(path: string): Promise<FileStat | undefined> {
  const found = await unlessMissing(Deno.stat(path), undefined);
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

async function syncFolder(path: string): Promise<void> {
  // Windows has no way to sync a folder; NTFS keeps its own journal of names.
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
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
