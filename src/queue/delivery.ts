import type { Action } from "../message/dsn_policy.ts";
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
  /** What was answered, with its codes: `250 2.1.5 Ok`; a newline between several lines. */
  readonly reply: string;
  /** Who answered: a host's name; `local` or nothing when we did. */
  readonly host: string;
  /** The host's IP address, if it was reached by one. */
  readonly address?: string;
  /** The dialogue that it was answered in, if there was one. */
  readonly session?: string;
  /**
   * Of one delivered to another server: whether that offers DSN and so has taken on the duty to
   * report (RFC 3461 §5.2.1), or doesn't.
   */
  readonly relayed?: "dsn" | "no dsn";
  /**
   * `lane` of one deferred when the destination is the trouble and not this message: then nothing
   * else is tried in this lane for a while.
   */
  readonly scope?: "lane";
}

/**
 * Tries a delivery and returns exactly one outcome per recipient. A throw defers them all, as it
 * does those that are left out.
 */
export type Deliver = (delivery: Delivery) => Promise<readonly Outcome[]>;

/** Something that a sender may want to hear of one recipient. */
export interface Notice {
  readonly recipient: Recipient;
  readonly action: Exclude<Action, "expanded">;
  /** The last answer, with its codes; a newline between several lines. */
  readonly reply: string;
  /** Who gave it, as in an {@linkcode Outcome}. */
  readonly host: string;
  /** When the last try ended, milliseconds since the Unix epoch; `null` when there was none. */
  readonly lastAttempt: number | null;
  /** Whether it failed for now only, once too often. */
  readonly gaveUp: boolean;
  /** When it is given up if it can't be delivered before. */
  readonly retryUntil: number;
}

/** What is new of one message. */
export interface News {
  readonly message: Message;
  /** Its octets; `undefined` when they can't be read. */
  readonly content: () => Promise<Content | undefined>;
  /** At least one. */
  readonly notices: readonly Notice[];
}

/**
 * Writes what its sender is to be told, if anything: the messages it returns are put in the very
 * commit that settles the recipients, so that neither is ever without the other.
 */
export type Report = (news: News) => Promise<readonly Put[]>;
