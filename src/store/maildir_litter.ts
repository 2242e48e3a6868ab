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
}

/**
 * Removes the files that deliveries cut short by a crash left in the `tmp` folders of all Maildirs. Other
 * programs' files are theirs to remove. Throws what the disk throws; then it may be tried again.
 */
export async function removeLitter(options: LitterOptions): Promise<void> {
  for await (const mailbox of mailboxesIn(options)) {
    await tidyMailbox(mailbox, options);
  }
}

/** The folders two levels below the root, all else left out. */
async function* mailboxesIn(
  { root, disk }: LitterOptions,
): AsyncGenerator<string> {
  for (const domain of await disk.list(root) ?? []) {
    const folder = join(root, domain);
    if (domain.startsWith(".") || !(await disk.stat(folder))?.folder) continue;
    for (const user of await disk.list(folder) ?? []) {
      const mailbox = join(folder, user);
      if ((await disk.stat(mailbox))?.folder) yield mailbox;
    }
  }
}

async function tidyMailbox(
  mailbox: string,
  { disk, isWanted }: LitterOptions,
): Promise<void> {
  const folder = join(mailbox, "tmp");
  for (const name of await disk.list(folder) ?? []) {
    const [, id] = OURS.exec(name) ?? [];
    const path = join(folder, name);
    if (id !== undefined && !await isWanted({ path, id })) {
      await disk.remove(path);
    }
  }
}
