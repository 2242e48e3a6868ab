import { rememberingIsoTime } from "../log/format.ts";
import { openLineBuffer } from "../log/line_buffer.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log, LogFields } from "../ports/log.ts";
import { DAY } from "./transcript_files.ts";
import {
  TRANSCRIPT_LIMITS,
  type TranscriptDisk,
  TranscriptFolder,
  type TranscriptLimits,
} from "./transcript_folder.ts";
import {
  CLOSED,
  CONNECTED,
  formatLine,
  NO_SESSION,
} from "./transcript_line.ts";

/** The record of what was said on every connection. Disposing of it writes what is left. */
export interface Transcripts extends AsyncDisposable {
  /** Starts the record of one connection, with a line that says who it is from. */
  open(session: TranscriptSession): Dialogue;
}

/** The connection whose dialogue is kept. */
export interface TranscriptSession {
  /** Time-ordered and unique, without spaces: what `smtpd transcript` finds it by. */
  readonly id: string;
  /** Address and port, as `127.0.0.1:4242` or `[::1]:4242`. */
  readonly peer: string;
}

/** The record of one connection. */
export interface Dialogue {
  /**
   * Adds lines as `-> 250 OK` (ours), `<- MAIL FROM:<a@b>` (theirs) or `-- …` (notes), secrets already taken
   * out. Never waits, never throws.
   */
  add(lines: readonly string[]): void;
  /** Ends the record with a line that says so; twice is once. */
  close(): void;
}

/** What transcripts are opened with. */
export interface TranscriptOptions {
  /** Where the files are, made when missing. */
  readonly folder: string;
  readonly disk: TranscriptDisk;
  readonly clock: Clock;
  /** Told when the disk fails, and when it is well again. */
  readonly log: Log;
  readonly limits?: TranscriptLimits;
}

/** Long enough for busy sessions to share a write, short enough to look for a line that was just said. */
const DELAY = 200;
const BATCH = 64 * 1024;
/** Two seconds of lines at full speed: a disk slower than that is slower than the mail. */
const LIMIT = 4 * 1024 * 1024;

/**
 * Opens the transcripts in a folder: a file per UTC day, rotated and bounded. Lines are gathered and written
 * every 200 ms or 64 Ki characters. Neither a slow disk nor a broken one disturbs the mail: lines are lost
 * then, the file says how many and the log says so once.
 */
export function openTranscripts(options: TranscriptOptions): Transcripts {
  const { clock, log, limits = TRANSCRIPT_LIMITS } = options;
  const folder = new TranscriptFolder({ ...options, limits });
  const encoder = new TextEncoder();
  const isoTime = rememberingIsoTime();
  let failed = false;
  let previous = Promise.resolve();
  let cancelMidnight: () => void;

  const format = (session: string, text: string) =>
    formatLine({ time: isoTime(clock.now()), session, text });

  const lines = openLineBuffer({
    clock,
    write: (lines) => inTurn(() => append(lines)),
    lost: (count) => format(NO_SESSION, `-- ${count} lines are missing here`),
    delay: DELAY,
    batch: BATCH,
    limit: LIMIT,
  });

  /** The folder takes one call at a time. */
  function inTurn(task: () => Promise<void>): Promise<void> {
    const done = previous.then(task);
    previous = done.catch(() => {});
    return done;
  }

  async function append(lines: string): Promise<void> {
    let openedFile: boolean;
    try {
      openedFile = await folder.append(encoder.encode(lines));
    } catch (cause) {
      if (!failed) log.error("transcripts failed", about(cause));
      failed = true;
      throw cause;
    }
    if (failed) log.info("transcripts kept again", { folder: options.folder });
    failed = false;
    if (openedFile) await prune();
  }

  async function prune(): Promise<void> {
    try {
      await folder.prune();
    } catch (cause) {
      log.warn("old transcripts not removed", about(cause));
    }
  }

  function about(cause: unknown): LogFields {
    const error = cause instanceof Error ? cause.message : String(cause);
    return { folder: options.folder, error };
  }

  /** At the start, and at every midnight though nobody connects. */
  function pruneDaily(): void {
    void inTurn(prune);
    cancelMidnight = clock.after(DAY - clock.now() % DAY, pruneDaily);
  }
  pruneDaily();

  function open({ id, peer }: TranscriptSession): Dialogue {
    let closed = false;
    lines.add(format(id, CONNECTED + peer));
    return {
      add(texts) {
        if (closed || texts.length === 0) return;
        const time = isoTime(clock.now());
        let together = "";
        for (const text of texts) {
          together += formatLine({ time, session: id, text });
        }
        lines.add(together);
      },
      close() {
        if (!closed) lines.add(format(id, CLOSED));
        closed = true;
      },
    };
  }

  return {
    open,
    async [Symbol.asyncDispose]() {
      cancelMidnight();
      await lines[Symbol.asyncDispose]();
      await previous;
      folder[Symbol.dispose]();
    },
  };
}

/** Keeps nothing, for `--transcript off`. */
export const noTranscripts: Transcripts = {
  open: () => ({ add() {}, close() {} }),
  async [Symbol.asyncDispose]() {},
};
