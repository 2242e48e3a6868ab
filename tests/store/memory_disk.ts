import type { Disk, DiskFile } from "../../src/ports/disk.ts";

/** A name of a disk's operations; of an open file: `write`, `sync`, `size`, `truncate`. */
export type DiskOperation =
  | Exclude<keyof Disk, symbol>
  | Exclude<keyof DiskFile, symbol>;

/** A disk in memory that knows what a power failure would leave of it. */
export interface MemoryDisk extends Disk {
  /**
   * Called before each operation, of an open file too. What it throws the operation throws, with
   * nothing done; while the promise it returns is pending, the operation waits.
   */
  before: (operation: DiskOperation, path: string) => void | Promise<void>;
  /** Operations done, as `operation path`, in their order. */
  readonly trace: string[];
  /** How many files are open for writing. */
  readonly open: number;
  /**
   * The disk after a power failure now. Of names only those are left that their folders' syncs
   * have made durable, and of a file what was synced, with the part `kept` (0 to 1) of what was
   * written behind that since.
   */
  crash(kept?: number): MemoryDisk;
  /** The text of a file; `undefined` when there is none. */
  text(path: string): string | undefined;
  /** Puts a file there, and the folders it needs, durably and without a word in the trace. */
  put(path: string, text: string, changedAt?: number): void;
  /** The paths of all files, sorted. */
  files(): readonly string[];
}

interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array<ArrayBuffer>;
  /** The octets that are durable. */
  synced: Uint8Array<ArrayBuffer>;
  changedAt: number;
}

interface FolderNode {
  readonly kind: "folder";
  readonly entries: Map<string, Node>;
  /** The entries that are durable. */
  synced: ReadonlyMap<string, Node>;
}

type Node = FileNode | FolderNode;

/** An empty disk whose files change at the time `now` says. It has no folder but the root. */
export function memoryDisk(now: () => number = () => 0): MemoryDisk {
  return overFolder(newFolder(), now);
}

function overFolder(root: FolderNode, now: () => number): MemoryDisk {
  const trace: string[] = [];
  let open = 0;

  async function begin(operation: DiskOperation, path: string): Promise<void> {
    await disk.before(operation, path);
    trace.push(`${operation} ${path}`);
  }

  /** The folder that names `path`, and the name it has there. */
  function place(path: string): [FolderNode, string] {
    const names = namesOf(path);
    const name = names.pop() ?? "";
    const folder = find(root, names);
    if (folder?.kind !== "folder") throw diskError("ENOENT", path);
    return [folder, name];
  }

  function fileAt(path: string): FileNode | undefined {
    const node = find(root, namesOf(path));
    if (node?.kind === "folder") throw diskError("EISDIR", path);
    return node;
  }

  function addFile(path: string): FileNode {
    const [folder, name] = place(path);
    const file = newFile(now());
    folder.entries.set(name, file);
    return file;
  }

  function openedFile(path: string, file: FileNode): DiskFile {
    let closed = false;
    open++;
    return {
      async write(bytes) {
        await begin("write", path);
        file.bytes = new Uint8Array([...file.bytes, ...bytes]);
        file.changedAt = now();
      },
      async sync() {
        await begin("sync", path);
        file.synced = file.bytes;
      },
      async size() {
        await begin("size", path);
        return file.bytes.length;
      },
      async truncate(size) {
        await begin("truncate", path);
        file.bytes = file.bytes.slice(0, size);
        file.changedAt = now();
      },
      [Symbol.dispose]() {
        if (!closed) open--;
        closed = true;
      },
    };
  }

  const disk: MemoryDisk = {
    before: () => {},
    trace,
    get open() {
      return open;
    },
    async makeFolder(path) {
      await begin("makeFolder", path);
      makeFolders(root, namesOf(path));
    },
    async create(path) {
      await begin("create", path);
      const [folder, name] = place(path);
      if (folder.entries.has(name)) return undefined;
      return openedFile(path, addFile(path));
    },
    async append(path) {
      await begin("append", path);
      return openedFile(path, fileAt(path) ?? addFile(path));
    },
    async read(path) {
      await begin("read", path);
      return fileAt(path)?.bytes.slice();
    },
    async *stream(path, from = 0) {
      await begin("stream", path);
      const file = fileAt(path);
      if (!file) throw diskError("ENOENT", path);
      const piece = new Uint8Array(7); // Small and odd, so that tests see pieces.
      for (let at = from; at < file.bytes.length; at += piece.length) {
        const octets = file.bytes.subarray(at, at + piece.length);
        piece.set(octets);
        yield piece.subarray(0, octets.length);
      }
    },
    async stat(path) {
      await begin("stat", path);
      const node = find(root, namesOf(path));
      return node && {
        size: node.kind === "file" ? node.bytes.length : 0,
        changedAt: node.kind === "file" ? node.changedAt : 0,
        folder: node.kind === "folder",
      };
    },
    async list(path) {
      await begin("list", path);
      const node = find(root, namesOf(path));
      if (node?.kind === "file") throw diskError("ENOTDIR", path);
      return node && [...node.entries.keys()];
    },
    async rename(from, to) {
      await begin("rename", `${from} ${to}`);
      const [fromFolder, fromName] = place(from);
      const [toFolder, toName] = place(to);
      const node = fromFolder.entries.get(fromName);
      if (!node) throw diskError("ENOENT", from);
      fromFolder.entries.delete(fromName);
      toFolder.entries.set(toName, node);
    },
    async link(from, to) {
      await begin("link", `${from} ${to}`);
      const file = fileAt(from);
      if (!file) throw diskError("ENOENT", from);
      const [folder, name] = place(to);
      if (folder.entries.has(name)) return false;
      folder.entries.set(name, file);
      return true;
    },
    async remove(path) {
      await begin("remove", path);
      const names = namesOf(path);
      const name = names.pop()!;
      const folder = find(root, names);
      return folder?.kind === "folder" && folder.entries.delete(name);
    },
    async syncFolder(path) {
      await begin("syncFolder", path);
      const node = find(root, namesOf(path));
      if (node?.kind !== "folder") throw diskError("ENOENT", path);
      node.synced = new Map(node.entries);
    },
    crash: (kept = 0) => overFolder(afterCrash(root, kept), now),
    text(path) {
      const file = fileAt(path);
      return file && new TextDecoder().decode(file.bytes);
    },
    put(path, text, changedAt = now()) {
      makeFolders(root, namesOf(path).slice(0, -1));
      const file = addFile(path);
      file.bytes = new TextEncoder().encode(text);
      file.changedAt = changedAt;
      makeDurable(root);
    },
    files: () => filesIn(root, "").sort(),
  };
  return disk;
}

