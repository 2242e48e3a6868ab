/** What the main thread and the thread of the mail flow say to each other. */
import type { Settings } from "../config/settings.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Content } from "../ports/content.ts";
import type { Message, Put } from "../queue/queue.ts";
import type { TranscriptSession } from "./transcript.ts";

/** What the main thread asks for. */
export type FlowRequest =
  /** The first: answered by `opened` or `failed`. */
  | {
    readonly ask: "open";
    readonly settings: Settings;
    /** The folder of everything that isn't mail. */
    readonly folder: string;
    readonly listens: readonly Endpoint[];
  }
  /** Make these durable: each is answered by `queued` or `not queued`. */
  | { readonly ask: "enqueue"; readonly puts: PackedPuts }
  /** Deliver what an earlier run left. */
  | { readonly ask: "resume" }
  /** The last: answered by `stopped`, when all else has been said. */
  | { readonly ask: "stop" };

/** What the thread of the mail flow tells. */
export type FlowNews =
  | { readonly tell: "opened" | "stopped" }
  | { readonly tell: "failed"; readonly failure: Failure }
  | { readonly tell: "events"; readonly events: PackedEvents };

/** Something that happened in the mail flow. */
export type FlowEvent = FlowAnswer | FlowNote;

/** What became of a message that was to be enqueued. */
export type FlowAnswer =
  | { readonly what: "queued"; readonly id: string }
  | {
    readonly what: "not queued";
    readonly id: string;
    readonly failure: Failure;
  };

/** Something to be written down. */
export type FlowNote =
  /** A line of the log, with its end. */
  | { readonly what: "log"; readonly line: string; readonly grave: boolean }
  /** A dialogue with another server, by the ID of its session. */
  | { readonly what: "dialogue opened"; readonly session: TranscriptSession }
  | {
    readonly what: "said";
    readonly id: string;
    readonly lines: readonly string[];
  }
  | { readonly what: "dialogue closed"; readonly id: string };

/** Messages on their way to the other thread. */
export interface PackedPuts {
  /** A list of {@linkcode Message} as JSON: to clone objects takes both threads three times as long. */
  readonly messages: string;
  /** The content of each. */
  readonly contents: readonly Content[];
}

/** A list of {@linkcode FlowEvent} as JSON. */
export type PackedEvents = string & { readonly packed: "events" };

/** Makes messages ready for the other thread. */
export function packPuts(puts: readonly Put[]): PackedPuts {
  return {
    messages: JSON.stringify(puts.map(({ message }) => message)),
    contents: puts.map(({ content }) => content),
  };
}

/** The messages that were made ready. */
export function unpackPuts({ messages, contents }: PackedPuts): Put[] {
  const unpacked: readonly Message[] = JSON.parse(messages);
  return unpacked.map((message, index) => ({
    message,
    content: contents[index]!,
  }));
}

/** Makes events ready for the other thread. */
export function packEvents(events: readonly FlowEvent[]): PackedEvents {
  return JSON.stringify(events) as PackedEvents;
}

/** The events that were made ready. */
export function unpackEvents(events: PackedEvents): readonly FlowEvent[] {
  return JSON.parse(events);
}

/** What is left of an error between threads. */
export interface Failure {
  readonly message: string;
  /** By these a full disk is known. */
  readonly code?: unknown;
  readonly errcode?: unknown;
}

/** Makes an error fit to be told. */
export function failureOf(cause: unknown): Failure {
  const { code, errcode } = Object(cause);
  return {
    message: cause instanceof Error ? cause.message : String(cause),
    ...(code !== undefined && { code }),
    ...(errcode !== undefined && { errcode }),
  };
}

/** The error that was told. */
export function errorOf({ message, ...codes }: Failure): Error {
  return Object.assign(new Error(message), codes);
}
