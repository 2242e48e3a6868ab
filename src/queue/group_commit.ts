import type { Clock } from "../ports/clock.ts";
import type { Content } from "../ports/content.ts";
import { isDiskFull } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Message, Put, Queue, Settlement } from "./queue.ts";
import { reasonOf } from "./reason.ts";

/** Many messages' way into one transaction: a sync of the disk costs the same for one or fifty. */
export interface GroupCommit {
  /**
   * Resolves when the message is durable, and with it what became of it already and the messages that
   * gave rise to; throws when it isn't in the queue.
   */
  put(message: Message, content: Content, already?: Already): Promise<void>;
  /**
   * Resolves when the news is durable, together with the messages it gives rise to. News in no
   * hurry: it rides on the next message's commit or goes after a short while, and is tried again
   * until it is durable. Throws only when `close()` came first.
   */
  settle(settlement: Settlement, reports?: readonly Put[]): Promise<void>;
  /** Commits what waits without waiting for company; resolves when all of it was tried. */
  flush(): Promise<void>;
  /** Flushes, then gives up what could not be committed. Nothing may be called afterwards. */
  close(): Promise<void>;
}

/** What became of a message before it is put into the queue. */
export interface Already {
  readonly settlement?: Settlement;
  readonly reports: readonly Put[];
}

/** What waits for a commit: messages and news that stand or fall together. */
interface Entry {
  readonly put: readonly Put[];
  readonly settle: readonly Settlement[];
  readonly done: () => void;
  readonly fail: (cause: unknown) => void;
}

/**
 * Makes a group commit in front of a queue. What came while the last commit ran goes into the next,
 * and that one starts when no more messages come: with 50 busy sessions commits of 10 and more.
 */
export function makeGroupCommit(
  { queue, clock, log, turn, patience = 10, crowd = 64, retryAfter = 5000 }: {
    readonly queue: Pick<Queue, "commit">;
    readonly clock: Clock;
    readonly log: Log;
    /** Runs a task after the event loop has looked at what came in, like `setImmediate`. */
    readonly turn: (task: () => void) => void;
    /**
     * Milliseconds that news waits for a message's commit to ride on. What another server has taken is
     * sent again if we die meanwhile, so it is short; a longer wait measured no faster.
     */
    readonly patience?: number;
    /** As much waiting news as starts a commit without a message. */
    readonly crowd?: number;
    /** Milliseconds after which news whose commit failed is tried again. */
    readonly retryAfter?: number;
  },
): GroupCommit {
  let messages: Entry[] = [];
  let news: Entry[] = [];
  /** News whose commit failed: tried one by one, lest what fails for ever fail the rest. */
  let failed: Entry[] = [];
  /** The work at hand, of which there is never more than one. */
  let running: Promise<void> | undefined;
  let cancelPatience: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  let closed = false;

  return {
    put(message, content, { settlement, reports } = NOTHING_YET) {
      return new Promise((done, fail) => {
        messages.push({
          put: [{ message, content }, ...reports],
          settle: settlement ? [settlement] : [],
          done,
          fail,
        });
        start();
      });
    },

    settle(settlement, reports = []) {
      return new Promise((done, fail) => {
        news.push({ put: reports, settle: [settlement], done, fail });
        cancelPatience ??= clock.after(patience, () => {
          cancelPatience = undefined;
          start();
        });
        if (isPressing()) start();
      });
    },

    flush,

    async close() {
      closed = true;
      await flush();
      cancelRetry?.();
      for (const { fail } of failed) fail(new Error("Queue is closed"));
      failed = [];
    },
  };

  function isPressing(): boolean {
    if (messages.length > 0 || news.length >= crowd) return true;
    return news.length > 0 && cancelPatience === undefined;
  }

  function start(): void {
    if (running) return;
    occupy(async () => {
      await gather();
      await commitWaiting();
    });
  }

  async function flush(): Promise<void> {
    while (running) await running;
    await occupy(async () => {
      await commitWaiting();
      await retryFailed();
    });
  }

  async function retry(): Promise<void> {
    cancelRetry = undefined;
    while (running) await running;
    if (!closed) await occupy(retryFailed);
  }

  function occupy(work: () => Promise<void>): Promise<void> {
    running = Promise.resolve().then(work).finally(() => {
      running = undefined;
      if (isPressing()) start();
    });
    return running;
  }

  /** Lets the event loop turn while each turn brings more messages, and not for long. */
  async function gather(): Promise<void> {
    let before = -1;
    for (let turns = 0; turns < LONGEST_GATHERING; turns++) {
      if (messages.length === before) return;
      before = messages.length;
      await new Promise<void>((task) => turn(task));
    }
  }

  async function commitWaiting(): Promise<void> {
    cancelPatience?.();
    cancelPatience = undefined;
    const waitingMessages = messages;
    const waitingNews = news;
    messages = [];
    news = [];
    const cause = await commit([...waitingMessages, ...waitingNews]);
    if (cause === undefined) return;
    for (const { fail } of waitingMessages) fail(cause);
    failed.push(...waitingNews);
    retryLater();
  }

  async function retryFailed(): Promise<void> {
    const entries = failed;
    failed = [];
    let before: string | undefined;
    for (const [index, entry] of entries.entries()) {
      const cause = await commit([entry]);
      const why = cause === undefined ? undefined : reasonOf(cause);
      if (cause !== undefined) failed.push(entry);
      if (isDiskFull(cause) || (why !== undefined && why === before)) {
        // It isn't for what they say. The others' turn comes first the next time.
        failed.unshift(...entries.slice(index + 1));
        break;
      }
      before = why;
    }
    retryLater();
  }

  function retryLater(): void {
    if (failed.length > 0) cancelRetry ??= clock.after(retryAfter, retry);
  }

  /** Commits entries as one; returns what went wrong. */
  async function commit(entries: readonly Entry[]): Promise<unknown> {
    if (entries.length === 0) return undefined;
    const put = entries.flatMap((entry) => entry.put);
    const settle = entries.flatMap((entry) => entry.settle);
    try {
      await queue.commit({ put, settle, now: clock.now() });
    } catch (cause) {
      log.error("commit failed", {
        messages: put.length,
        settlements: settle.length,
        error: reasonOf(cause),
      });
      return cause;
    }
    for (const { done } of entries) done();
    return undefined;
  }
}

const NOTHING_YET: Already = { reports: [] };

/** Turns of the event loop. */
const LONGEST_GATHERING = 8;
