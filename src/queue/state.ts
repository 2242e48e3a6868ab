import type { Message, RecipientState, Settled, Settlement } from "./queue.ts";

/** The states of a message that was just put: every recipient waits and is due at once. */
export function freshStates(message: Message): readonly RecipientState[] {
  return message.recipients.map(() => ({
    status: "waiting",
    attempts: 0,
    nextAttempt: message.receivedAt,
    lastAttempt: null,
    lastReply: "",
    lastHost: "",
  }));
}

/**
 * The states after news. A recipient that was delivered or failed stays so, whatever comes late.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { settleStates } from "./state.ts";
 *
 * const [state] = settleStates([{
 *   status: "waiting",
 *   attempts: 0,
 *   nextAttempt: 5,
 *   lastAttempt: null,
 *   lastReply: "",
 *   lastHost: "",
 * }], {
 *   id: "00000000100",
 *   at: 7,
 *   recipients: [{ status: "delivered", recipient: 0, reply: "250 2.0.0 Ok", host: "local" }],
 * });
 * assertEquals(state?.status, "delivered");
 * assertEquals(state?.lastAttempt, 7);
 * ```
 */
export function settleStates(
  states: readonly RecipientState[],
  { at, recipients }: Settlement,
): readonly RecipientState[] {
  const after = [...states];
  for (const settled of recipients) {
    const state = after[settled.recipient];
    if (state?.status === "waiting") {
      after[settled.recipient] = settleState(state, settled, at);
    }
  }
  return after;
}

/**
 * When a message is due next: when the first of its waiting recipients is; `undefined` when none
 * waits and the message may go.
 */
export function nextDueOf(
  states: readonly RecipientState[],
): number | undefined {
  let next: number | undefined;
  for (const { status, nextAttempt } of states) {
    if (status !== "waiting") continue;
    if (next === undefined || nextAttempt < next) next = nextAttempt;
  }
  return next;
}

function settleState(
  state: RecipientState,
  settled: Settled,
  at: number,
): RecipientState {
  if (settled.status === "postponed") {
    return { ...state, nextAttempt: settled.until };
  }
  const tried = {
    attempts: state.attempts + 1,
    lastAttempt: at,
    lastReply: settled.reply,
    lastHost: settled.host,
  };
  return settled.status === "deferred"
    ? { ...tried, status: "waiting", nextAttempt: settled.until }
    : { ...tried, status: settled.status, nextAttempt: state.nextAttempt };
}
