import { join } from "node:path";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { reasonOf } from "./reason.ts";

/**
 * Removes the file of a message that has left the queue. Never throws: a file that stays is litter,
 * not a loss, and the next start removes it.
 */
export async function removeSpoolFile(
  id: string,
  { spool, disk, log }: {
    readonly spool: string;
    readonly disk: Pick<Disk, "remove">;
    readonly log: Log;
  },
): Promise<void> {
  const path = join(spool, id);
  try {
    await disk.remove(path);
  } catch (cause) {
    log.warn("spool file not removed", { path, error: reasonOf(cause) });
  }
}
