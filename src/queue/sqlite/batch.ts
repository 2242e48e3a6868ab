import { attemptsIn } from "../history.ts";
import { underOrder } from "../order.ts";
import type { Batch, Put, Settlement } from "../queue.ts";
import { decodeOrder, encodeStates } from "./encoding.ts";
import {
  readStates,
  removeMessage,
  rowId,
  sealEnvelope,
  writeAttempts,
  writeStates,
} from "./rows.ts";
import { checksum, seal } from "./seal.ts";
import type { Statements } from "./statements.ts";
import { freshStates, nextDueOf, settleStates } from "../state.ts";

/** What a batch left behind. */
export interface Leavings {
  /** Messages that aren't in the queue any more. */
  readonly gone: readonly number[];
  /** Those among them that had a file in the spool. */
  readonly spooled: readonly number[];
}

/** Puts and settles, inside a transaction. */
export function applyBatch(
  sql: Statements,
  { put, settle }: Pick<Batch, "put" | "settle">,
): Leavings {
  const gone: number[] = [];
  const spooled: number[] = [];
  for (const item of put) insert(sql, item);
  for (const settlement of settle) {
    const id = rowId(settlement.id);
    const left = applySettlement(sql, id, settlement);
    if (left === "waits") continue;
    gone.push(id);
    if (left === "gone, spooled") spooled.push(id);
  }
  return { gone, spooled };
}

function insert(sql: Statements, { message, content }: Put): void {
  if (content.kind === "bytes" && content.bytes.length !== message.size) {
    throw new TypeError(
      `Cannot put message ${message.id}: content is ${content.bytes.length} octets, not ${message.size}`,
    );
  }
  const id = rowId(message.id);
  const bytes = content.kind === "bytes" ? content.bytes : null;
  sql.insert.run(
    id,
    message.receivedAt,
    sealEnvelope(message, bytes ? checksum(bytes) : undefined),
    seal(encodeStates(freshStates(message)), id),
    bytes,
  );
}

function applySettlement(
  sql: Statements,
  id: number,
  settlement: Settlement,
): "waits" | "gone" | "gone, spooled" {
  const row = sql.states.get(id);
  if (row === undefined) return "gone";
  const before = readStates(row, id);
  const order = decodeOrder(row.word, row.due);
  const states = settleStates(before, underOrder(settlement, order));
  if (nextDueOf(states) === undefined) {
    const tried = before.some(({ attempts }) => attempts > 0);
    removeMessage(sql, id, { tried, ordered: order !== undefined });
    return row.spooled === 1 ? "gone, spooled" : "gone";
  }
  writeStates(sql, id, { states, order });
  writeAttempts(sql, id, attemptsIn(settlement, before));
  return "waits";
}
