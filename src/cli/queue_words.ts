import { escaped } from "../log/escape.ts";
import type { Message, Queued, RecipientState } from "../queue/queue.ts";
import { nextDueOf } from "../queue/state.ts";
import { formatMailbox } from "../smtp/address.ts";

/** How a recipient, or a message in the queue, stands, in a word. */
export type Status =
  /** Not tried yet. */
  | "waiting"
  /** Tried in vain, to be tried again. */
  | "deferred"
  /** Not to be tried until it is released. */
  | "held"
  /** To fail without another try. */
  | "bouncing"
  | "delivered"
  | "failed";

/** How a recipient stands, given the order about its message. */
export function statusOf(
  { status, attempts }: RecipientState,
  order: Queued["order"],
): Status {
  if (status !== "waiting") return status;
  if (order === "hold") return "held";
  if (order === "bounce") return "bouncing";
  return attempts > 0 ? "deferred" : "waiting";
}

/** How a message stands: as its recipients do that still wait. */
export function messageStatusOf({ states, order }: Queued): Status {
  const statuses = states
    .filter(({ status }) => status === "waiting")
    .map((state) => statusOf(state, order));
  return statuses.includes("deferred")
    ? "deferred"
    : statuses[0] ?? "delivered";
}

/** Tries of the recipient that was tried most often. */
export function mostAttempts({ states }: Queued): number {
  return states.reduce((most, { attempts }) => Math.max(most, attempts), 0);
}

/** When it is due next, milliseconds since the Unix epoch; `undefined` while it is held. */
export function nextTry({ states, order }: Queued): number | undefined {
  return order === "hold" ? undefined : nextDueOf(states);
}

/** The addresses of the recipients that still wait. */
export function waitingAddresses(
  { message, states }: Queued,
): readonly string[] {
  return message.recipients
    .filter(({ number }) => states[number]?.status === "waiting")
    .map(({ address }) => formatMailbox(address));
}

/** What the recipients that wait were answered last; empty before the first try. */
export function lastReply({ states }: Queued): string {
  const last = states
    .filter(({ status }) => status === "waiting")
    .reduce<RecipientState | undefined>(
      (a, b) => (a?.lastAttempt ?? 0) >= (b.lastAttempt ?? 0) && a ? a : b,
      undefined,
    );
  return oneLine(last?.lastReply ?? "");
}

/** Whom a message is from, safe to print; `<>` for a report. */
export function senderText({ from }: Message): string {
  return from === null ? "<>" : escaped(formatMailbox(from));
}

/** What others said, safe to print in a line. */
export function oneLine(text: string): string {
  return escaped(text.replace(/\s*[\r\n]+\s*/g, " "));
}

/**
 * A length of time in its largest unit, at most 4 characters for 27 years.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { durationText } from "./queue_words.ts";
 *
 * assertEquals(durationText(59_999), "59s");
 * assertEquals(durationText(36 * 3_600_000), "36h");
 * assertEquals(durationText(48 * 3_600_000), "2d");
 * ```
 */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 60 * 60) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 60 * 60) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/**
 * A number of octets, at most 5 characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sizeText } from "./queue_words.ts";
 *
 * assertEquals(sizeText(712), "712");
 * assertEquals(sizeText(4 * 1024), "4.0K");
 * assertEquals(sizeText(25 * 1024 * 1024), "25M");
 * ```
 */
export function sizeText(octets: number): string {
  let size = octets;
  let unit = "";
  for (const larger of ["K", "M", "G", "T"]) {
    if (size < 1000) break;
    size /= 1024;
    unit = larger;
  }
  return unit !== "" && size < 9.95
    ? `${size.toFixed(1)}${unit}`
    : `${Math.round(size)}${unit}`;
}

/** A count with its noun: `1 message`, `10,000 messages`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