function newFile(changedAt: number): FileNode {
  const bytes = new Uint8Array();
  return { kind: "file", bytes, synced: bytes, changedAt };
}

function newFolder(entries: Iterable<[string, Node]> = []): FolderNode {
  const map = new Map(entries);
  return { kind: "folder", entries: map, synced: new Map(map) };
}

/** The names that lead to a path. A leading `/` or `./` makes no difference. */
function namesOf(path: string): string[] {
  return path.split(/[\\/]/).filter((name) => name !== "" && name !== ".");
}

function find(root: FolderNode, names: readonly string[]): Node | undefined {
  return names.reduce<Node | undefined>(
    (node, name) =>
      node?.kind === "folder" ? node.entries.get(name) : undefined,
    root,
  );
}

function makeFolders(root: FolderNode, names: readonly string[]): void {
  let folder = root;
  for (const name of names) {
    const next = folder.entries.get(name) ?? newFolder();
    if (next.kind === "file") throw diskError("ENOTDIR", name);
    folder.entries.set(name, next);
    folder = next;
  }
}

function makeDurable(node: Node): void {
  if (node.kind === "file") {
    node.synced = node.bytes;
  } else {
    node.synced = new Map(node.entries);
    node.entries.forEach(makeDurable);
  }
}

function afterCrash(folder: FolderNode, kept: number): FolderNode {
  return newFolder(
    Array.from(folder.synced, ([name, node]): [string, Node] => [
      name,
      node.kind === "folder"
        ? afterCrash(node, kept)
        : fileAfterCrash(node, kept),
    ]),
  );
}

function fileAfterCrash(file: FileNode, kept: number): FileNode {
  const more = Math.max(0, file.bytes.length - file.synced.length);
  const bytes = more > 0
    ? file.bytes.slice(0, file.synced.length + Math.floor(more * kept))
    : file.synced;
  return { ...file, bytes, synced: bytes };
}

function filesIn(folder: FolderNode, above: string): string[] {
  return Array.from(folder.entries).flatMap(([name, node]) => {
    const path = above === "" ? name : `${above}/${name}`;
    return node.kind === "folder" ? filesIn(node, path) : [path];
  });
}

/** An error such as a disk throws. */
export function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
