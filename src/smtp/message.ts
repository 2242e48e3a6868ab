/** How a message comes in: chunks and their octets, text and its end. */
import type { Command } from "./command.ts";
import type { TextFault } from "./framer.ts";
import { isPositive, type Reply } from "./reply.ts";
import * as replies from "./replies.ts";
import type { Chunk, Phase, ServerConfig, State, Step } from "./state.ts";
import {
  abandon,
  ask,
  COMMAND,
  misuse,
  say,
  withoutTransaction,
} from "./steps.ts";

/** BDAT as a command. */
export type BdatCommand = Command & { readonly verb: "BDAT" };

/** BDAT that nothing stands against; with the first of a message, the message is opened. */
export function beginChunk(
  state: State,
  command: BdatCommand,
  config: ServerConfig,
): Step {
  if (state.size + command.size > config.maxSize) {
    return refuseChunk(state, command, replies.MESSAGE_TOO_BIG);
  }
  const phase = chunkOf(command);
  return state.chunking ? { state: { ...state, phase } } : ask(
    state,
    { ask: "open", envelope: state.envelope!, via: "BDAT" },
    phase,
  );
}

/** RFC 3030 §2: the octets that were announced follow, even those of a refused chunk. */
export function refuseChunk(
  state: State,
  command: BdatCommand,
  refusal: Reply,
): Step {
  return { state: { ...state, phase: { ...chunkOf(command), refusal } } };
}

function chunkOf(
  { size, last }: BdatCommand,
): Phase & { readonly name: "chunk" } {
  return { name: "chunk", size, left: size, last };
}

/** The answer to `open`: here the message begins, or doesn't. */
export function opened(
  idle: State,
  reply: Reply,
  chunk: Chunk | undefined,
): Step {
  if (chunk !== undefined) {
    return {
      state: isPositive(reply)
        ? { ...idle, chunking: true, phase: { name: "chunk", ...chunk } }
        : { ...idle, phase: { name: "chunk", ...chunk, refusal: reply } },
    };
  }
  return isPositive(reply)
    ? say({ ...idle, phase: { name: "data" } }, reply)
    : say(withoutTransaction(idle), reply);
}

/** So many octets of message came. */
export function octets(
  state: State,
  count: number,
  config: ServerConfig,
): Step {
  const { phase } = state;
  const size = state.size + count;
  if (phase.name === "chunk") {
    return {
      state: { ...state, size, phase: { ...phase, left: phase.left - count } },
    };
  }
  if (phase.name !== "data") throw misuse("take octets", state);
  // RFC 1870 §6.3: the size limit holds for what comes, whatever MAIL said.
  return size > config.maxSize && phase.refusal === undefined
    ? {
      state: {
        ...state,
        size,
        phase: { ...phase, refusal: replies.MESSAGE_TOO_BIG },
      },
    }
    : { state: { ...state, size } };
}

/** The end of text or of a chunk, where refusals that had to wait are said. */
export function ended(state: State, fault: TextFault | undefined): Step {
  const { phase } = state;
  if (phase.name !== "data" && phase.name !== "chunk") {
    throw misuse("end a message", state);
  }
  const refusal = phase.refusal ?? (fault && replies.badText(fault));
  return refusal === undefined && phase.name === "chunk" && !phase.last
    ? say({ ...state, phase: COMMAND }, replies.chunkOk(phase.size))
    : finish(state, refusal);
}

/**
 * A message is complete, or refused. A refused chunk ends its transaction even if it wasn't the last
 * (RFC 3030 §2); that others are on their way behind it is no fault of the client's.
 */
function finish(state: State, refusal: Reply | undefined): Step {
  const { phase, envelope, failed } = state;
  const idle: State = { ...state, phase: COMMAND };
  if (refusal === undefined) {
    return ask(idle, { ask: "commit", envelope: envelope! });
  }
  const next = withoutTransaction(idle);
  const inChunk = phase.name === "chunk" && envelope !== undefined;
  return abandon(state, { ...next, failed: failed || inChunk }, refusal);
}
