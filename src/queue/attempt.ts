import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Deliver, Outcome, Undeliverable } from "./delivery.ts";
import type { Held } from "./holdings.ts";
import { logVerdict } from "./log_verdict.ts";
import type { Put, Queue, Recipient, Settled } from "./queue.ts";
import { reasonOf } from "./reason.ts";
import type { Patience } from "./schedule.ts";
import {
  completeOutcomes,
  failuresOf,
  judge,
  putOffFailures,
} from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** A delivery to be tried. */
export interface Task {
  readonly lane: string;
  readonly held: Held;
  readonly recipients: readonly Recipient[];
}

/** What became of a delivery: for one commit, so that no failure is without its report. */
export interface News {
  readonly recipients: readonly Settled[];
  readonly reports: readonly Put[];
}

/**
 * Makes the function that tries a delivery: from the content to the news, with a log line for each
 * recipient. It never throws, and returns `undefined` when the message has left the queue.
 */
export function makeAttempt(
  { queue, clock, log, deliver, undeliverable, patience }: {
    readonly queue: Pick<Queue, "content">;
    readonly clock: Pick<Clock, "now">;
    readonly log: Log;
    readonly deliver: Deliver;
    readonly undeliverable: Undeliverable;
    readonly patience: Patience;
  },
): (task: Task) => Promise<News | undefined> {
  return async (task) => {
    const outcomes = await tryDelivery(task);
    if (outcomes === undefined) return undefined;
    const { held } = task;
    const now = clock.now();
    const judged = outcomes.map((outcome) =>
      judge(held, outcome, { now, patience })
    );
    const { verdicts, reports } = await reportFailures(held, judged);
    for (const verdict of verdicts) {
      logVerdict(log, { message: held.message, verdict, now });
    }
    return { recipients: verdicts.map(({ settled }) => settled), reports };
  };

  async function tryDelivery(
    { lane, held, recipients }: Task,
  ): Promise<readonly Outcome[] | undefined> {
    const { message, states } = held;
    try {
      const content = held.content ?? await queue.content(message.id);
      if (content === undefined) return undefined;
      const again = held.again ||
        recipients.some(({ number }) => states[number]?.attempts !== 0);
      const delivery = { lane, message, content, recipients, again };
      return completeOutcomes(recipients, await deliver(delivery));
    } catch (cause) {
      log.error("delivery broke off", {
        id: message.id,
        lane,
        error: reasonOf(cause),
      });
      return completeOutcomes(recipients, []);
    }
  }

  /** Has failures reported; those that can't be reported now are put off. */
  async function reportFailures(
    { message }: Held,
    verdicts: readonly Verdict[],
  ): Promise<
    { readonly verdicts: readonly Verdict[]; readonly reports: readonly Put[] }
  > {
    const failures = failuresOf(verdicts);
    if (failures.length === 0) return { verdicts, reports: [] };
    try {
      return { verdicts, reports: await undeliverable(message, failures) };
    } catch (cause) {
      log.error("report not written", {
        id: message.id,
        error: reasonOf(cause),
      });
      const until = clock.now() + PAUSE_OF_REPORT;
      return { verdicts: putOffFailures(verdicts, until), reports: [] };
    }
  }
}

/** Milliseconds after which a failure that couldn't be reported is tried again. */
const PAUSE_OF_REPORT = 5 * 60_000;
