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

/** What a log is opened with. */
export interface LogOptions {
  /** Events less grave than this are not written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Writes whole lines, say to standard error; the next lines wait in memory until it is done. */
  readonly write: (lines: string) => void | Promise<void>;
  readonly clock: Clock;
}

/** A log with lines still to be written; disposing of it writes them. */
export interface OpenLog extends Log, AsyncDisposable {}

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
export function openLog(options: LogOptions): OpenLog {
  const { clock, level, format: formatName, write } = options;
  const format = lineFormatter(formatName);
  const category = ["smtpd", String(++logsOpened)];
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
  const route: Route = {
    category,
    lowestLevel: level === "warn" ? "warning" : level,
    sink({ level, rawMessage, properties }) {
      // LogTape's own time isn't our clock's, and its message would take braces in an event for a template.
      const event = String(rawMessage);
      const line = { time: clock.now(), level, event, fields: properties };
      lines.add(format(line), isGrave(level));
    },
  };
  routes.add(route);
  configureRoutes();

  const logger = getLogger(category);
  return {
    debug: (event, fields) => logger.debug(event, fields),
    info: (event, fields) => logger.info(event, fields),
    warn: (event, fields) => logger.warn(event, fields),
    error: (event, fields) => logger.error(event, fields),
    async [Symbol.asyncDispose]() {
      if (routes.delete(route)) configureRoutes();
      await lines[Symbol.asyncDispose]();
    },
  };
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
