import { join } from "node:path";
import { BufferPool } from "../ports/buffers.ts";
import type { Clock } from "../ports/clock.ts";
import { pieces } from "../ports/content.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Mailbox } from "../smtp/address.ts";
import { durableFoldersUnder } from "./durable_folder.ts";
import type { MailStore, StoredMail } from "./mail_store.ts";
import { removeLitter } from "./maildir_litter.ts";
import { folderNames, safeName } from "./names.ts";
import { shareRuns } from "../ports/shared_run.ts";

/** What a Maildir store is made of. */
export interface MaildirOptions {
  /** The folder all mail is under. */
  readonly root: string;
  /** Our host name, the last part of every file's name. */
  readonly hostname: string;
  readonly disk: Disk;
  readonly clock: Clock;
}

/** A mailbox's Maildir that is known to be there. */
interface Folder {
  readonly tmp: string;
  readonly new: string;
  readonly cur: string;
  /** Makes the names in `new` durable, together with whoever else needs that now. */
  readonly syncNew: () => Promise<void>;
}

/** Folders remembered at most. One that is forgotten is merely looked for again. */
const REMEMBERED = 10_000;

/** What lies in `tmp` for longer was left by a crash: the 36 hours of the Maildir convention. */
const STALE = 36 * 60 * 60 * 1000;

const encoder = new TextEncoder();

/** What most messages are written from. */
const buffers = new BufferPool({ octets: 16 * 1024 });

/**
 * Opens a store of Maildirs, `<root>/<domain>/<user>/{tmp,new,cur}`, a file for each message, byte
 * for byte as received.
 *
 * The name of a message's file is made of what never changes between two attempts to deliver it,
 * so a second one after a crash replaces the first instead of doubling it.
 */
export function openMaildir(options: MaildirOptions): MailStore {
  const { disk } = options;
  const host = safeName(options.hostname);
  const makeFolders = durableFoldersUnder(options.root, disk);
  const folders = new Map<string, Promise<Folder>>();
  /** Files in `tmp` that are being written. */
  const inUse = new Set<string>();

  function folderAt(
    path: string,
    names: readonly string[],
  ): Promise<Folder> {
    const known = folders.get(path);
    if (known) return known;
    const opening = openFolder(names, { ...options, makeFolders });
    if (folders.size >= REMEMBERED) {
      folders.delete(folders.keys().next().value!);
    }
    folders.set(path, opening);
    opening.catch(() => folders.delete(path));
    return opening;
  }

  return {
    async deliver(to: Mailbox, mail: StoredMail): Promise<void> {
      const names = folderNames(to);
      const path = join(options.root, ...names);
      const name = fileName(mail, host);
      const opening = folderAt(path, names);
      const folder = await opening;
      try {
        await put(mail, name, folder, { disk, inUse });
      } catch (cause) {
        if (await isWhole(folder, disk)) throw cause;
        // Somebody removed the folder under us: make it again.
        if (folders.get(path) === opening) folders.delete(path);
        await put(mail, name, await folderAt(path, names), { disk, inUse });
      }
    },
    tidy: (isQueued, signal) =>
      removeLitter({
        signal,
        root: options.root,
        disk,
        isWanted: async ({ path, id }) => inUse.has(path) || await isQueued(id),
      }),
  };
}

/** Seconds, a unique part and the host, as the Maildir convention has it, with no `:` anywhere. */
function fileName(mail: StoredMail, host: string): string {
  const seconds = Math.floor(mail.receivedAt / 1000);
  return `${seconds}.Q${mail.id}R${mail.number}.${host}`;
}

async function openFolder(
  names: readonly string[],
  { root, disk, clock, makeFolders }: MaildirOptions & {
    readonly makeFolders: (names: readonly string[]) => Promise<void>;
  },
): Promise<Folder> {
  const path = join(root, ...names);
  const folder: Folder = {
    tmp: join(path, "tmp"),
    new: join(path, "new"),
    cur: join(path, "cur"),
    syncNew: shareRuns(() => disk.syncFolder(folder.new)),
  };
  for (const name of ["tmp", "new", "cur"]) {
    await makeFolders([...names, name]);
  }
  await removeStale(folder.tmp, clock.now() - STALE, disk);
  return folder;
}

/** Removes the files of a folder that were last changed before `limit`. */
async function removeStale(
  folder: string,
  limit: number,
  disk: Disk,
): Promise<void> {
  for (const name of await disk.list(folder) ?? []) {
    const path = join(folder, name);
    const found = await disk.stat(path);
    if (found && !found.folder && found.changedAt < limit) {
      await disk.remove(path).catch(() => {}); // Litter is no reason to refuse mail.
    }
  }
}

async function isWhole(folder: Folder, disk: Disk): Promise<boolean> {
  const found = await Promise.all([
    disk.stat(folder.tmp),
    disk.stat(folder.new),
  ]);
  return found.every((each) => each?.folder);
}

/** Delivers into a folder: written and synced in `tmp`, then moved to `new` in one step. */
async function put(
  mail: StoredMail,
  name: string,
  folder: Folder,
  { disk, inUse }: { readonly disk: Disk; readonly inUse: Set<string> },
): Promise<void> {
  if (mail.again && await wasDelivered(name, folder, disk)) return;
  const temporary = join(folder.tmp, name);
  inUse.add(temporary);
  try {
    await write(temporary, mail, disk);
    await disk.rename(temporary, join(folder.new, name));
  } catch (cause) {
    await disk.remove(temporary).catch(() => {}); // The first failure is the one to tell.
    throw cause;
  } finally {
    inUse.delete(temporary);
  }
  await folder.syncNew();
}

/**
 * Whether the message is there already and, if so, durable. Mail readers move what they have seen
 * to `cur` and add `:2,` and flags to its name, or `;2,` on Windows.
 */
async function wasDelivered(
  name: string,
  folder: Folder,
  disk: Disk,
): Promise<boolean> {
  if (await disk.stat(join(folder.new, name))) {
    await folder.syncNew();
    return true;
  }
  const seen = await disk.list(folder.cur) ?? [];
  const there = seen.some((each) =>
    each === name || each.startsWith(`${name}:`) || each.startsWith(`${name};`)
  );
  if (there) await disk.syncFolder(folder.cur);
  return there;
}

async function write(
  path: string,
  mail: StoredMail,
  disk: Disk,
): Promise<void> {
  using file = await disk.create(path) ?? await createAnew(path, disk);
  if (!await writeAtOnce(file, mail)) {
    await file.write(encoder.encode(mail.header));
    for await (const piece of pieces(mail.content, disk)) {
      await file.write(piece);
    }
  }
  await file.sync();
}

/** Writes header and content with one call, if they fit into a buffer; returns whether they did. */
async function writeAtOnce(
  file: DiskFile,
  { header, content }: StoredMail,
): Promise<boolean> {
  if (content.kind === "file") return false;
  const { bytes } = content;
  // UTF-8 has at most three octets for a UTF-16 unit.
  if (3 * header.length + bytes.length > buffers.octets) return false;
  const buffer = buffers.lend();
  const { written } = encoder.encodeInto(header, buffer);
  buffer.set(bytes, written);
  await file.write(buffer.subarray(0, written + bytes.length));
  buffers.takeBack(buffer);
  return true;
}

/** Creates a file in place of one left by a crash: nobody else makes a file of this name. */
async function createAnew(path: string, disk: Disk) {
  await disk.remove(path);
  const file = await disk.create(path);
  if (!file) {
    throw new Error(`Cannot write "${path}": another program is writing it`);
  }
  return file;
}
