import type { Content } from "../ports/content.ts";
import type { Mailbox } from "../smtp/address.ts";
import type {
  DsnMailParameters,
  DsnRcptParameters,
} from "../smtp/dsn_parameters.ts";

/** A message we answered `250` for and so must deliver, or say why not. It never changes. */
export interface Message extends DsnMailParameters {
  /** Queue ID, in the text form of `formatId`: upper case, 11 characters, sorts by time. */
  readonly id: string;
  /** Reverse-path: who gets a report if it fails; `null` for `<>`, which gets none. */
  readonly from: Mailbox | null;
  /** When we took it on, milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  /** Octets of its content. */
  readonly size: number;
  /**
   * Whether its octets need a next hop that offers SMTPUTF8 (RFC 6531 §3.1); the addresses speak
   * for themselves.
   */
  readonly smtputf8: boolean;
  /** What the client said of its octets (RFC 6152, RFC 3030). */
  readonly body: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Session it came in by, which finds its dialogue; a report's is its original's. */
  readonly session: string;
  /** Who brought it; `null` for a message we wrote ourselves. */
  readonly client: Client | null;
  /** Whether who brought it is one of ours, who may hear that mail has arrived. */
  readonly trusted?: true;
  /** Where it goes: at least one, each at the index that is its number. */
  readonly recipients: readonly Recipient[];
}

/** Who brought a message. */
export interface Client {
  /** IP address, without brackets. */
  readonly address: string;
  /** The name it gave in HELO or EHLO. */
  readonly helo: string;
}

/** One of a message's recipients. It never changes; how it fares is its RecipientState. */
export interface Recipient extends DsnRcptParameters {
  /** Its index in the message's recipients. */
  readonly number: number;
  /** Where it goes, aliases expanded. */
  readonly address: Mailbox;
  /** What the client named. */
  readonly original: Mailbox;
}

/** How one recipient fares. */
export interface RecipientState {
  /** Delivered and failed are for good; a recipient in either is never tried again. */
  readonly status: "waiting" | "delivered" | "failed";
  /** Tries that ended. */
  readonly attempts: number;
  /** When it is due, milliseconds since the Unix epoch. Says nothing once settled. */
  readonly nextAttempt: number;
  /** When the last try ended; `null` before the first. */
  readonly lastAttempt: number | null;
  /**
   * What the last try was answered: `451 4.3.0 Disk full`; empty before the first. It may be what
   * another message was answered at the same destination since.
   */
  readonly lastReply: string;
  /** Who answered it: a host, or `local`; empty before the first. */
  readonly lastHost: string;
  /** Whether the time has passed after which the sender is told that it still waits. */
  readonly warned?: true;
}

/** A message in the queue with the state of each recipient, by number. */
export interface Queued {
  readonly message: Message;
  readonly states: readonly RecipientState[];
  /** What the postmaster said is to be done with it from now on; for most, nothing. */
  readonly order?: StandingOrder | undefined;
}

/**
 * `hold`: it is kept but not tried until it is released. `bounce`: the recipients that wait fail for
 * good without another try.
 */
export type StandingOrder = "hold" | "bounce";

/** A try of one recipient that ended. */
export interface Attempt {
  /** The recipient's number. */
  readonly recipient: number;
  /** 1 for the recipient's first. */
  readonly number: number;
  /** When it ended, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly status: "delivered" | "deferred" | "failed";
  /** What was answered, cut to REPLY_KEPT characters. */
  readonly reply: string;
  /** Who answered: a host, or `local`; empty when we did. */
  readonly host: string;
  /** IP address of the host; empty when it was reached by none. */
  readonly address: string;
  /** ID of the session that has the dialogue; empty when there was none. */
  readonly session: string;
}

/** A message to put into the queue; a file content is already durable. */
export interface Put {
  readonly message: Message;
  readonly content: Content;
}

