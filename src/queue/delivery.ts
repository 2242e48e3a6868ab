import type { Content } from "../ports/content.ts";
import type { Message, Put, Recipient } from "./queue.ts";

/** One piece of work for a delivery agent: some recipients of one message, all in one lane. */
export interface Delivery {
  /** The lane its recipients are in, as `laneOf` named it. */
  readonly lane: string;
  readonly message: Message;
  readonly content: Content;
  /** At least one. */
  readonly recipients: readonly Recipient[];
  /** Whether an earlier try may have got through unknown to us, as before a crash. */
  readonly again: boolean;
}

/** How a try went for one recipient. */
export interface Outcome {
  /** The recipient's number. */
  readonly recipient: number;
  /** It has its copy; it may have it later; it never will. */
  readonly status: "delivered" | "deferred" | "failed";
  /** What was answered, with its codes: `250 2.1.5 Ok`. */
  readonly reply: string;
  /** Who answered: a host's name, or `local`. */
  readonly host: string;
}

/**
 * Tries a delivery and returns exactly one outcome per recipient. A throw defers them all, as it
 * does those that are left out.
 */
export type Deliver = (delivery: Delivery) => Promise<readonly Outcome[]>;

/** A recipient that will never have its copy. */
export interface Failure {
  readonly recipient: Recipient;
  /** The last answer, with its codes. */
  readonly reply: string;
  /** Who gave it. */
  readonly host: string;
  /** Tries that ended, the last one included. */
  readonly attempts: number;
  /** Whether it failed for now only, once too often. */
  readonly gaveUp: boolean;
}

/**
 * Writes what is to be said of failures: the messages it returns are put in the very commit that
 * settles the failed recipients, so that neither is ever without the other.
 */
export type Undeliverable = (
  message: Message,
  failures: readonly Failure[],
) => Promise<readonly Put[]>;
