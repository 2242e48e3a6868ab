/** What the lock of an mbox file says while a message is being added. */
export interface MboxNote {
  /** Octets in the file before. */
  readonly size: number;
  /** The line the message starts with. */
  readonly from: string;
}

const NOTE = /^smtpd (?<size>\d+) (?<from>From .+\n)$/;

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

/** Reads the note in a lock; `undefined` when there is none, or half of one, or another's. */
export function leftNote(lock: Uint8Array | undefined): MboxNote | undefined {
  const groups = lock && NOTE.exec(new TextDecoder().decode(lock))?.groups;
  return groups && { size: Number(groups.size), from: groups.from! };
}
