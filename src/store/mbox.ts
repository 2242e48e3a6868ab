import { dirname, join } from "node:path";
import type { Clock } from "../ports/clock.ts";
import { pieces } from "../ports/content.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Mailbox } from "../smtp/address.ts";
import { durableFoldersUnder } from "./durable_folder.ts";
import { type FileLock, takeLock } from "./lock_file.ts";
import type { MailStore, StoredMail } from "./mail_store.ts";
import { leftNote, LOCK_MARK, writtenNote } from "./mbox_note.ts";
import { mboxText } from "./mbox_text.ts";
import { folderNames } from "./names.ts";
import { takeTurns } from "./turns.ts";

/** What an mbox store is made of. */
export interface MboxOptions {
  /** The folder all mail is under. */
  readonly root: string;
  readonly disk: Disk;
  readonly clock: Clock;
}

/** How long to wait for a mail reader to let go of a mailbox, in milliseconds. */
const PATIENCE = 30_000;

/** The age at which mail programs agree to break each other's locks, in milliseconds. */
const STALE = 5 * 60_000;

/** Folders remembered at most. One that is forgotten is merely synced again. */
const REMEMBERED = 10_000;

const encoder = new TextEncoder();

/**
 * Opens a store of mbox files, `<root>/<domain>/<user>`, with all messages of a mailbox in one.
 *
 * Other programs are kept out by `<user>.lock`. The lock holds the file's size from before, so
 * that what a crash leaves of a message is cut off by the next delivery. A lock of ours is always
 * taken for one that a crash left, since no two servers run on one store.
 */
export function openMbox({ root, disk, clock }: MboxOptions): MailStore {
  const inTurn = takeTurns();
  const makeFolders = durableFoldersUnder(root, disk);
  /** Domains whose folders this process knows to be durable. */
  const known = new Set<string>();

  /** A folder that is there may be one that an earlier process made, and never synced. */
  async function makeFolder(domain: string): Promise<void> {
    if (known.has(domain) && await disk.stat(join(root, domain))) return;
    await makeFolders([domain]);
    if (known.size >= REMEMBERED) known.clear();
    known.add(domain);
  }

  return {
    deliver(to: Mailbox, mail: StoredMail): Promise<void> {
      const [domain, user] = folderNames(to);
      const path = join(root, domain, user);
      return inTurn(path, async () => {
        await makeFolder(domain);
        await cutTail(path, disk);
        await using lock = await takeLock(lockPath(path), {
          disk,
          clock,
          patience: PATIENCE,
          staleAfter: STALE,
          mark: LOCK_MARK,
        });
        await append(path, mail, lock, disk);
      });
    },
    // The next delivery cuts off what is left of one that never ended.
    tidy: () => Promise.resolve(),
  };
}

function lockPath(path: string): string {
  return `${path}.lock`;
}

async function append(
  path: string,
  mail: StoredMail,
  lock: FileLock,
  disk: Disk,
): Promise<void> {
  const from = fromLine(mail);
  using file = await disk.append(path);
  const size = await file.size();
  await lock.note(writtenNote({ size, from }));
  await disk.syncFolder(dirname(path));
  try {
    await write(file, from, mail, disk);
  } catch (cause) {
    await cut(file, size).catch(lock.leave); // Then the next delivery cuts it.
    throw cause;
  }
  // The note must not come back after a power failure: this message would be cut off.
  await lock.release();
  await disk.syncFolder(dirname(path));
}

async function write(
  file: DiskFile,
  from: string,
  mail: StoredMail,
  disk: Disk,
): Promise<void> {
  const text = mboxText();
  await file.write(encoder.encode(from));
  await file.write(text.push(encoder.encode(mail.header)));
  for await (const piece of pieces(mail.content, disk)) {
    await file.write(text.push(piece));
  }
  await file.write(text.end());
  await file.sync();
}

async function cut(file: DiskFile, size: number): Promise<void> {
  await file.truncate(size);
  await file.sync();
}

/** Cuts off what a crash left of a message at the end of an mbox file. */
async function cutTail(path: string, disk: Disk): Promise<void> {
  const lock = lockPath(path);
  const left = leftNote(await disk.read(lock));
  if (!left) return;
  if (left !== "begun" && await disk.stat(path)) {
    const isTail = await isOurs(path, left, disk);
    using file = await disk.append(path);
    if (isTail) await file.truncate(left.size);
    // What was cut off before, without a sync, must not come back when the lock is gone.
    await file.sync();
  }
  await disk.remove(lock);
}

/**
 * Whether what follows the noted size is the start of the noted message. It is something else
 * when a mail reader has rewritten the file meanwhile, whatever the lock said.
 */
async function isOurs(
  path: string,
  { size, from }: { readonly size: number; readonly from: string },
  disk: Disk,
): Promise<boolean> {
  const found = await disk.stat(path);
  if (!found || found.size <= size) return false;
  const expected = encoder.encode(from);
  let at = 0;
  for await (const piece of disk.stream(path)) {
    const tail = piece.subarray(Math.max(0, size - at));
    const offset = Math.max(0, at - size);
    at += piece.length;
    // After a power failure there may be zeros where nothing was written yet.
    const same = expected.subarray(offset, offset + tail.length)
      .every((octet, index) => tail[index] === octet || tail[index] === 0);
    if (!same) return false;
    if (at >= size + expected.length) break;
  }
  return true;
}

/**
 * The line that starts a message in an mbox file: the sender and, in UTC, when it came. A sender
 * with a space in a quoted local part would spoil the line.
 */
function fromLine({ sender, receivedAt }: StoredMail): string {
  const word = sender.replace(/[^!-~\u{a1}-\u{10ffff}]/gu, "_");
  return `From ${word || "MAILER-DAEMON"} ${asctime(receivedAt)}\n`;
}

/** `Mon Nov  3 09:05:00 2026`, as C's asctime writes it, in UTC. */
function asctime(milliseconds: number): string {
  const [weekday, day, month, year, time] = new Date(milliseconds)
    .toUTCString().split(/,? /);
  const paddedDay = day!.replace(/^0/, " ");
  return `${weekday} ${month} ${paddedDay} ${time} ${year}`;
}
