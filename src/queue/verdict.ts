import type { Failure, Outcome } from "./delivery.ts";
import type { Message, Recipient, RecipientState, Settled } from "./queue.ts";
import { schedule } from "./schedule.ts";
import type { Patience } from "./schedule.ts";

/** What follows from one recipient's try. */
export interface Verdict {
  readonly recipient: Recipient;
  /** The news for the queue. */
  readonly settled: Exclude<Settled, { readonly status: "postponed" }>;
  /** Tries that ended, this one included. */
  readonly attempts: number;
  /** Whether it failed for now only, once too often. */
  readonly gaveUp: boolean;
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
  { message, states }: {
    readonly message: Message;
    readonly states: readonly RecipientState[];
  },
  { recipient: number, status, reply, host }: Outcome,
  { now, patience }: { readonly now: number; readonly patience: Patience },
): Verdict {
  const recipient = message.recipients[number];
  const state = states[number];
  if (recipient === undefined || state === undefined) {
    throw new RangeError(
      `Cannot judge outcome: message ${message.id} has no recipient ${number}`,
    );
  }
  const attempts = state.attempts + 1;
  const said = { recipient: number, reply, host };
  if (status !== "deferred") {
    const settled = { ...said, status };
    return { recipient, attempts, settled, gaveUp: false };
  }
  const { receivedAt } = message;
  const then = schedule({ attempts, receivedAt, now }, patience);
  return then === "give up"
    ? {
      recipient,
      attempts,
      settled: { ...said, status: "failed" },
      gaveUp: true,
    }
    : {
      recipient,
      attempts,
      settled: { ...said, status: "deferred", until: then.next },
      gaveUp: false,
    };
}

/** The failures among verdicts, to be reported. */
export function failuresOf(verdicts: readonly Verdict[]): readonly Failure[] {
  return verdicts
    .filter(({ settled }) => settled.status === "failed")
    .map(({ recipient, attempts, gaveUp, settled: { reply, host } }) => ({
      recipient,
      reply,
      host,
      attempts,
      gaveUp,
    }));
}

/** Verdicts with each failure put off until `until`, for when it can't be reported now. */
export function putOffFailures(
  verdicts: readonly Verdict[],
  until: number,
): readonly Verdict[] {
  return verdicts.map((verdict) =>
    verdict.settled.status === "failed"
      ? {
        ...verdict,
        settled: { ...verdict.settled, status: "deferred", until },
        gaveUp: false,
      }
      : verdict
  );
}