/** What became of one recipient. */
export type Settled =
  /** It has its copy, or will never have it. */
  | (Tried & { readonly status: "delivered" | "failed" })
  /** It was tried in vain and is due again at `until`. */
  | (Tried & Waits & { readonly status: "deferred" })
  /** It wasn't tried and is due again at `until`. */
  | (Partial<Pick<Tried, "reply" | "host">> & Waits & {
    readonly status: "postponed";
    readonly recipient: number;
  });

/** What a try was answered. */
interface Tried {
  /** The recipient's number. */
  readonly recipient: number;
  readonly reply: string;
  readonly host: string;
  /** The IP address of the host, if it was reached by one. */
  readonly address?: string;
  /** The dialogue that it was answered in, if there was one. */
  readonly session?: string;
}

interface Waits {
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
  /** Whether its sender is told now that it still waits. */
  readonly warned?: true;
}

/** News of one message. When no recipient waits any more, the message leaves the queue. */
export interface Settlement {
  /** Queue ID. */
  readonly id: string;
  /** When it happened, milliseconds since the Unix epoch. */
  readonly at: number;
  /** What became of some of its recipients. One settled before stays as it is. */
  readonly recipients: readonly Settled[];
}

/** What one transaction does: all of it or nothing. */
export interface Batch {
  readonly put: readonly Put[];
  readonly settle: readonly Settlement[];
  /** The time from which the leases of the messages put last. */
  readonly now: number;
}

/** Milliseconds a lease lasts. Its holder renews it well before. */
export const LEASE = 5 * 60_000;

/** How many tries of each recipient are remembered: the last. */
export const ATTEMPTS_KEPT = 50;

/** Characters of a reply that are remembered with a try. */
export const REPLY_KEPT = 1000;

/**
 * The durable queue, as the rest of the program may know it: one adapter keeps it in SQLite, for one
 * process; another may share it among several.
 *
 * Who works on a message holds its lease: nobody else is given the message until the lease is
 * released or LEASE has passed since it was last renewed. A lease dies with a process that is the
 * only one, so that after a crash everything is due by its own time.
 *
 * Times are milliseconds since the Unix epoch. Every method throws when the store fails.
 */
export interface Queue {
  /**
   * Puts and settles, durable when it resolves; when it throws nothing of the batch has happened.
   * Messages put are leased to the caller. News of messages that are gone is passed over.
   * A lease outlives the news, unless the message goes with it. An order about the message does so
   * too; news counts as `underOrder` says.
   */
  commit(batch: Batch): Promise<void>;
  /**
   * Leases at most `limit` messages with a recipient due by `now`, the longest due first; none that
   * is held. What is due later than `latest` is due too, after the others: no wait is that long, so
   * the clock has been put back since.
   */
  due(now: number, limit: number, latest?: number): Promise<readonly Queued[]>;
  /** When the next message that nobody has leased at `now` is due; `undefined` if there is none. */
  nextDue(now: number): Promise<number | undefined>;
  /** Makes our leases last LEASE from `now`. */
  renew(ids: readonly string[], now: number): Promise<void>;
  /** Gives leases back without news. */
  release(ids: readonly string[]): Promise<void>;
  /** The message's octets; `undefined` when it isn't in the queue. Throws when they are damaged. */
  content(id: string): Promise<Content | undefined>;
  /** One message; `undefined` when it isn't in the queue. */
  get(id: string): Promise<Queued | undefined>;
  /** At most `limit` messages with IDs above `after`, in the order of their IDs. */
  list(after: string, limit: number): Promise<readonly Queued[]>;
  /**
   * IDs of messages that a postmaster gave orders about since this was last called. What was read of
   * them before may be out of date, an order in force among it.
   */
  changes(): Promise<readonly string[]>;
  /** Throws when what keeps the queue isn't where it was opened, so that no start would find it. */
  inPlace(): Promise<void>;
  /** Releases everything. Nothing may be called afterwards. */
  close(): Promise<void>;
}
