import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { clientGroup } from "./client_group.ts";
import { makeRate } from "./rates.ts";
import { ShortMemory } from "./short_memory.ts";

/** What a client can make happen as often as it likes, at no cost of its own. */
const CHEAP: ReadonlySet<string> = new Set([
  "connection refused",
  "login refused",
  "sender refused",
  "recipient refused",
  "TLS handshake failed",
]);

/** So many of one kind a client group can have told in a minute. */
const PER_MINUTE = 60;

/** Milliseconds for which it is remembered how many were not told. */
const MEMORY = 60 * 60 * 1000;

/**
 * A log that refusals don't flood: of each kind, it has sixty in a minute for each client group. The
 * next that is told says in `unlogged` how many were not.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sparingLog } from "./sparing_log.ts";
 *
 * let lines = 0;
 * const log = sparingLog(
 *   { debug() {}, info: () => lines++, warn() {}, error() {} },
 *   { now: () => 0 },
 * );
 * for (let count = 0; count < 1000; count++) {
 *   log.info("connection refused", { peer: "192.0.2.1" });
 * }
 * assertEquals(lines, 60);
 * ```
 */
export function sparingLog(log: Log, clock: Pick<Clock, "now">): Log {
  const rate = makeRate({ perMinute: PER_MINUTE, clock });
  /** By kind and client group. */
  const unlogged = new ShortMemory<number>({ lifetime: MEMORY, clock });

  function sparing(tell: Log["info"]): Log["info"] {
    return (event, fields) => {
      const peer = fields?.peer;
      if (!CHEAP.has(event) || typeof peer !== "string") {
        return tell(event, fields);
      }
      const key = `${event} ${clientGroup(peer)}`;
      const missing = unlogged.recall(key)?.value ?? 0;
      if (!rate.take(key)) {
        unlogged.note(key, missing + 1);
      } else if (missing === 0) {
        tell(event, fields);
      } else {
        unlogged.note(key, 0);
        tell(event, { ...fields, unlogged: missing });
      }
    };
  }

  return {
    debug: (event, fields) => log.debug(event, fields),
    info: sparing((event, fields) => log.info(event, fields)),
    warn: sparing((event, fields) => log.warn(event, fields)),
    error: (event, fields) => log.error(event, fields),
  };
}
