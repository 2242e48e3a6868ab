/**
 * Cuts the octets that arrive into what the state machine expects next: a line, message text up to
 * its dot, or a counted run of octets. What the next octets mean is told with every pull, never
 * remembered here.
 *
 * Memory is bounded by construction: the framer holds the chunk last pushed and the start of one
 * line, and hands out views of the chunk.
 */
import { decodeUtf8 } from "./utf8.ts";

const NUL = 0;
const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DOT = 46;
const DELETE = 127;
/** First octet of every TLS handshake record (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 22;

/**
 * Octets in a command line or SASL response, CRLF included. RFC 5321 §4.5.3.1.4 asks for 512 and
 * more with every extension; RFC 4954 §4 for this much, and one limit for all is simpler.
 */
export const LINE_LIMIT = 12_288;

/** What the state machine wants the next octets to be. */
export type Framing =
  | { readonly unit: "line" }
  /** Message text up to CRLF.CRLF, dot-stuffed (RFC 5321 §4.5.2). */
  | { readonly unit: "dotted" }
  /** So many octets; `text` when CR and LF may only come together in them. */
  | { readonly unit: "octets"; readonly left: number; readonly text: boolean };

/** What is wrong with a line. */
export type LineFault =
  | "too long"
  | "bare LF"
  | "control character"
  | "not UTF-8"
  | "TLS";

/** A fault after which the next line can still be told. */
export type PassingFault = Exclude<LineFault, "TLS">;

/** What is wrong with message text; it is refused, but only at its true end. */
export type TextFault = "bare CR" | "bare LF" | "NUL";

