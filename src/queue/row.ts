import type { Mailbox } from "../smtp/address.ts";
import type { Client, Message, Recipient, RecipientState } from "./queue.ts";

/** A message's envelope as text, for a row that has its ID elsewhere. */
export function encodeEnvelope({ id: _, ...envelope }: Message): string {
  return JSON.stringify(envelope);
}

/** Recipients' states as text. */
export function encodeStates(states: readonly RecipientState[]): string {
  return JSON.stringify(states);
}

/**
 * The message behind `encodeEnvelope`'s text. Throws a SyntaxError when the text is damaged.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { decodeEnvelope } from "./row.ts";
 *
 * assertThrows(() => decodeEnvelope("00000000100", `{"from":nu`), SyntaxError);
 * ```
 */
export function decodeEnvelope(id: string, text: string): Message {
  const value: unknown = JSON.parse(text);
  if (!isEnvelope(value)) throw new SyntaxError("Envelope is damaged");
  return { id, ...value };
}

/** The states behind `encodeStates`' text. Throws a SyntaxError when the text is damaged. */
export function decodeStates(text: string): readonly RecipientState[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every(isState)) {
    throw new SyntaxError("State of recipients is damaged");
  }
  return value;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isEnvelope(value: unknown): value is Omit<Message, "id"> {
  return isFields(value) &&
    (value.from === null || isMailbox(value.from)) &&
    Number.isSafeInteger(value.receivedAt) &&
    Number.isSafeInteger(value.size) &&
    typeof value.smtputf8 === "boolean" &&
    ["7BIT", "8BITMIME", "BINARYMIME"].includes(String(value.body)) &&
    typeof value.session === "string" &&
    (value.client === null || isClient(value.client)) &&
    Array.isArray(value.recipients) && value.recipients.length > 0 &&
    value.recipients.every(isRecipient);
}

function isMailbox(value: unknown): value is Mailbox {
  return isFields(value) &&
    typeof value.local === "string" && typeof value.domain === "string";
}

function isClient(value: unknown): value is Client {
  return isFields(value) &&
    typeof value.address === "string" && typeof value.helo === "string";
}

function isRecipient(value: unknown, number: number): value is Recipient {
  return isFields(value) && value.number === number &&
    isMailbox(value.address) && isMailbox(value.original);
}

function isState(value: unknown): value is RecipientState {
  return isFields(value) &&
    ["waiting", "delivered", "failed"].includes(String(value.status)) &&
    Number.isSafeInteger(value.attempts) &&
    Number.isFinite(value.nextAttempt) &&
    (value.lastAttempt === null || Number.isFinite(value.lastAttempt)) &&
    typeof value.lastReply === "string" && typeof value.lastHost === "string";
}
