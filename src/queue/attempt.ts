import type { Clock } from "../ports/clock.ts";
import type { Content } from "../ports/content.ts";
import type { Log } from "../ports/log.ts";
import type { Deliver, Outcome, Report } from "./delivery.ts";
import type { Held } from "./holdings.ts";
import { logVerdict } from "./log_verdict.ts";
import { noticesOf, withoutNotices } from "./notices.ts";
import type { Put, Queue, Recipient, Settled } from "./queue.ts";
import { reasonOf } from "./reason.ts";
import type { RestingLanes } from "./resting_lanes.ts";
import type { Patience } from "./schedule.ts";
import { completeOutcomes, judge, postpone } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** A delivery to be tried. */
export interface Task {
  readonly lane: string;
  readonly held: Tried;
  readonly recipients: readonly Recipient[];
}

/** What a try has to know of a message. */
export type Tried = Pick<
  Held,
  "message" | "states" | "order" | "content" | "again"
>;

/** What became of a delivery: for one commit, so that nothing is without its report. */
export interface Result {
  readonly recipients: readonly Settled[];
  readonly reports: readonly Put[];
}

/**
 * Makes the function that tries a delivery: from the content to the result, with a log line for
 * each recipient. It never throws, and returns `undefined` when the message has left the queue.
 */
export function makeAttempt(
  { queue, clock, log, deliver, report, patience, restingLanes }: {
    readonly queue: Pick<Queue, "content">;
    readonly clock: Pick<Clock, "now">;
    readonly log: Log;
    readonly deliver: Deliver;
    readonly report: Report;
    readonly patience: Patience;
    readonly restingLanes: Pick<RestingLanes, "of" | "learn">;
  },
): (task: Task) => Promise<Result | undefined> {
  return async (task) => {
    const judged = await judgeTask(task);
    if (judged === undefined) return undefined;
    const { held: { message } } = task;
    const { verdicts, reports } = await tellSender(task, judged);
    for (const verdict of verdicts) {
      logVerdict(log, { message, verdict, now: clock.now() });
    }
    return { recipients: verdicts.map(({ settled }) => settled), reports };
  };

  async function judgeTask(
    task: Task,
  ): Promise<readonly Verdict[] | undefined> {
    const { lane, held, recipients } = task;
    const rest = restingLanes.of(lane);
    if (rest && held.order !== "bounce") {
      const now = clock.now();
      return recipients.map((recipient) =>
        postpone(held, recipient, { ...rest, now, patience })
      );
    }
    const outcomes = held.order === "bounce"
      ? recipients.map(bouncedOutcome)
      : await tryDelivery(task);
    const now = clock.now();
    return outcomes?.map((outcome) => judge(held, outcome, { now, patience }));
  }

  async function tryDelivery(
    task: Task,
  ): Promise<readonly Outcome[] | undefined> {
    const { held, recipients } = task;
    try {
      const content = await contentOf(held);
      return content && await tryWith(content, task);
    } catch (cause) {
      const error = reasonOf(cause);
      log.error("queued message unreadable", { id: held.message.id, error });
      return recipients.map(({ number }) => unreadable(number, error));
    }
  }

  /** Never throws. */
  async function tryWith(
    content: Content,
    { lane, held, recipients }: Task,
  ): Promise<readonly Outcome[]> {
    const { message, states } = held;
    const again = held.again ||
      recipients.some(({ number }) => states[number]?.attempts !== 0);
    const delivery = { lane, message, content, recipients, again };
    try {
      const outcomes = await deliver(delivery);
      restingLanes.learn(lane, outcomes);
      return completeOutcomes(recipients, outcomes);
    } catch (cause) {
      log.error("delivery broke off", {
        id: message.id,
        lane,
        error: reasonOf(cause),
      });
      return completeOutcomes(recipients, []);
    }
  }

  /** Has the sender told what is new; what can't be told now is put off as far as it can be. */
  async function tellSender(
    { held }: Task,
    verdicts: readonly Verdict[],
  ): Promise<
    { readonly verdicts: readonly Verdict[]; readonly reports: readonly Put[] }
  > {
    const { message } = held;
    const now = clock.now();
    const notices = noticesOf(held, verdicts, { now, patience });
    if (notices.length === 0) return { verdicts, reports: [] };
    const content = () => contentOf(held).catch(() => undefined);
    try {
      const reports = await report({ message, content, notices });
      return { verdicts, reports };
    } catch (cause) {
      log.error("report not written", {
        id: message.id,
        error: reasonOf(cause),
      });
      const tried = held.order !== "bounce";
      const later = withoutNotices(verdicts, now + PAUSE, { tried });
      return { verdicts: later, reports: [] };
    }
  }

  async function contentOf(
    { content, message }: Tried,
  ): Promise<Content | undefined> {
    return content ?? await queue.content(message.id);
  }
}

/** What becomes of a recipient when the postmaster has its message bounced. */
function bouncedOutcome({ number }: Recipient): Outcome {
  return {
    recipient: number,
    status: "failed",
    reply: "550 5.7.0 Bounced by the postmaster",
    host: "local",
  };
}

/** What becomes of a recipient while the queue can't give out the message. */
function unreadable(recipient: number, why: string): Outcome {
  return {
    recipient,
    status: "deferred",
    reply: `451 4.3.0 ${why}`,
    host: "local",
  };
}

/** Milliseconds after which a failure that couldn't be reported is tried again. */
const PAUSE = 5 * 60_000;
