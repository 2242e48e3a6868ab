import { escaped } from "../log/escape.ts";

/** One line of a transcript file, taken apart. */
export interface TranscriptLine {
  /** When it was said: ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  /** ID of the session it belongs to. */
  readonly session: string;
  /** What was said, with who said it: `-> ` us, `<- ` them, `-- ` a note of ours. */
  readonly text: string;
}

/** The session of lines about the file itself. */
export const NO_SESSION = "-";

/** Opens each session; the peer follows. */
export const CONNECTED = "-- connected from ";

/** Ends each session that the program lived to see the end of. */
export const CLOSED = "-- closed";

/** What is longer than this many UTF-16 code units is cut. */
export const LONGEST_TEXT = 1000;

/**
 * Writes a line, with its end: `2026-11-23T02:51:03.123Z 0K3F7 <- MAIL FROM:<a@b>`. What a terminal might
 * obey is escaped, what is over-long is cut.
 */
export function formatLine({ time, session, text }: TranscriptLine): string {
  return `${time} ${session} ${escaped(cut(text))}\n`;
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  return `${text.slice(0, LONGEST_TEXT)} (cut, ${text.length} characters)`;
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+) (.*)$/;

/** Takes a line apart, without its end; `undefined` when it is damaged. */
export function parseLine(line: string): TranscriptLine | undefined {
  const [whole, time, session, text] = LINE.exec(line) ?? [];
  if (whole === undefined) return undefined;
  return { time: time!, session: session!, text: text! };
}

// Only our own reply names a message: what clients say can't pass for it.
const QUEUED = /^-> 250 2\.0\.0 OK: queued as (\S+)$/;

/**
 * The ID under which a message was queued, when the line is the reply that says so.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { queuedAs } from "./transcript_line.ts";
 *
 * assertEquals(queuedAs("-> 250 2.0.0 OK: queued as 0K3F7"), "0K3F7");
 * assertEquals(queuedAs("<- NOOP queued as 0K3F7"), undefined);
 * ```
 */
export function queuedAs(text: string): string | undefined {
  return QUEUED.exec(text)?.[1];
}

/** Whether the line says that we sent a whole message to another server. */
export function isSent(text: string): boolean {
  return /^-> \(\d+ octets of message\)$/.test(text);
}
