/**
 * Lets many callers share the runs of one task. A run that starts after a call does for that call,
 * so at any time one run is under way and at most one more waits, however many have called.
 * What a run returns or throws, all who share it get.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shareRuns } from "./shared_run.ts";
 *
 * let runs = 0;
 * const run = shareRuns(() => Promise.resolve(++runs));
 * assertEquals(await Promise.all([run(), run(), run()]), [1, 1, 1]);
 * ```
 */
export function shareRuns<Result>(
  task: () => Promise<Result>,
): () => Promise<Result> {
  let running: Promise<unknown> | undefined;
  let waiting: Promise<Result> | undefined;

  async function runNext(): Promise<Result> {
    await running?.catch(() => {}); // Its own callers hear of that failure.
    running = waiting;
    waiting = undefined;
    return await task();
  }

  return () => waiting ??= runNext();
}
