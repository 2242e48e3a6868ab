import type {
  Queued,
  RecipientState,
  Settlement,
  StandingOrder,
} from "./queue.ts";

/**
 * What a postmaster may order about a message: `retry` makes it due at once, `release` ends a
 * `hold` and makes it due at once, `remove` takes it out of the queue without a report.
 */
export type Order = StandingOrder | "retry" | "release" | "remove";

/** What an order about a message that stays comes to. */
export type Ruling =
  | { readonly kind: "keep"; readonly queued: Queued }
  /** `why` says what stands in the way: `it is not held`. */
  | { readonly kind: "refused"; readonly why: string };

/**
 * What an order about a message that stays in the queue comes to. The last order counts: a message that is to be bounced
 * can still be held, and one that is held can be bounced.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rule } from "./order.ts";
 *
 * const mailbox = { local: "petya", domain: "test.ru" };
 * const queued = {
 *   message: {
 *     id: "00000000100",
 *     from: null,
 *     receivedAt: 0,
 *     size: 1,
 *     smtputf8: false,
 *     body: "7BIT" as const,
 *     session: "00000000001",
 *     client: null,
 *     recipients: [{ number: 0, address: mailbox, original: mailbox }],
 *   },
 *   states: [],
 * };
 * assertEquals(rule(queued, "release", 0), { kind: "refused", why: "it is not held" });
 * assertEquals(rule(queued, "hold", 0), { kind: "keep", queued: { ...queued, order: "hold" } });
 * ```
 */
export function rule(
  queued: Queued,
  order: Exclude<Order, "remove">,
  now: number,
): Ruling {
  const { message, states, order: standing } = queued;
  switch (order) {
    case "retry":
      if (standing === "hold") return refuse("it is held: release it first");
      if (standing === "bounce") return refuse("it is about to be bounced");
      return keep({ message, states: dueAt(now, states) });
    case "hold":
      if (standing === "hold") return refuse("it is held already");
      return keep({ message, states, order });
    case "release":
      if (standing !== "hold") return refuse("it is not held");
      return keep({ message, states: dueAt(now, states) });
    case "bounce":
      if (standing === "bounce") return refuse("it is about to be bounced");
      return keep({ message, states: dueAt(now, states), order });
    default:
      return order satisfies never;
  }
}

/**
 * News of a message as it counts under an order about it: what is to be bounced doesn't wait until
 * it would have been tried again.
 */
export function underOrder(
  settlement: Settlement,
  order: StandingOrder | undefined,
): Settlement {
  if (order !== "bounce") return settlement;
  const recipients = settlement.recipients.map((settled) =>
    settled.status === "deferred"
      ? { ...settled, until: settlement.at }
      : settled
  );
  return { ...settlement, recipients };
}

function keep(queued: Queued): Ruling {
  return { kind: "keep", queued };
}

function refuse(why: string): Ruling {
  return { kind: "refused", why };
}

function dueAt(
  now: number,
  states: readonly RecipientState[],
): readonly RecipientState[] {
  return states.map((state) =>
    state.status === "waiting" ? { ...state, nextAttempt: now } : state
  );
}
