import { join } from "node:path";
import {
  findSession,
  lastSessions,
  type SearchOptions,
  sessionLines,
  type SessionSummary,
} from "../server/transcript_search.ts";
import { disk } from "../system/disk.ts";
import { readArguments } from "./load.ts";
import type { Terminal } from "./terminal.ts";

/** So many sessions are listed: a screenful. */
const LISTED = 20;

/**
 * `smtpd transcript ID`: prints the dialogue of the session that has an ID, or by which the message with that
 * queue ID came. Without an ID: lists the last sessions. Exit code 1 when nothing is known of the ID.
 */
export async function transcript(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings, flags } = await readArguments(args, {
    settings: ["mailDir"],
    operands: 1,
  });
  const folder = join(settings.mailDir, ".smtpd", "transcripts");
  const [id] = flags.operands;
  return id === undefined
    ? await list({ folder, disk }, terminal)
    : await show(id, { folder, disk }, terminal);
}

async function show(
  id: string,
  options: SearchOptions,
  terminal: Terminal,
): Promise<number> {
  const session = await findSession(id.toUpperCase(), options);
  if (session === undefined) {
    terminal.error(
      `No session or message ${JSON.stringify(id)} in ${options.folder}`,
    );
    return 1;
  }
  terminal.out(`Session ${session}, times in UTC`);
  for await (const { time, text } of sessionLines(session, options)) {
    terminal.out(`${readable(time)}  ${text}`);
  }
  return 0;
}

async function list(
  options: SearchOptions,
  terminal: Terminal,
): Promise<number> {
  const sessions = await lastSessions(LISTED, options);
  if (sessions.length === 0) {
    terminal.out(`No sessions in ${options.folder}`);
    return 0;
  }
  const width = Math.max(...sessions.map(({ peer }) => peer.length));
  for (const session of sessions) terminal.out(row(session, width));
  return 0;
}

function row(
  { time, session, peer, messages, firstWords }: SessionSummary,
  width: number,
): string {
  const count = `${messages} ${messages === 1 ? "message" : "messages"}`;
  return [
    readable(time),
    session,
    peer.padEnd(width),
    count.padEnd("10 messages".length),
    firstWords,
  ].join("  ").trimEnd();
}

/** `2026-11-23T02:51:03.123Z` as people write it. */
function readable(time: string): string {
  return time.replace("T", " ").replace("Z", "");
}
