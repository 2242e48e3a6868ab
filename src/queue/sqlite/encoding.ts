import type { Mailbox } from "../../smtp/address.ts";
import type { TypedAddress } from "../../smtp/dsn_parameters.ts";
import type {
  Attempt,
  Client,
  Message,
  Recipient,
  RecipientState,
  StandingOrder,
} from "../queue.ts";
import { NEVER } from "./schema.ts";

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
 * import { decodeEnvelope } from "./encoding.ts";
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

/**
 * The order that stands about a message, by its word and when the message is due; `undefined` when there
 * is none. What is held is never due, which tells it where the word is damaged.
 */
export function decodeOrder(
  word: unknown,
  due: unknown,
): StandingOrder | undefined {
  if (word === "hold" || word === "bounce") return word;
  return due === NEVER ? "hold" : undefined;
}

/** The try behind a row of the table of tries. Throws a SyntaxError when it is damaged. */
export function decodeAttempt(row: Fields): Attempt {
  const { recipient, number, at, status, reply, host, address, session } = row;
  if (status !== "delivered" && status !== "deferred" && status !== "failed") {
    throw new SyntaxError("Attempt is damaged");
  }
  return {
    recipient: Number(recipient),
    number: Number(number),
    at: Number(at),
    status,
    reply: String(reply),
    host: String(host),
    address: String(address),
    session: String(session),
  };
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
    isOneOf(value.body, ["7BIT", "8BITMIME", "BINARYMIME"]) &&
    typeof value.session === "string" &&
    (value.client === null || isClient(value.client)) &&
    isOneOf(value.trusted, [undefined, true]) &&
    isOneOf(value.ret, [undefined, "FULL", "HDRS"]) &&
    isOptionalText(value.envid) &&
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
    isMailbox(value.address) && isMailbox(value.original) &&
    (value.notify === undefined || isNotify(value.notify)) &&
    (value.orcpt === undefined || isTypedAddress(value.orcpt));
}

function isNotify(value: unknown): value is Recipient["notify"] {
  return Array.isArray(value) &&
    value.every((word) => isOneOf(word, ["SUCCESS", "FAILURE", "DELAY"]));
}

function isTypedAddress(value: unknown): value is TypedAddress {
  return isFields(value) &&
    typeof value.type === "string" && typeof value.address === "string";
}

function isState(value: unknown): value is RecipientState {
  return isFields(value) &&
    isOneOf(value.status, ["waiting", "delivered", "failed"]) &&
    Number.isSafeInteger(value.attempts) &&
    Number.isFinite(value.nextAttempt) &&
    (value.lastAttempt === null || Number.isFinite(value.lastAttempt)) &&
    typeof value.lastReply === "string" && typeof value.lastHost === "string" &&
    isOneOf(value.warned, [undefined, true]);
}

function isOneOf(value: unknown, allowed: readonly unknown[]): boolean {
  return allowed.includes(value);
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
