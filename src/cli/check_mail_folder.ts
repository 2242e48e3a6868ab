import { join } from "node:path";
import { isDiskFull } from "../ports/disk.ts";
import type { Room } from "../system/room.ts";
import { type Findings, note, problem, warning } from "./check_finding.ts";
import type { Subject } from "./check_subject.ts";

/** What a mail folder is tried with. */
export interface FolderSubject extends Pick<Subject, "settings" | "disk"> {
  /** How much room there is where a file or folder is. */
  readonly roomAt: (path: string) => Promise<Room>;
}

/** Writes in the mail folder, made if need be, and leaves nothing behind; and looks for room. */
export async function checkMailFolder(
  { settings: { mailDir }, disk, roomAt }: FolderSubject,
): Promise<Findings> {
  const probe = join(mailDir, ".smtpd-check");
  try {
    const before = await disk.stat(mailDir);
    if (before && !before.folder) throw new Error("a file has this name");
    await disk.makeFolder(mailDir);
    try {
      await write(probe, disk);
      return await checkRoom(mailDir, roomAt);
    } finally {
      await disk.remove(probe);
      if (!before) await disk.remove(mailDir);
    }
  } catch (cause) {
    return problem(
      `--mail-dir: cannot write in "${mailDir}": ${reason(cause)}`,
    );
  }
}

/** Octets written to find out whether there is room: some that no folder has left by chance. */
const PROBE = 64 * 1024;

async function write(
  path: string,
  disk: Pick<Subject["disk"], "create">,
): Promise<void> {
  using file = await disk.create(path);
  await file?.write(new Uint8Array(PROBE));
  await file?.sync();
}

function reason(cause: unknown): string {
  if (isDiskFull(cause)) return "no space is left on its disk; make some";
  return cause instanceof Error ? cause.message : String(cause);
}

/** Octets, and part of all there is, that should be free. */
const ENOUGH = 100_000_000;
const ENOUGH_OF_ALL = 0.01;

async function checkRoom(
  mailDir: string,
  roomAt: FolderSubject["roomAt"],
): Promise<Findings> {
  let room: Room;
  try {
    room = await roomAt(mailDir);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotCapable
      ? "that takes --allow-sys=statfs"
      : reason(cause);
    return note(`How full the disk is can't be seen: ${why}`);
  }
  const { free, total, freeFiles, totalFiles } = room;
  if (free < ENOUGH || free < total * ENOUGH_OF_ALL) {
    const left = Math.floor(free / 1_000_000);
    return warning(
      `The disk of "${mailDir}" is almost full: ${left} MB are left; make room, ` +
        "or mail will be put off",
    );
  }
  if (freeFiles < totalFiles * ENOUGH_OF_ALL) {
    return warning(
      `The disk of "${mailDir}" can hold ${freeFiles} more files, and each mail ` +
        "is one; remove some",
    );
  }
  return [];
}
