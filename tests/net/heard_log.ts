import type { Log } from "../../src/ports/log.ts";
import { settle } from "../log/manual_clock.ts";

/** A log that keeps each line, as `level event fields`, and can be waited for. */
export interface HeardLog extends Log {
  readonly told: string[];
  /** Waits for the next line, and takes it. */
  next(): Promise<string>;
}

/**
 * A log for what a manual clock can't wait for: a certificate is tried in turns of the real event
 * loop.
 */
export function heardLog(): HeardLog {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const at = (level: string): Log["info"] => (event, fields) => {
    told.push([level, event, ...Object.values(fields ?? {})].join(" "));
    waiting.forEach((look) => look());
  };
  return {
    ...{ debug: at("debug"), info: at("info") },
    ...{ warn: at("warn"), error: at("error") },
    told,
    async next(): Promise<string> {
      while (told.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
      await settle();
      return told.shift()!;
    },
  };
}
