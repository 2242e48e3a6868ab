import type { Disk } from "../../ports/disk.ts";
import { shareRuns } from "../../ports/shared_run.ts";
import type { Queue } from "../queue.ts";
import { queueError } from "./error.ts";

/**
 * A queue whose commits succeed only while its files are where they were opened. What is open can be
 * written to after it was moved or removed, but the next start would never find it.
 *
 * They are looked for before a commit, lest it be made in vain, and after it, so that none counts that
 * was made while they went. Windows, which can't tell files apart, doesn't let them be moved.
 */
export async function whileInPlace(
  queue: Queue,
  files: readonly string[],
  disk: Pick<Disk, "stat">,
): Promise<Queue> {
  const identity = async (path: string) => (await disk.stat(path))?.identity;
  const opened = new Map<string, string>();
  for (const path of files) {
    const found = await identity(path);
    if (found !== undefined) opened.set(path, found);
  }
  if (opened.size === 0) return queue;
  const look = shareRuns(lookAtAll);
  return {
    ...queue,
    inPlace: look,
    async commit(batch) {
      await look();
      await queue.commit(batch);
      await look();
    },
  };

  async function lookAtAll(): Promise<void> {
    await Promise.all(Array.from(opened, async ([path, before]) => {
      if (await identity(path) === before) return;
      const why = `"${path}" was moved or removed: put it back, or restart`;
      throw queueError("commit", new Error(why));
    }));
  }
}
