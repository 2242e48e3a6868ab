import type { Attempt, Queued } from "./queue.ts";
import type { Order } from "./order.ts";

/** What became of an order about one message. */
export type Obeyed =
  /** It is in force; `before` is how the message was, `undefined` when it is too damaged to say. */
  | { readonly kind: "done"; readonly before: Queued | undefined }
  /** No such message is in the queue. */
  | { readonly kind: "unknown" }
  /** `why` says what stands in the way: `it is not held`. */
  | { readonly kind: "refused"; readonly why: string };

/** What of the queue can't be read. */
export interface Damage {
  /** The message that can't; `undefined` when there may be others that nobody knows of. */
  readonly id: string | undefined;
  /** What is wrong with it. */
  readonly damage: string;
}

/**
 * The queue as the postmaster sees and steers it, from beside the processes that work through it and
 * while there are none.
 *
 * An order is a change of the message itself, in one transaction. So is news of a try. Whichever
 * comes second finds what the first did: news never undoes an order, and an order never makes a
 * settled recipient wait again. Who has leased the message learns of the order from `changes()` of
 * its Queue; a try that is under way by then ends as it ends.
 *
 * Times are milliseconds since the Unix epoch. Every method throws when the store fails.
 */
export interface Oversight {
  /**
   * At most `limit` messages with IDs above `after`, in the order of their IDs, those among them that
   * can't be read. Damage to the queue itself comes before the first.
   */
  list(after: string, limit: number): Promise<readonly (Queued | Damage)[]>;
  /** One message; `undefined` when it isn't in the queue. Throws when it is damaged. */
  get(id: string): Promise<Queued | undefined>;
  /** The last tries of a message: each recipient's, one after another, from first to last. */
  attempts(id: string): Promise<readonly Attempt[]>;
  /**
   * Gives an order about some messages in one transaction, durable when it resolves: what became of
   * it for each. Damaged messages can only be removed.
   */
  apply(
    order: Order,
    ids: readonly string[],
    now: number,
  ): Promise<readonly Obeyed[]>;
  /** Whether a server works through the queue now. */
  attended(): Promise<boolean>;
  /** Releases everything. Nothing may be called afterwards. */
  close(): Promise<void>;
}
