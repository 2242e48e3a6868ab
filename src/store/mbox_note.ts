/** What a lock of ours says from its first moment on, as no other program's does. */
export const LOCK_MARK = "smtpd\n";

/** What the lock of an mbox file says beside that while a message is being added. */
export interface MboxNote {
  /** Octets in the file before. */
  readonly size: number;
  /** The line the message starts with. */
  readonly from: string;
}

const NOTE = /^(?:smtpd\n)?smtpd (?<size>\d+) (?<from>From .+\n)$/;

/**
 * Writes a note.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { leftNote, writtenNote } from "./mbox_note.ts";
 *
 * const note = { size: 4096, from: "From a@b.test Mon Nov 23 09:05:00 2026\n" };
 * assertEquals(leftNote(new TextEncoder().encode(writtenNote(note))), note);
 * ```
 */
export function writtenNote({ size, from }: MboxNote): string {
  return `smtpd ${size} ${from}`;
}

/**
 * Reads the note in a lock. One of ours that has none, or half of one, was left before anything was
 * written to the mailbox: `begun`. `undefined` when it is another program's.
 */
export function leftNote(
  lock: Uint8Array | undefined,
): MboxNote | "begun" | undefined {
  const text = new TextDecoder().decode(lock);
  const groups = NOTE.exec(text)?.groups;
  if (groups) return { size: Number(groups.size), from: groups.from! };
  return text.startsWith(LOCK_MARK) ? "begun" : undefined;
}
