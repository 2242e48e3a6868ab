import type { Notice } from "./delivery.ts";
import type { Queued } from "./queue.ts";
import type { Patience } from "./schedule.ts";
import type { Verdict } from "./verdict.ts";

/** What the sender may want to hear of verdicts: a notice for each that has something new. */
export function noticesOf(
  { message, states }: Queued,
  verdicts: readonly Verdict[],
  { now, patience }: { readonly now: number; readonly patience: Patience },
): readonly Notice[] {
  const retryUntil = message.receivedAt + patience.giveUp;
  return verdicts.flatMap((verdict) => {
    const action = actionOf(verdict);
    if (action === undefined) return [];
    const { recipient, settled, gaveUp } = verdict;
    const lastAttempt = settled.status === "postponed"
      ? states[recipient.number]?.lastAttempt ?? null
      : now;
    const { reply = "", host = "" } = settled;
    return { recipient, action, reply, host, lastAttempt, gaveUp, retryUntil };
  });
}

function actionOf({ settled, relayed }: Verdict): Notice["action"] | undefined {
  switch (settled.status) {
    case "failed":
      return "failed";
    case "deferred":
    case "postponed":
      return settled.warned && "delayed";
    case "delivered":
      if (relayed === undefined) return "delivered";
      // RFC 3461 §5.2.2: a server that offers DSN reports by itself.
      return relayed === "no dsn" ? "relayed" : undefined;
    default:
      return settled satisfies never;
  }
}

/**
 * Verdicts for when their sender can't be told now: failures are tried once more at `until`, and
 * delays are told the next time. What was delivered stays so, for twice is worse than unreported.
 */
export function withoutNotices(
  verdicts: readonly Verdict[],
  until: number,
  { tried = true }: {
    /** Whether a failure came of a try, and not of an order. */
    readonly tried?: boolean;
  } = {},
): readonly Verdict[] {
  return verdicts.map((verdict) => {
    const { settled } = verdict;
    switch (settled.status) {
      case "failed":
        return {
          ...verdict,
          settled: {
            ...settled,
            status: tried ? "deferred" : "postponed",
            until,
          },
          gaveUp: false,
        };
      case "deferred":
      case "postponed": {
        const { warned: _, ...unwarned } = settled;
        return { ...verdict, settled: unwarned };
      }
      case "delivered":
        return verdict;
      default:
        return settled satisfies never;
    }
  });
}
