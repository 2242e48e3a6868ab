import {
  configureSync,
  getLogger,
  type LogLevel as LogTapeLevel,
  resetSync,
  type Sink,
} from "@logtape/logtape";
import { lineFormatter, type LogFormat } from "./log/format.ts";
import { openLineBuffer } from "./log/line_buffer.ts";
import type { Clock } from "./ports/clock.ts";
import type { Log } from "./ports/log.ts";

export type { LogFormat } from "./log/format.ts";

/** How grave an event is, least grave first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a log writes. */
export interface LogOptions {
  /** Events less grave than this are not written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Pick<Clock, "now">;
}

/** Takes the lines of a log, each with its end. */
export interface LogLines {
  /** Never waits, never throws. Grave lines are the last to be lost, if lines are. */
  add(line: string, grave: boolean): void;
}

/** What a log of its own is opened with. */
export interface OpenLogOptions extends LogOptions {
  readonly clock: Clock;
  /** Writes whole lines, say to standard error; the next lines wait in memory until it is done. */
  readonly write: (lines: string) => void | Promise<void>;
}

/** A log with lines still to be written; disposing of it writes them. */
export interface OpenLog extends Log, AsyncDisposable {
  /** For lines that another thread's log has made: written among its own. */
  readonly lines: LogLines;
}

/** Short enough for whoever watches the log, long enough for some hundred lines to share a write. */
const DELAY = 50;
const BATCH = 64 * 1024;
/** A second's worth of lines at full speed: beyond that the writer is stuck rather than slow. */
const LIMIT = 1024 * 1024;

/**
 * Opens a log over LogTape. Lines are gathered and written every 50 ms or 64 Ki characters; when the writer is
 * slower than the events, the oldest debug and info lines give way and a line says how many.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openLog } from "./log.ts";
 *
 * let written = "";
 * {
 *   await using log = openLog({
 *     level: "info",
 *     format: "text",
 *     write: (lines) => void (written += lines),
 *     clock: { now: () => Date.UTC(2026, 10, 23), after: () => () => {} },
 *   });
 *   log.info("message accepted", { id: "0K3F7", from: "a b" });
 * }
 * assertEquals(written, '2026-11-23 00:00:00.000 INFO message accepted id=0K3F7 from="a b"\n');
 * ```
 */
export function openLog(options: OpenLogOptions): OpenLog {
  const { clock, write } = options;
  const format = lineFormatter(options.format);
  const lines = openLineBuffer({
    clock,
    write,
    lost: (lines) =>
      format({
        time: clock.now(),
        level: "warning",
        event: "log lines lost",
        fields: { lines },
      }),
    delay: DELAY,
    batch: BATCH,
    limit: LIMIT,
  });
  const log = logInto(lines, options);
  return {
    ...log,
    lines,
    async [Symbol.asyncDispose]() {
      log[Symbol.dispose]();
      await lines[Symbol.asyncDispose]();
    },
  };
}

/**
 * Makes a log over LogTape that hands on its lines one by one. Disposing of it ends it.
 *
 * LogTape is given lines that are finished: to carry the fields as its properties takes it five times
 * as long as to carry a text.
 */
export function logInto(
  lines: LogLines,
  { level: lowest, format: formatName, clock }: LogOptions,
): Log & Disposable {
  const format = lineFormatter(formatName);
  const category = ["smtpd", String(++logsOpened)];
  const route: Route = {
    category,
    lowestLevel: levelOf(lowest),
    sink: ({ level, rawMessage }) =>
      lines.add(String(rawMessage), isGrave(level)),
  };
  routes.add(route);
  configureRoutes();

  const logger = getLogger(category);
  const teller = (name: LogLevel): Log["info"] => {
    const level = levelOf(name);
    if (!logger.isEnabledFor(level)) return () => {};
    return (event, fields = {}) =>
      logger[name](format({ time: clock.now(), level, event, fields }));
  };
  return {
    debug: teller("debug"),
    info: teller("info"),
    warn: teller("warn"),
    error: teller("error"),
    [Symbol.dispose]() {
      if (routes.delete(route)) configureRoutes();
    },
  };
}

/** What LogTape calls it. */
function levelOf(level: LogLevel): LogTapeLevel {
  return level === "warn" ? "warning" : level;
}

function isGrave(level: LogTapeLevel): boolean {
  return level === "warning" || level === "error";
}

/** Where LogTape takes the records of one open log. */
interface Route {
  readonly category: string[];
  readonly lowestLevel: LogTapeLevel;
  readonly sink: Sink;
}

// LogTape's configuration belongs to the process, and so do these: each log has a category of its own, and
// the configuration is made anew from the logs that are open, so that several can be.
const routes = new Set<Route>();
let logsOpened = 0;

function configureRoutes(): void {
  if (routes.size === 0) return resetSync();
  const named = [...routes].map((route) => ({
    route,
    name: route.category.join(),
  }));
  configureSync({
    reset: true,
    sinks: Object.fromEntries(
      named.map(({ route, name }) => [name, route.sink]),
    ),
    loggers: [
      ...named.map(({ route: { category, lowestLevel }, name }) => ({
        category,
        lowestLevel,
        sinks: [name],
      })),
      // LogTape's own remarks would go to the console.
      { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
    ],
  });
}
