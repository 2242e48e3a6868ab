import { rule } from "../order.ts";
import type { Order } from "../order.ts";
import type { Obeyed } from "../oversight.ts";
import type { Queued } from "../queue.ts";
import { reasonOf } from "../reason.ts";
import { readMessage, removeMessage, writeStates } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** Changes the message `id` as ordered, inside a transaction, and leaves word of it. */
export function applyOrder(
  sql: Statements,
  { order, id, now }: {
    readonly order: Order;
    readonly id: number;
    readonly now: number;
  },
): Obeyed {
  const before = readWhole(sql, id);
  if (before === undefined) return { kind: "unknown" };
  if (order === "remove") {
    removeMessage(sql, id);
    sql.touch.run(id);
    return { kind: "done", before: "damage" in before ? undefined : before };
  }
  if ("damage" in before) return { kind: "refused", why: before.damage };

  const ruling = rule(before, order, now);
  if (ruling.kind === "refused") return ruling;
  const { states, order: standing } = ruling.queued;
  if (standing) sql.order.run(id, standing);
  else sql.countermand.run(id);
  writeStates(sql, id, { states, order: standing });
  sql.touch.run(id);
  return { kind: "done", before };
}

/** A message, or what is wrong with its row; `undefined` when there is none. */
function readWhole(
  sql: Statements,
  id: number,
): Queued | { readonly damage: string } | undefined {
  try {
    return readMessage(sql, id);
  } catch (cause) {
    return { damage: `it is damaged: ${reasonOf(cause)}` };
  }
}
