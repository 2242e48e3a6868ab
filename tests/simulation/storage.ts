import { diskError } from "../store/memory_disk.ts";
import type { Crash } from "./machine.ts";
import type { World } from "./world.ts";

/** A file: what programs see of it, and what is durable. */
export interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array<ArrayBuffer>;
  synced: Uint8Array<ArrayBuffer>;
  changedAt: number;
}

/** A folder: the names that programs see in it, and those that are durable. */
export interface FolderNode {
  readonly kind: "folder";
  entries: Map<string, Node>;
  synced: ReadonlyMap<string, Node>;
}

export type Node = FileNode | FolderNode;

/** What lies on the disk, from one process to the next. */
export class Storage {
  #root = newFolder();

  node(path: string): Node | undefined {
    return namesOf(path).reduce<Node | undefined>(
      (node, name) =>
        node?.kind === "folder" ? node.entries.get(name) : undefined,
      this.#root,
    );
  }

  file(path: string): FileNode | undefined {
    const node = this.node(path);
    if (node?.kind === "folder") throw diskError("EISDIR", path);
    return node;
  }

  /** The folder that names `path`, and the name it has there. */
  place(path: string): [FolderNode, string] {
    const names = namesOf(path);
    const name = names.pop() ?? "";
    const folder = this.node(names.join("/"));
    if (folder?.kind !== "folder") throw diskError("ENOENT", path);
    return [folder, name];
  }

  makeFolders(path: string): void {
    let folder = this.#root;
    for (const name of namesOf(path)) {
      const next = folder.entries.get(name) ?? newFolder();
      if (next.kind === "file") throw diskError("ENOTDIR", path);
      folder.entries.set(name, next);
      folder = next;
    }
  }

  addFile(path: string, changedAt: number): FileNode {
    const [folder, name] = this.place(path);
    const bytes = new Uint8Array();
    const file: FileNode = { kind: "file", bytes, synced: bytes, changedAt };
    folder.entries.set(name, file);
    return file;
  }

  /** Makes all there is durable. */
  sync(): void {
    syncAll(this.#root);
  }

  /** The paths of all files, sorted, each with its octets. */
  files(): readonly (readonly [string, Uint8Array])[] {
    return [...filesIn(this.#root, "")].sort(([one], [other]) =>
      one < other ? -1 : 1
    );
  }

  /** What the crash of a process, or of the machine, makes of it. */
  crash(crash: Crash, world: World): void {
    switch (crash) {
      case "kill":
        return; // The system has all that was written, and will write it in time.
      case "power failure":
        this.#root = folderAfterFailure(this.#root, world);
        return;
      default:
        crash satisfies never;
    }
  }
}

/** The names that lead to a path, however it is written. */
function namesOf(path: string): string[] {
  return path.split(/[\\/]/).filter((name) => name !== "" && name !== ".");
}

function newFolder(entries = new Map<string, Node>()): FolderNode {
  return { kind: "folder", entries, synced: new Map(entries) };
}

function syncAll(node: Node): void {
  if (node.kind === "file") {
    node.synced = node.bytes;
  } else {
    node.synced = new Map(node.entries);
    node.entries.forEach(syncAll);
  }
}

function* filesIn(
  folder: FolderNode,
  above: string,
): Generator<readonly [string, Uint8Array]> {
  for (const [name, node] of folder.entries) {
    const path = `${above}/${name}`;
    if (node.kind === "folder") yield* filesIn(node, path);
    else yield [path, node.bytes];
  }
}

/** Of each name that was changed and not synced, either the old or the new is there, as luck has it. */
function folderAfterFailure(folder: FolderNode, world: World): FolderNode {
  const names = new Set([...folder.synced.keys(), ...folder.entries.keys()]);
  const left = new Map<string, Node>();
  for (const name of names) {
    const before = folder.synced.get(name);
    const now = folder.entries.get(name);
    const node = before === now || world.chance.chance(0.5) ? before : now;
    if (node) left.set(name, nodeAfterFailure(node, world));
  }
  return newFolder(left);
}

function nodeAfterFailure(node: Node, world: World): Node {
  if (node.kind === "folder") return folderAfterFailure(node, world);
  const bytes = octetsAfterFailure(node, world);
  return { ...node, bytes, synced: bytes };
}

/**
 * Octets that weren't synced are there, or not, or some of them; and a file may have grown before
 * its new octets were written, which are zeros then.
 */
function octetsAfterFailure(
  { bytes, synced }: FileNode,
  world: World,
): Uint8Array<ArrayBuffer> {
  if (bytes === synced) return synced;
  const shared = commonStart(bytes, synced);
  if (shared < synced.length) return world.chance.pick([bytes, synced]);
  const length = world.between(shared, bytes.length);
  const written = world.chance.pick([length, world.between(shared, length)]);
  const left = new Uint8Array(length);
  left.set(bytes.subarray(0, written));
  return left;
}

function commonStart(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one[length] === other[length]) length++;
  return length;
}
