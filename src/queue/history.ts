import { REPLY_KEPT } from "./queue.ts";
import type { Attempt, RecipientState, Settlement } from "./queue.ts";

/**
 * The tries that news tells of, given how the recipients fared before it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { attemptsIn } from "./history.ts";
 *
 * const [attempt] = attemptsIn({
 *   id: "00000000100",
 *   at: 7,
 *   recipients: [{ status: "failed", recipient: 0, reply: "550 5.1.1 Nobody", host: "mx.test.ru" }],
 * }, [{
 *   status: "waiting",
 *   attempts: 2,
 *   nextAttempt: 5,
 *   lastAttempt: 3,
 *   lastReply: "451 4.2.1 Later",
 *   lastHost: "mx.test.ru",
 * }]);
 * assertEquals(attempt?.number, 3);
 * assertEquals(attempt?.reply, "550 5.1.1 Nobody");
 * ```
 */
export function attemptsIn(
  { at, recipients }: Settlement,
  before: readonly RecipientState[],
): readonly Attempt[] {
  return recipients.flatMap((settled) => {
    const { recipient, status } = settled;
    const state = before[recipient];
    if (status === "postponed" || state?.status !== "waiting") return [];
    const { reply, host, address = "", session = "" } = settled;
    const number = state.attempts + 1;
    return {
      recipient,
      number,
      at,
      status,
      reply: reply.slice(0, REPLY_KEPT),
      host,
      address,
      session,
    };
  });
}
