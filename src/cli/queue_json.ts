import type { Attempt, Queued } from "../queue/queue.ts";
import { formatMailbox } from "../smtp/address.ts";
import {
  messageStatusOf,
  mostAttempts,
  nextTry,
  type Status,
  statusOf,
} from "./queue_words.ts";

/** A message in the queue as programs are told of it. Times are ISO 8601 in UTC. */
export interface MessageJson {
  readonly id: string;
  readonly status: Status;
  /** Empty for a report, which has none. */
  readonly sender: string;
  /** Octets. */
  readonly size: number;
  readonly receivedAt: string;
  /** Of the recipient that was tried most often. */
  readonly attempts: number;
  /** `null` while it is held. */
  readonly nextAttempt: string | null;
  readonly body: string;
  readonly smtputf8: boolean;
  /** The session it came in by: `smtpd transcript SESSION`. */
  readonly session: string;
  /** Who brought it; `null` for a message of the server's own. */
  readonly client: { readonly address: string; readonly helo: string } | null;
  readonly recipients: readonly RecipientJson[];
}

/** One recipient as programs are told of it. */
export interface RecipientJson {
  readonly address: string;
  /** What the client named, before aliases. */
  readonly original: string;
  readonly status: Status;
  readonly attempts: number;
  /** `null` while it is held, and once it is delivered or failed. */
  readonly nextAttempt: string | null;
  /** `null` before the first try. */
  readonly lastAttempt: string | null;
  readonly lastReply: string;
  readonly lastHost: string;
  /** The last tries, where they were asked for. */
  readonly tries?: readonly TryJson[];
}

/** One try of a recipient as programs are told of it. */
export interface TryJson {
  readonly number: number;
  readonly at: string;
  readonly status: Attempt["status"];
  readonly reply: string;
  readonly host: string;
  readonly address: string;
  /** The session it was made in; empty when it came to none. */
  readonly session: string;
}

/** What programs are told of a message, with its tries if they are given. */
export function messageJson(
  queued: Queued,
  attempts?: readonly Attempt[],
): MessageJson {
  const { message, states } = queued;
  const next = nextTry(queued);
  const tries = attempts &&
    Map.groupBy(attempts, ({ recipient }) => recipient);
  return {
    id: message.id,
    status: messageStatusOf(queued),
    sender: message.from === null ? "" : formatMailbox(message.from),
    size: message.size,
    receivedAt: timeJson(message.receivedAt),
    attempts: mostAttempts(queued),
    nextAttempt: next === undefined ? null : timeJson(next),
    body: message.body,
    smtputf8: message.smtputf8,
    session: message.session,
    client: message.client,
    recipients: states.map((_, number) => ({
      ...recipientJson(queued, number),
      ...(tries && { tries: (tries.get(number) ?? []).map(tryJson) }),
    })),
  };
}

function recipientJson(
  { message, states, order }: Queued,
  number: number,
): RecipientJson {
  const { address, original } = message.recipients[number]!;
  const state = states[number]!;
  const { attempts, nextAttempt, lastAttempt, lastReply, lastHost } = state;
  const isDue = state.status === "waiting" && order !== "hold";
  return {
    address: formatMailbox(address),
    original: formatMailbox(original),
    status: statusOf(state, order),
    attempts,
    nextAttempt: isDue ? timeJson(nextAttempt) : null,
    lastAttempt: lastAttempt === null ? null : timeJson(lastAttempt),
    lastReply,
    lastHost,
  };
}

function tryJson({ recipient: _, at, ...attempt }: Attempt): TryJson {
  return { ...attempt, at: timeJson(at) };
}

function timeJson(time: number): string {
  return new Date(time).toISOString();
}
