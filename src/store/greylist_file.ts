import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { replaceFile } from "./atomic.ts";

/** What a line of the file says. */
export interface GreylistLine {
  /** A client's network, and of a triplet its two paths. Never empty, without line ends. */
  readonly who: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** A whole number. */
  readonly passes: number;
}

/** A greylist's memory on disk. */
export interface GreylistFile extends AsyncDisposable {
  /** What the file held when it was opened. */
  readonly sightings: readonly GreylistLine[];
  /**
   * Writes `sightings` within a minute, as they are then, so that it costs nothing to tell of every
   * change.
   */
  keep(sightings: Iterable<GreylistLine>): void;
  /** Writes what is still to be written; from then on `keep` does nothing. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds from a change until it is written. */
const PAUSE = 60_000;

const HEADING =
  "# The greylist, written by smtpd: when, how often passed, who.\n";

/** `2026-01-01T00:00:00.000Z 0 192.0.2.0/24 <vasya@another.test> <petya@test.ru>` */
const LINE = /^(?<at>\S+) (?<passes>\d{1,9}) (?<who>\S.*)$/s;

/**
 * Opens the file, in a folder that is there. It is text, as a mail that waits is easier to explain
 * when people can look.
 *
 * To lose it costs no mail, only time. So what can't be read is logged and passed over, what can't
 * be written is logged and tried again a minute later, and a power failure may take the last minute.
 * Never throws.
 */
export async function openGreylistFile(
  { path, disk, clock, log }: {
    readonly path: string;
    readonly disk: Disk;
    readonly clock: Clock;
    readonly log: Log;
  },
): Promise<GreylistFile> {
  let unwritten: Iterable<GreylistLine> | undefined;
  let cancel: (() => void) | undefined;
  let writing = Promise.resolve();
  let open = true;

  function keep(sightings: Iterable<GreylistLine>): void {
    if (!open) return;
    unwritten = sightings;
    cancel ??= clock.after(PAUSE, () => {
      cancel = undefined;
      writing = writing.then(writeNow);
    });
  }

  async function writeNow(): Promise<void> {
    const sightings = unwritten;
    if (sightings === undefined) return;
    unwritten = undefined;
    try {
      await replaceFile(path, formatLines(sightings), disk);
    } catch (cause) {
      log.warn("greylist not saved", { path, why: reason(cause) });
      keep(sightings);
    }
  }

  return {
    sightings: await readLines(path, { disk, log }),
    keep,
    async [Symbol.asyncDispose]() {
      open = false;
      cancel?.();
      await writing.then(writeNow);
    },
  };
}

async function readLines(
  path: string,
  { disk, log }: { readonly disk: Disk; readonly log: Log },
): Promise<readonly GreylistLine[]> {
  try {
    const contents = await disk.read(path);
    if (contents === undefined) return [];
    const lines = new TextDecoder().decode(contents).split(/\r?\n/)
      .filter((line) => line !== "" && !line.startsWith("#"));
    const read = lines.flatMap((line) => readLine(line) ?? []);
    const damaged = lines.length - read.length;
    if (damaged > 0) {
      log.warn("damaged greylist lines ignored", { path, lines: damaged });
    }
    return read;
  } catch (cause) {
    log.error("greylist unreadable", { path, why: reason(cause) });
    return [];
  }
}

function readLine(line: string): GreylistLine | undefined {
  const groups = LINE.exec(line)?.groups;
  if (groups === undefined) return undefined;
  const at = Date.parse(groups.at!);
  return Number.isNaN(at)
    ? undefined
    : { who: groups.who!, at, passes: Number(groups.passes) };
}

function formatLines(
  sightings: Iterable<GreylistLine>,
): Uint8Array<ArrayBuffer> {
  const lines = Array.from(
    sightings,
    ({ who, at, passes }) => `${new Date(at).toISOString()} ${passes} ${who}\n`,
  );
  return new TextEncoder().encode(HEADING + lines.join(""));
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
