import type { Clock } from "../ports/clock.ts";

/** How a {@linkcode LineBuffer} gathers and writes. Sizes are in UTF-16 code units. */
export interface LineBufferOptions {
  readonly clock: Clock;
  /** Writes whole lines; it is not called again until it is done. What it throws counts as lines lost. */
  readonly write: (lines: string) => void | Promise<void>;
  /** The line, with its end, that stands where `count` lines were lost. */
  readonly lost: (count: number) => string;
  /** Longest time a line waits for others to be written with, in milliseconds. */
  readonly delay: number;
  /** So much is written at once, without waiting for more. */
  readonly batch: number;
  /** No more than this is ever kept waiting. */
  readonly limit: number;
}

/** Gathers lines to write them together: one write at a time, in bounded memory. */
export interface LineBuffer extends AsyncDisposable {
  /**
   * Takes a line with its end, or several that belong together. Never waits, never throws. When the writer
   * is too slow the oldest lines are lost, those to `keep` last of all.
   */
  add(lines: string, keep?: boolean): void;
  /** Writes what is waiting and takes no more lines. Settled when all is written. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Lines that came together. */
interface Lines {
  readonly text: string;
  readonly keep: boolean;
}

/** Opens a buffer with nothing in it. */
export function openLineBuffer(options: LineBufferOptions): LineBuffer {
  const { clock, write, delay, batch, limit } = options;
  let waiting: Lines[] = [];
  let size = 0;
  let lost = 0;
  let cancelTimer: (() => void) | undefined;
  let writing: Promise<void> | undefined;
  let closed = false;

  function add(text: string, keep = false): void {
    if (closed) return;
    waiting.push({ text, keep });
    size += text.length;
    if (size > limit) shed();
    schedule();
  }

  /** Drops the oldest lines, and a quarter of the room at once so that the next lines find some. */
  function shed(): void {
    const goal = limit * 0.75;
    for (const sparing of [true, false]) {
      waiting = waiting.filter((lines) => {
        if (size <= goal || (sparing && lines.keep)) return true;
        size -= lines.text.length;
        lost += countLines(lines.text);
        return false;
      });
    }
  }

  function schedule(): void {
    if (writing || waiting.length === 0) return;
    if (size >= batch) start();
    else cancelTimer ??= clock.after(delay, start);
  }

  function start(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    writing = writeWaiting().then(() => {
      writing = undefined;
      schedule();
    });
  }

  async function writeWaiting(): Promise<void> {
    const text = waiting.map(({ text }) => text).join("");
    const lostBefore = lost;
    const note = lostBefore > 0 ? options.lost(lostBefore) : "";
    waiting = [];
    size = 0;
    lost = 0;
    try {
      await write(note + text);
    } catch {
      lost += lostBefore + countLines(text);
    }
  }

  async function close(): Promise<void> {
    closed = true;
    await writing;
    if (waiting.length > 0) start();
    await writing;
  }

  return { add, [Symbol.asyncDispose]: close };
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
