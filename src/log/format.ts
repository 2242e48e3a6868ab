import type { LogLevel } from "@logtape/logtape";
import { escaped, quoted } from "./escape.ts";

/** How lines look: text for people, JSON for machines. */
export type LogFormat = "text" | "json";

/** What a line says. */
export interface LogLine {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly level: LogLevel;
  readonly event: string;
  /** Strings, numbers and booleans; what is undefined is left out. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Makes the formatter of a log, which answers a line with its end. Times are UTC, so that a log agrees with
 * the transcripts wherever it is read.
 *
 * - `text`: `2026-11-23 02:51:03.123 INFO message accepted id=0K3F7 from=<a@b.test> size=4096`; a value that
 *   is empty or has a space, a quote or anything but ASCII is quoted as in JSON.
 * - `json`: `{"time":"2026-11-23T02:51:03.123Z","level":"info","event":"message accepted","id":"0K3F7"}`.
 */
export function lineFormatter(format: LogFormat): (line: LogLine) => string {
  const isoTime = rememberingIsoTime();
  switch (format) {
    case "text":
      return (line) => textLine(line, isoTime(line.time));
    case "json":
      return (line) => jsonLine(line, isoTime(line.time));
  }
}

function textLine({ level, event, fields }: LogLine, time: string): string {
  const when = `${time.slice(0, 10)} ${time.slice(11, 23)}`;
  let line = `${when} ${levelName(level).toUpperCase()} ${escaped(event)}`;
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) line += ` ${name}=${textValue(value)}`;
  }
  return line + "\n";
}

/** Visible ASCII but the quote and the backslash. */
const PLAIN = /^[!#-[\]-~]+$/;

function textValue(value: unknown): string {
  const text = String(value);
  return PLAIN.test(text) ? text : quoted(text);
}

function jsonLine({ level, event, fields }: LogLine, time: string): string {
  const head = { time, level: levelName(level), event };
  // Once for its place, once more lest a field of the same name take it.
  return quoted({ ...head, ...fields, ...head }) + "\n";
}

function levelName(level: LogLevel): string {
  return level === "warning" ? "warn" : level;
}

/**
 * Makes a function that writes a time (milliseconds since the Unix epoch) in ISO 8601, and does so anew only
 * when the time has changed: at full speed many lines share a millisecond.
 */
export function rememberingIsoTime(): (milliseconds: number) => string {
  let last = NaN;
  let text = "";
  return (milliseconds) => {
    if (milliseconds !== last) {
      last = milliseconds;
      text = new Date(milliseconds).toISOString();
    }
    return text;
  };
}
