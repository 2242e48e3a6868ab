import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { makeAttempt, Result } from "./attempt.ts";
import type { GroupCommit } from "./group_commit.ts";
import type { Put, Queue } from "./queue.ts";
import { reasonOf } from "./reason.ts";
import { freshStates } from "./state.ts";

/** Delivers a message to a lane before anybody is told that it was taken on. */
export type FirstTry = (put: Put, lane: string) => Promise<void>;

/** What first tries are made with. */
export interface FirstTryOptions {
  readonly queue: Pick<Queue, "inPlace" | "release">;
  readonly commits: Pick<GroupCommit, "put">;
  readonly attempt: ReturnType<typeof makeAttempt>;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Has somebody look for messages that are due. */
  readonly kick: () => void;
}

/**
 * Makes the function that takes a message on by delivering it. One that every recipient has, durable,
 * never enters the queue: written once instead of twice, it is in its mailbox when its sender hears
 * `250`. Of any other the queue gets all that is left to be done, in one commit: who has no copy yet, and
 * the reports.
 *
 * The function resolves when the message is ours, and throws when it isn't; then some may have a copy
 * all the same, as when a crash comes before the answer (RFC 1047).
 */
export function makeFirstTry(
  { queue, commits, attempt, clock, log, kick }: FirstTryOptions,
): FirstTry {
  return async (put, lane) => {
    const { message, content } = put;
    const held = {
      message,
      content,
      states: freshStates(message),
      order: undefined,
      again: false,
    };
    const { recipients } = message;
    // Where the queue isn't, the folders aren't that mail is looked for in: a disk may be gone.
    await queue.inPlace();
    const result = await attempt({ lane, held, recipients });
    if (result && leavesNothing(result)) return;
    const reports = result?.reports ?? [];
    await commits.put(message, content, {
      ...result && {
        settlement: {
          id: message.id,
          at: clock.now(),
          recipients: result.recipients,
        },
      },
      reports,
    });
    // It is ours by now: whatever fails must not become a refusal.
    await release([put, ...reports]);
    kick();
  };

  async function release(puts: readonly Put[]): Promise<void> {
    const ids = puts.map(({ message }) => message.id);
    try {
      await queue.release(ids);
    } catch (cause) {
      // Until the leases end by themselves.
      log.error("lease not released", {
        id: ids.join(","),
        error: reasonOf(cause),
      });
    }
  }
}

/** Whether everybody has a copy, and nobody is to be told. */
function leavesNothing({ recipients, reports }: Result): boolean {
  return reports.length === 0 &&
    recipients.every(({ status }) => status === "delivered");
}
