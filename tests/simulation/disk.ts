import type { Disk, DiskFile } from "../../src/ports/disk.ts";
import { diskError } from "../store/memory_disk.ts";
import type { Machine, Process } from "./machine.ts";
import type { FileNode, Storage } from "./storage.ts";

/** Octets of a file that are read at a time. */
const PIECE = 16 * 1024;

/** Calls that need room. */
const GROWING: ReadonlySet<string> = new Set([
  "makeFolder",
  "create",
  "append",
  "write",
  "sync",
]);

/** The disk as one process sees it; each call takes a while and may fail. */
export interface SimulatedDisk extends Disk {
  /** Files that are open for writing. */
  readonly open: number;
}

/** The disk of a machine, as one process sees it. */
export function simulatedDisk(
  machine: Machine,
  process: Process,
  storage: Storage,
): SimulatedDisk {
  const { world, counts } = machine;
  let open = 0;

  /** Does `work`, or fails, with nothing or (says `half`) a part of it done. */
  function call<Result>(
    operation: string,
    path: string,
    work: () => Result,
    half: () => void = () => {},
  ): Promise<Result> {
    return process.perform(`${operation} ${path}`, () => {
      const code = fault(operation);
      if (code === undefined) return work();
      world.tell(`${code} ${operation} ${path}`);
      counts.add(`disk: ${code}`);
      half();
      throw diskError(code, path);
    });
  }

  function fault(operation: string): string | undefined {
    if (GROWING.has(operation) && machine.isFull()) return "ENOSPC";
    return world.chance.chance(machine.weather.disk) ? "EIO" : undefined;
  }

  function openFile(path: string, file: FileNode): DiskFile {
    let closed = false;
    open++;
    const add = (bytes: Uint8Array) => {
      file.bytes = joined(file.bytes, bytes);
      file.changedAt = world.now;
    };
    return {
      write(bytes) {
        const copy = bytes.slice();
        const half = () =>
          add(copy.subarray(0, world.chance.below(copy.length + 1)));
        return call("write", path, () => add(copy), half);
      },
      sync: () => call("sync", path, () => void (file.synced = file.bytes)),
      size: () => call("size", path, () => file.bytes.length),
      truncate: (size) =>
        call("truncate", path, () => {
          file.bytes = file.bytes.slice(0, size);
          file.changedAt = world.now;
        }),
      [Symbol.dispose]() {
        if (!closed) open--;
        closed = true;
      },
    };
  }

  return {
    get open() {
      return open;
    },
    makeFolder: (path) =>
      call("makeFolder", path, () => storage.makeFolders(path)),
    create: (path) =>
      call("create", path, () => {
        const [folder, name] = storage.place(path);
        if (folder.entries.has(name)) return undefined;
        return openFile(path, storage.addFile(path, world.now));
      }),
    append: (path) =>
      call(
        "append",
        path,
        () =>
          openFile(
            path,
            storage.file(path) ?? storage.addFile(path, world.now),
          ),
      ),
    read: (path) => call("read", path, () => storage.file(path)?.bytes.slice()),
    async *stream(path, start = 0) {
      const file = await call("open", path, () => storage.file(path));
      if (!file) throw diskError("ENOENT", path);
      for (let at = start;;) {
        const from = at;
        const piece = await call(
          "stream",
          path,
          () => file.bytes.slice(from, from + PIECE),
        );
        if (piece.length === 0) return;
        at += piece.length;
        yield piece;
      }
    },
    stat: (path) =>
      call("stat", path, () => {
        const node = storage.node(path);
        return node && {
          size: node.kind === "file" ? node.bytes.length : 0,
          changedAt: node.kind === "file" ? node.changedAt : 0,
          folder: node.kind === "folder",
        };
      }),
    list: (path) =>
      call("list", path, () => {
        const node = storage.node(path);
        if (node?.kind === "file") throw diskError("ENOTDIR", path);
        return node && [...node.entries.keys()];
      }),
    rename: (from, to) =>
      call("rename", `${from} ${to}`, () => {
        const [fromFolder, fromName] = storage.place(from);
        const [toFolder, toName] = storage.place(to);
        const node = fromFolder.entries.get(fromName);
        if (!node) throw diskError("ENOENT", from);
        fromFolder.entries.delete(fromName);
        toFolder.entries.set(toName, node);
      }),
    link: (from, to) =>
      call("link", `${from} ${to}`, () => {
        const [fromFolder, fromName] = storage.place(from);
        const [toFolder, toName] = storage.place(to);
        const node = fromFolder.entries.get(fromName);
        if (!node) throw diskError("ENOENT", from);
        if (toFolder.entries.has(toName)) return false;
        toFolder.entries.set(toName, node);
        return true;
      }),
    remove: (path) =>
      call("remove", path, () => {
        if (storage.node(path) === undefined) return false;
        const [folder, name] = storage.place(path);
        return folder.entries.delete(name);
      }),
    syncFolder: (path) =>
      call("syncFolder", path, () => {
        const node = storage.node(path);
        if (node?.kind !== "folder") throw diskError("ENOENT", path);
        node.synced = new Map(node.entries);
      }),
  };
}

function joined(
  one: Uint8Array,
  other: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
