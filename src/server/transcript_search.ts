import { join } from "node:path";
import type { Disk } from "../ports/disk.ts";
import { timeOfId } from "../queue/id.ts";
import {
  dayOf,
  fileName,
  listTranscriptFiles,
  type TranscriptFile,
} from "./transcript_files.ts";
import {
  CLOSED,
  CONNECTED,
  isSent,
  parseLine,
  queuedAs,
  type TranscriptLine,
} from "./transcript_line.ts";

/** Where to search. */
export interface SearchOptions {
  /** The folder of the transcripts. */
  readonly folder: string;
  readonly disk: Pick<Disk, "list" | "stream">;
}

/** What is told of a session in a list. */
export interface SessionSummary {
  readonly session: string;
  /** When it began: ISO 8601, UTC. */
  readonly time: string;
  readonly peer: string;
  /** How many messages it brought, or took to another server. */
  readonly messages: number;
  /** The first thing the client said; empty when it said nothing. */
  readonly firstWords: string;
}

/** An ID may run ahead of the clock that names the files. */
const CLOCK_MARGIN = 60_000;

/** No line we write is longer: every character of the longest text escaped. */
const LONGEST_LINE = 16 * 1024;

/**
 * Finds the session that has an ID, or in which the message with that queue ID came; `undefined` when there
 * is none on record. Throws when the disk does.
 */
export async function findSession(
  id: string,
  options: SearchOptions,
): Promise<string | undefined> {
  for (const file of await filesSince(id, options)) {
    for await (const line of linesWith(id, file, options)) {
      if (line.session === id || queuedAs(line.text) === id) {
        return line.session;
      }
    }
  }
  return undefined;
}

/** The lines of a session, from first to last; none when it isn't on record. Throws when the disk does. */
export async function* sessionLines(
  session: string,
  options: SearchOptions,
): AsyncGenerator<TranscriptLine> {
  for (const file of await filesSince(session, options)) {
    for await (const line of linesWith(session, file, options)) {
      if (line.session !== session) continue;
      yield line;
      if (line.text === CLOSED) return;
    }
  }
}

/** The `count` sessions that began last, in the order they began. Throws when the disk does. */
export async function lastSessions(
  count: number,
  options: SearchOptions,
): Promise<readonly SessionSummary[]> {
  const summaries = new Map<string, SessionSummary>();
  for (const file of await filesWithLast(count, options)) {
    for await (const line of linesWith("", file, options)) {
      const summary = summaries.get(line.session);
      if (summary) summaries.set(line.session, summarized(summary, line));
      else if (line.text.startsWith(CONNECTED)) {
        summaries.set(line.session, begun(line));
        const [oldest] = summaries.keys();
        if (summaries.size > count) summaries.delete(oldest!);
      }
    }
  }
  return [...summaries.values()];
}

function begun({ session, time, text }: TranscriptLine): SessionSummary {
  const peer = text.slice(CONNECTED.length);
  return { session, time, peer, messages: 0, firstWords: "" };
}

function summarized(
  summary: SessionSummary,
  { text }: TranscriptLine,
): SessionSummary {
  if (queuedAs(text) !== undefined || isSent(text)) {
    return { ...summary, messages: summary.messages + 1 };
  }
  if (summary.firstWords === "" && text.startsWith("<- ")) {
    return { ...summary, firstWords: text.slice("<- ".length) };
  }
  return summary;
}

/** The newest files that hold the beginnings of `count` sessions, oldest first. */
async function filesWithLast(
  count: number,
  options: SearchOptions,
): Promise<readonly TranscriptFile[]> {
  const files = await listTranscriptFiles(options.folder, options.disk);
  let sessions = 0;
  let first = files.length;
  while (first > 0 && sessions < count) {
    first -= 1;
    for await (const line of linesWith(CONNECTED, files[first]!, options)) {
      if (line.text.startsWith(CONNECTED)) sessions += 1;
    }
  }
  return files.slice(first);
}

/** The files that may speak of an ID, oldest first: none is older than the ID. */
async function filesSince(
  id: string,
  { folder, disk }: SearchOptions,
): Promise<readonly TranscriptFile[]> {
  const time = timeOfId(id);
  if (time === undefined) return [];
  const files = await listTranscriptFiles(folder, disk);
  const firstDay = dayOf(time - CLOCK_MARGIN);
  return files.filter(({ day }) => day >= firstDay);
}

/** The undamaged lines of a file in which `words` occur. */
async function* linesWith(
  words: string,
  file: TranscriptFile,
  { folder, disk }: SearchOptions,
): AsyncGenerator<TranscriptLine> {
  for await (const block of wholeLines(join(folder, fileName(file)), disk)) {
    // Most blocks are passed over here, at the speed of memory.
    if (!block.includes(words)) continue;
    for (const text of block.split("\n")) {
      const line = text.includes(words) ? parseLine(text) : undefined;
      if (line) yield line;
    }
  }
}

/** A file as blocks of whole lines; a last line without an end is still being written. */
async function* wholeLines(
  path: string,
  disk: Pick<Disk, "stream">,
): AsyncGenerator<string> {
  // Deno 2.9.6 takes U+FEFF at the start of any piece for a mark of UTF-8.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  for await (const piece of disk.stream(path)) {
    const text = rest + decoder.decode(piece, { stream: true });
    const end = text.lastIndexOf("\n") + 1;
    yield text.slice(0, end);
    rest = text.slice(end);
    if (rest.length > LONGEST_LINE) rest = "";
  }
}
