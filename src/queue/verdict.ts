import type { Outcome } from "./delivery.ts";
import type {
  Message,
  Queued,
  Recipient,
  RecipientState,
  Settled,
} from "./queue.ts";
import type { Rest } from "./resting_lanes.ts";
import { schedule } from "./schedule.ts";
import type { Patience } from "./schedule.ts";

/** What follows for one recipient from a try, or from the rest that its lane takes. */
export interface Verdict {
  readonly recipient: Recipient;
  /** The news for the queue. */
  readonly settled: Settled;
  /** Tries that ended, this one included. */
  readonly attempts: number;
  /** Whether it failed for now only, once too often. */
  readonly gaveUp: boolean;
  /** Of one delivered to another server: whether that reports what becomes of it. */
  readonly relayed?: Outcome["relayed"];
}

/** What a verdict depends on beside the recipient. */
export interface Circumstances {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly patience: Patience;
}

/**
 * Exactly one outcome for each recipient, in their order: the first given, or deferred where none
 * was. Outcomes for others are passed over.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { completeOutcomes } from "./verdict.ts";
 *
 * const mailbox = { local: "petya", domain: "test.ru" };
 * const recipients = [{ number: 3, address: mailbox, original: mailbox }];
 * const [outcome] = completeOutcomes(recipients, []);
 * assertEquals(outcome?.status, "deferred");
 * ```
 */
export function completeOutcomes(
  recipients: readonly Recipient[],
  outcomes: readonly Outcome[],
): readonly Outcome[] {
  return recipients.map(({ number }) =>
    outcomes.find(({ recipient }) => recipient === number) ?? {
      recipient: number,
      status: "deferred",
      reply: "451 4.3.0 Delivery broke off",
      host: "local",
    }
  );
}

/** What follows from an outcome, given how the recipient fared before. */
export function judge(
  queued: Queued,
  { status, relayed, scope: _, ...tried }: Outcome,
  circumstances: Circumstances,
): Verdict {
  const { message } = queued;
  const { now, patience } = circumstances;
  const { recipient, state } = entryOf(queued, tried.recipient);
  const attempts = state.attempts + 1;
  if (status !== "deferred") {
    const settled = { ...tried, status };
    return { recipient, settled, attempts, gaveUp: false, relayed };
  }
  const { receivedAt } = message;
  const then = schedule({ attempts, receivedAt, now }, patience);
  if (then === "give up") {
    const settled = { ...tried, status: "failed" } as const;
    return { recipient, settled, attempts, gaveUp: true };
  }
  const until = attempts === 1 && isGreylisting(tried.reply)
    ? Math.min(then.next, now + GREYLISTING)
    : then.next;
  const settled = {
    ...tried,
    status,
    ...waiting(message, state, { ...circumstances, until }),
  };
  return { recipient, settled, attempts, gaveUp: false };
}

/** What follows for a recipient that isn't tried since its lane rests. */
export function postpone(
  queued: Queued,
  { number }: Recipient,
  { reply, host, until, now, patience }: Rest & Circumstances,
): Verdict {
  const { message } = queued;
  const { recipient, state } = entryOf(queued, number);
  const said = { recipient: number, reply, host };
  if (now >= message.receivedAt + patience.giveUp) {
    return {
      recipient,
      settled: { ...said, status: "failed" },
      attempts: state.attempts + 1,
      gaveUp: true,
    };
  }
  return {
    recipient,
    settled: {
      ...said,
      status: "postponed",
      ...waiting(message, state, { until, now, patience }),
    },
    attempts: state.attempts,
    gaveUp: false,
  };
}

function entryOf(
  { message, states }: Queued,
  number: number,
): { readonly recipient: Recipient; readonly state: RecipientState } {
  const recipient = message.recipients[number];
  const state = states[number];
  if (recipient === undefined || state === undefined) {
    throw new RangeError(
      `Cannot judge outcome: message ${message.id} has no recipient ${number}`,
    );
  }
  return { recipient, state };
}

/** How long one waits that would be tried at `until`: less if its sender must be told before. */
function waiting(
  { receivedAt }: Message,
  { warned }: RecipientState,
  { until, now, patience }: Circumstances & { readonly until: number },
): { readonly until: number; readonly warned?: true } {
  const inTime = Math.min(until, receivedAt + patience.giveUp);
  const warnAt = receivedAt + patience.warnAfter;
  if (warned) return { until: inTime };
  return now < warnAt
    ? { until: Math.min(inTime, warnAt) }
    : { until: inTime, warned: true };
}

/** Whether a server that doesn't know us asks us to come back (RFC 6647 §2.1, RFC 5248 §2.4). */
function isGreylisting(reply: string): boolean {
  return /^4\d\d[ -](?:4\.7\.1\b|.*\bgr[ae]y-?list)/is.test(reply);
}

/** Milliseconds after which greylisting lets mail in nearly everywhere (RFC 6647 §4.1). */
const GREYLISTING = 5 * 60_000;
