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
  switch (settled.status) {
    case "postponed":
      return {
        ...state,
        nextAttempt: settled.until,
        lastReply: settled.reply ?? state.lastReply,
        lastHost: settled.host ?? state.lastHost,
        ...warnedMark(settled),
      };
    case "deferred":
      return {
        ...tried(state, settled, at),
        nextAttempt: settled.until,
        ...warnedMark(settled),
      };
    case "delivered":
    case "failed":
      return { ...tried(state, settled, at), status: settled.status };
    default:
      return settled satisfies never;
  }
}

function tried(
  state: RecipientState,
  { reply, host }: Exclude<Settled, { readonly status: "postponed" }>,
  at: number,
): RecipientState {
  return {
    ...state,
    attempts: state.attempts + 1,
    lastAttempt: at,
    lastReply: reply,
    lastHost: host,
  };
}

/** Once warned is warned for ever. */
function warnedMark(
  { warned }: { readonly warned?: true },
): { readonly warned?: true } {
  return warned ? { warned } : {};
}
