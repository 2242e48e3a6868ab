import { formatId, parseId } from "../id.ts";
import { ATTEMPTS_KEPT } from "../queue.ts";
import type {
  Attempt,
  Message,
  Queued,
  RecipientState,
  StandingOrder,
} from "../queue.ts";
import {
  decodeAttempt,
  decodeEnvelope,
  decodeOrder,
  decodeStates,
  encodeEnvelope,
  encodeStates,
} from "./encoding.ts";
import { NEVER } from "./schema.ts";
import { seal, unseal } from "./seal.ts";
import type { Statements } from "./statements.ts";
import { nextDueOf } from "../state.ts";

/** The key of a message's rows. Throws a TypeError when `id` isn't a queue ID. */
export function rowId(id: string): number {
  const row = parseId(id);
  if (row === undefined) throw new TypeError(`Not a queue ID: "${id}"`);
  return row;
}

/** A message as its row has it: its envelope, with the checksum of a content that is in the row too. */
export function sealEnvelope(message: Message, sum: string = NO_SUM): string {
  return seal(`${sum} ${encodeEnvelope(message)}`, rowId(message.id));
}

/**
 * The message behind {@linkcode sealEnvelope}, and what the checksum of its content has to be if one
 * was kept. Throws a SyntaxError when it is damaged.
 */
export function readEnvelope(
  { envelope }: { readonly envelope?: unknown },
  id: number,
): { readonly message: Message; readonly sum: string | undefined } {
  const text = unseal(String(envelope), id);
  const start = text.indexOf("{");
  const sum = text.slice(0, Math.max(0, start - 1));
  return {
    message: decodeEnvelope(formatId(id), text.slice(start)),
    sum: sum === "" || sum === NO_SUM ? undefined : sum,
  };
}

/** In place of a checksum where the content is in a file. */
const NO_SUM = "-";

/** How the recipients in a row fare. Throws a SyntaxError when that is damaged. */
export function readStates(
  { states }: { readonly states?: unknown },
  id: number,
): readonly RecipientState[] {
  return decodeStates(unseal(String(states), id));
}

/** A message; `undefined` when it isn't there. Throws a SyntaxError when it is damaged. */
export function readMessage(sql: Statements, id: number): Queued | undefined {
  const row = sql.row.get(id);
  if (row === undefined) return undefined;
  const { message } = readEnvelope(row, id);
  const states = readStates(row, id);
  const order = decodeOrder(row.word, row.due);
  if (states.length !== message.recipients.length) {
    throw new SyntaxError("State of recipients is damaged");
  }
  return { message, states, ...(order && { order }) };
}

/**
 * At most `limit` messages with IDs above `after`; none at the end only. Those that `read` knows
 * nothing of are passed over.
 */
export function listMessages<Entry>(
  sql: Statements,
  { after, limit }: { readonly after: string; readonly limit: number },
  read: (id: number) => Entry | undefined,
): readonly Entry[] {
  for (let from = after === "" ? -1 : rowId(after);;) {
    const ids = sql.list.all(from, limit).map(({ id }) => Number(id));
    const found = ids.map(read).filter((entry) => entry !== undefined);
    const last = ids.at(-1);
    if (found.length > 0 || last === undefined) return found;
    from = last;
  }
}

/** Writes how a message that stays in the queue fares; a recipient of it waits. */
export function writeStates(
  sql: Statements,
  id: number,
  { states, order }: {
    readonly states: readonly RecipientState[];
    readonly order: StandingOrder | undefined;
  },
): void {
  const due = order === "hold" ? NEVER : nextDueOf(states) ?? NEVER;
  sql.update.run(due, seal(encodeStates(states), id), id);
}

/** The tries of a message that are remembered, from first to last. */
export function readAttempts(
  sql: Statements,
  id: number,
): readonly Attempt[] {
  return sql.attempts.all(id).map(decodeAttempt);
}

/** Remembers tries of a message, and forgets those that were too long ago. */
export function writeAttempts(
  sql: Statements,
  id: number,
  attempts: readonly Attempt[],
): void {
  for (const attempt of attempts) {
    const { recipient, number, at, status, reply, host, address, session } =
      attempt;
    sql.remember.run(
      ...[id, recipient, number, at, status],
      ...[reply, host, address, session],
    );
    if (number > ATTEMPTS_KEPT) {
      sql.forgetOld.run(id, recipient, number - ATTEMPTS_KEPT);
    }
  }
}

/** Removes a message and what is kept of it: as a rule, known to who has read it, nothing more. */
export function removeMessage(
  sql: Statements,
  id: number,
  { tried = true, ordered = true }: {
    /** Whether a recipient of it may have been tried before. */
    readonly tried?: boolean;
    /** Whether an order about it may be in force. */
    readonly ordered?: boolean;
  } = {},
): void {
  sql.remove.run(id);
  if (tried) sql.forget.run(id);
  if (ordered) sql.countermand.run(id);
}
