/** What steps of the machine are made of. */
import type { Verb } from "./command.ts";
import type { Reply } from "./reply.ts";
import type { Chunk, Phase, Question, State, Step } from "./state.ts";

/** Waiting for a command. */
export const COMMAND: Phase = { name: "command" };

/** Replies, and goes on in `state`. */
export function say(state: State, reply: Reply): Step {
  return { state, reply };
}

/** Refuses a command, and remembers what it means for the lines that follow. */
export function refuse(
  state: State,
  verb: Verb | undefined,
  reply: Reply,
): Step {
  switch (verb) {
    case "MAIL":
      // A transaction that goes on all the same is not the one that failed; out of order, none did.
      return say({
        ...state,
        failed: state.envelope === undefined && reply.code !== 503,
      }, reply);
    case "AUTH":
      return say({ ...state, authRefused: true }, reply);
    default:
      return say(state, reply);
  }
}

/** Asks, and waits for the answer; a BDAT whose message is being opened waits with it. */
export function ask(state: State, question: Question, chunk?: Chunk): Step {
  return {
    state: {
      ...state,
      phase: { name: "asking", question, ...(chunk && { chunk }) },
    },
  };
}

/** Goes on in another state; a message that was begun is dropped. */
export function abandon(before: State, after: State, reply: Reply): Step {
  return {
    state: after,
    reply,
    ...(isReceiving(before) && { discard: true }),
  };
}

/** Says a last word, where one would be heard. */
export function closing(state: State, reply: Reply): Step {
  return state.phase.name === "handshake"
    ? { state: closed(state) }
    : abandon(state, closed(state), reply);
}

/** The same session, over. */
export function closed(state: State): State {
  return { ...withoutTransaction(state), phase: { name: "closed" } };
}

/** The same session with no transaction. */
export function withoutTransaction({ envelope: _, ...state }: State): State {
  return { ...state, failed: false, chunking: false, size: 0 };
}

/** The error of a caller that lets happen what can't happen now. */
export function misuse(action: string, { phase }: State): TypeError {
  return new TypeError(
    `Cannot ${action}: the session is in phase "${phase.name}"`,
  );
}

/**
 * Whether part of a message is out that nobody has answered for yet. Once `commit` was asked, what
 * becomes of the message is for the world to see to.
 */
function isReceiving({ phase, chunking }: State): boolean {
  return phase.name !== "asking" && (chunking || phase.name === "data");
}
