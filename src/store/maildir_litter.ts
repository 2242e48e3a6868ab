import { join } from "node:path";
import type { Disk } from "../ports/disk.ts";

/** A copy's file: seconds, queue ID, the recipient's number, host. Nobody else names files like this. */
const OURS = /^\d+\.Q([0-9A-HJKMNP-TV-Z]{11})R\d+\./;

/** A file that may be litter. */
export interface LitterFile {
  readonly path: string;
  /** The ID of its message. */
  readonly id: string;
}

/** Where to look for litter, and what is none. */
export interface LitterOptions {
  /** The folder all mail is under. */
  readonly root: string;
  readonly disk: Pick<Disk, "list" | "stat" | "remove">;
  /** Whether a file is being written, or will be, for the message with that queue ID. */
  readonly isWanted: (file: LitterFile) => Promise<boolean>;
  /** Ends the search before the next mailbox. */
  readonly signal: AbortSignal;
}

/**
 * Removes the files that deliveries cut short by a crash left in the `tmp` folders of all Maildirs. Other
 * programs' files are theirs to remove. What the disk throws for one folder is thrown when all others are
 * done; then it may be tried again.
 */
export async function removeLitter(options: LitterOptions): Promise<void> {
  const { root, disk } = options;
  const failures: unknown[] = [];
  const each = async (folder: string, visit: (path: string) => Promise<void>) =>
    await visit(folder).catch((cause: unknown) => void failures.push(cause));

  for (const domain of await disk.list(root) ?? []) {
    // The last is where a disk of its own begins, and root's.
    if (domain.startsWith(".") || domain === "lost+found") continue;
    await each(join(root, domain), async (folder) => {
      for (const user of await entriesOf(folder, disk)) {
        await each(join(folder, user), (mailbox) => tidy(mailbox, options));
      }
    });
  }
  if (failures.length > 0) throw failures[0];
}

async function tidy(
  mailbox: string,
  { disk, isWanted, signal }: LitterOptions,
): Promise<void> {
  if (signal.aborted || !(await disk.stat(mailbox))?.folder) return;
  const folder = join(mailbox, "tmp");
  for (const name of await entriesOf(folder, disk)) {
    const [, id] = OURS.exec(name) ?? [];
    const path = join(folder, name);
    if (id !== undefined && !await isWanted({ path, id })) {
      await disk.remove(path);
    }
  }
}

/** What is in a folder; nothing in what isn't one. */
async function entriesOf(
  path: string,
  disk: LitterOptions["disk"],
): Promise<readonly string[]> {
  return (await disk.stat(path))?.folder ? await disk.list(path) ?? [] : [];
}