/** A piece of input, cut to the framing that was asked for. */
export type Frame =
  /** A line without its CRLF. */
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "bad line"; readonly fault: LineFault }
  /** A view of the chunk last pushed, valid until the next push. */
  | { readonly kind: "body"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The dotted text or the run of octets is complete. */
  | { readonly kind: "end" };

/** Where message text stands between two octets. */
type Place = "line start" | "dot" | "dot CR" | "text" | "CR";

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array();

/** The framer of one session. */
export class Framer {
  #chunk = NOTHING;
  #at = 0;
  /** The start of a line whose end hasn't come, and perhaps room for more of it. */
  #begun = NOTHING;
  /** Octets of that line, past {@linkcode LINE_LIMIT} counted but not kept. */
  #length = 0;
  /** Its last octet. */
  #last: number | undefined;
  /** Whether a bare LF came and no CRLF since. */
  #broken = false;
  #place: Place = "line start";
  #fault: TextFault | undefined;

  /** Whether every octet pushed was pulled, partial lines aside. */
  get idle(): boolean {
    return this.#at === this.#chunk.length;
  }

  /**
   * Takes the next octets, which must stay unchanged until all of them are pulled.
   *
   * @throws {TypeError} When the previous chunk isn't used up.
   */
  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.idle) {
      throw new TypeError("Cannot push octets: the last chunk is not used up");
    }
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** Forgets all input that is waiting, and says whether there was any. */
  clear(): boolean {
    const waiting = !this.idle || this.#length > 0;
    this.#at = this.#chunk.length;
    this.#dropLine();
    this.#broken = false;
    return waiting;
  }

  /** Makes ready for the text of another message. */
  startText(): void {
    this.#place = "line start";
    this.#fault = undefined;
  }

  /**
   * What was wrong with the message's text so far; with `whole`, no more of it comes, so that a CR
   * at its end, which a chunk can leave there (RFC 3030 §2), stands alone.
   */
  textFault({ whole }: { readonly whole: boolean }): TextFault | undefined {
    return this.#fault ??
      (whole && this.#place === "CR" ? "bare CR" : undefined);
  }

  /** The next frame, or `undefined` when more octets are needed for one. */
  pull(framing: Framing): Frame | undefined {
    switch (framing.unit) {
      case "line":
        return this.#line();
      case "dotted":
        return this.#dotted();
      case "octets":
        return this.#octets(framing.left, framing.text);
      default:
        return framing satisfies never;
    }
  }

  /**
   * Only CRLF ends a line (RFC 5321 §2.3.8). A bare LF is told of at once, as nothing else may come
   * for long, but what follows it is the same line: it must not become a command.
   */
  #line(): Frame | undefined {
    if (this.idle) return undefined;
    if (this.#isTlsHello()) {
      this.clear();
      return { kind: "bad line", fault: "TLS" };
    }
    const lf = this.#chunk.indexOf(LF, this.#at);
    const end = lf < 0 ? this.#chunk.length : lf + 1;
    const piece = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    if (lf < 0) {
      this.#keep(piece);
      return undefined;
    }
    const broken = this.#broken;
    const beforeLf = piece.length > 1 ? piece[piece.length - 2] : this.#last;
    this.#broken = beforeLf !== CR;
    const frame = this.#whole(piece);
    return broken && frame.kind === "line"
      ? { kind: "bad line", fault: "bare LF" }
      : frame;
  }

  #isTlsHello(): boolean {
    return this.#chunk[this.#at] === TLS_HANDSHAKE && this.#length === 0 &&
      !this.#broken;
  }

  /** The line that `piece` is or ends. */
  #whole(piece: Uint8Array<ArrayBuffer>): Frame {
    if (this.#length === 0) return toFrame(piece, piece.length);
    this.#keep(piece);
    const frame = toFrame(this.#begun, this.#length);
    this.#dropLine();
    return frame;
  }

  /** Adds to the line that was begun; its room doubles, so that octets one by one cost no more. */
  #keep(piece: Uint8Array<ArrayBuffer>): void {
    const begin = this.#length;
    this.#length += piece.length;
    this.#last = piece.at(-1);
    if (this.#length > LINE_LIMIT) {
      this.#begun = NOTHING;
      return;
    }
    if (this.#length > this.#begun.length) {
      const room = Math.max(64, 2 * this.#length);
      const larger = new Uint8Array(Math.min(room, LINE_LIMIT));
      larger.set(this.#begun);
      this.#begun = larger;
    }
    this.#begun.set(piece, begin);
  }

  #dropLine(): void {
    this.#begun = NOTHING;
    this.#length = 0;
    this.#last = undefined;
  }

  /**
   * RFC 5321 §4.5.2, and its §4.1.1.4: only CRLF.CRLF ends the text. The text starts as if after
   * CRLF, so that a lone dot ends an empty one. A bare LF starts no line here: that is what message
   * smuggling lives on.
   */
  #dotted(): Frame | undefined {
    const chunk = this.#chunk;
    const begin = this.#at;
    let at = begin;
    while (at < chunk.length) {
      switch (this.#place) {
        case "line start":
          if (chunk[at] !== DOT) {
            this.#place = "text";
            break;
          }
          this.#place = "dot";
          this.#at = at + 1;
          if (at > begin) return body(chunk, begin, at);
          return this.#dotted();
        case "dot":
          // A dot with anything but CRLF behind it was stuffing and is gone.
          if (chunk[at] !== CR) {
            this.#place = "text";
            break;
          }
          this.#place = "dot CR";
          this.#at = at + 1;
          return this.#dotted();
        case "dot CR":
          if (chunk[at] === LF) {
            this.#at = at + 1;
            this.#place = "line start";
            return { kind: "end" };
          }
          this.#fault ??= "bare CR";
          this.#place = "text";
          break;
        case "CR":
        case "text":
          at = this.#text(at, chunk.length, true);
          break;
      }
    }
    this.#at = at;
    return at > begin ? body(chunk, begin, at) : undefined;
  }

  #octets(left: number, text: boolean): Frame | undefined {
    if (left === 0) return { kind: "end" };
    if (this.idle) return undefined;
    const begin = this.#at;
    const end = Math.min(this.#chunk.length, begin + left);
    if (text) this.#text(begin, end, false);
    this.#at = end;
    return body(this.#chunk, begin, end);
  }

  /**
   * Looks through message text for what can't be in it, from `at` to `end`, or only to the start of
   * the next line. Returns where it stopped. This is the loop that every octet of mail goes through.
   */
  #text(at: number, end: number, lineByLine: boolean): number {
    const chunk = this.#chunk;
    let afterCr = this.#place === "CR";
    while (at < end) {
      if (afterCr) {
        afterCr = false;
        if (chunk[at] === LF) {
          at++;
          if (!lineByLine) continue;
          this.#place = "line start";
          return at;
        }
        this.#fault ??= "bare CR";
      }
      while (at < end && chunk[at]! > CR) at++;
      if (at === end) break;
      const octet = chunk[at++];
      if (octet === CR) afterCr = true;
      else if (octet === LF) this.#fault ??= "bare LF";
      else if (octet === NUL) this.#fault ??= "NUL";
    }
    this.#place = afterCr ? "CR" : "text";
    return at;
  }
}

function body(
  chunk: Uint8Array<ArrayBuffer>,
  begin: number,
  end: number,
): Frame {
  return { kind: "body", bytes: chunk.subarray(begin, end) };
}

/** A line's octets, LF included, as a frame: the first `length` of `octets`, if it is not too long. */
function toFrame(octets: Uint8Array<ArrayBuffer>, length: number): Frame {
  if (length > LINE_LIMIT) return { kind: "bad line", fault: "too long" };
  if (octets[length - 2] !== CR) return { kind: "bad line", fault: "bare LF" };
  const line = widen(octets.subarray(0, length - 2));
  if (hasControl(line)) return { kind: "bad line", fault: "control character" };
  const text = decodeUtf8(line);
  return text === undefined
    ? { kind: "bad line", fault: "not UTF-8" }
    : { kind: "line", text };
}

function hasControl(line: string): boolean {
  for (let index = 0; index < line.length; index++) {
    const unit = line.charCodeAt(index);
    if ((unit < SPACE && unit !== TAB) || unit === DELETE) return true;
  }
  return false;
}

/** Octets as text, each a UTF-16 unit from 0 to 255. At most {@linkcode LINE_LIMIT} of them. */
function widen(octets: Uint8Array<ArrayBuffer>): string {
  return String.fromCharCode.apply(null, octets as unknown as number[]);
}
