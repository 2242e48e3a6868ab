/**
 * What message text means, in as few words as can be: not fast, not in pieces, plainly right. Octets
 * are widened to UTF-16 units.
 */

/** Text after DATA as RFC 5321 §4.5.2 has it. */
export interface ReferenceText {
  /** The message, transparency undone. */
  readonly text: string;
  /** Whether a CR, LF or NUL stands in it that can't. */
  readonly bad: boolean;
  /** What comes behind the end. */
  readonly rest: string;
}

/** Reads text up to its end; `undefined` when the end is missing. */
export function readDotted(octets: string): ReferenceText | undefined {
  const input = `\r\n${octets}`;
  const end = input.indexOf("\r\n.\r\n");
  if (end < 0) return undefined;
  const stuffed = input.slice(0, end + 2);
  return {
    text: stuffed.replaceAll("\r\n.", "\r\n").slice(2),
    bad: isBad(stuffed),
    rest: input.slice(end + 5),
  };
}

/** Whether text has a CR without LF, an LF without CR, or a NUL. */
export function isBad(text: string): boolean {
  return /[\r\n\0]/.test(text.replaceAll("\r\n", ""));
}
