const CR = 0x0d;
const LF = 0x0a;
const QUOTE = 0x3e; // >
const FROM = new TextEncoder().encode("From ");

/** Turns the pieces of one message, in order, into what stands in an mbox file. */
export interface MboxText {
  /** The text of a piece. Its last few octets may come with the next. */
  push(piece: Uint8Array): Uint8Array<ArrayBuffer>;
  /** What is left, and the blank line that ends a message. */
  end(): Uint8Array<ArrayBuffer>;
}

/**
 * Writes a message as mbox text: lines end in LF alone (some readers keep a CR as part of the
 * line), and every line that starts with `From `, or with that behind any number of `>`, gets one
 * `>` more, so that no line of a message is taken for the start of the next and a reader can undo
 * it (the variant called mboxrd).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mboxText } from "./mbox_text.ts";
 *
 * const text = mboxText();
 * const bytes = text.push(new TextEncoder().encode("Hi\r\nFrom me"));
 * const all = [...bytes, ...text.end()];
 * assertEquals(new TextDecoder().decode(new Uint8Array(all)), "Hi\n>From me\n\n");
 * ```
 */
export function mboxText(): MboxText {
  /** Whether a CR is held back until it is known not to be part of a line's end. */
  let cr = false;
  /** Octets of `From ` seen and held back, at the start of a line; -1 inside a line. */
  let matched = 0;
  /** Whether the last line has ended. */
  let ended = true;

  function push(piece: Uint8Array): Uint8Array<ArrayBuffer> {
    // Held back: 5 octets. Added: one to each 5.
    const out = new Uint8Array(piece.length + Math.ceil(piece.length / 5) + 6);
    let length = 0;
    for (const octet of piece) {
      if (cr && octet !== LF) put(CR);
      cr = octet === CR;
      if (!cr) put(octet);
    }
    return out.subarray(0, length);

    function put(octet: number): void {
      if (matched >= 0 && octet === FROM[matched]) {
        matched++;
        if (matched < FROM.length) return;
        out[length++] = QUOTE;
        release();
        return;
      }
      // Where among the `>` the one more goes makes no difference: they pass as they come.
      const quoting = matched === 0 && octet === QUOTE;
      if (matched > 0) release();
      out[length++] = octet;
      ended = octet === LF;
      matched = ended || quoting ? 0 : -1;
    }

    function release(): void {
      out.set(FROM.subarray(0, matched), length);
      length += matched;
      matched = -1;
      ended = false;
    }
  }

  function end(): Uint8Array<ArrayBuffer> {
    const held = [...FROM.subarray(0, Math.max(matched, 0)), ...cr ? [CR] : []];
    const closed = ended && held.length === 0;
    return new Uint8Array([...held, ...closed ? [] : [LF], LF]);
  }

  return { push, end };
}
