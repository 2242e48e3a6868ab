/**
 * Reads what a server says (RFC 5321 §4.2), as it says it in the wild: lines that end in LF alone,
 * codes with nothing or something odd behind them, text in any charset. What it can't be read as is
 * a fault, after which there is no telling where the next reply starts.
 *
 * Memory is bounded: the chunk last pushed, and one reply.
 */
import type { Reply } from "./reply.ts";
import { decodeUtf8 } from "./utf8.ts";

const LF = 10;

/** Octets of a line that are kept (RFC 5321 §4.5.3.1.5 allows 512); the rest is dropped. */
const LINE_KEPT = 2_048;

/** Octets in one reply, with all its lines. EHLO and HELP answers take 1 or 2 KiB. */
export const REPLY_LIMIT: number = 64 * 1024;

/**
 * A line of a reply: the code, what separates it from the text, and the text. Only a hyphen has a
 * meaning: more lines follow.
 */
const LINE = /^([2-5]\d\d)(?:([^\d])(.*))?$/su;

/** RFC 3463 §2: `class "." subject "." detail`, followed by a space or nothing. */
const STATUS = /^[245]\.\d{1,3}\.\d{1,3}(?=\s|$)/;

/** What the server said, or why it can't be understood. */
export type ParsedReply =
  | {
    readonly kind: "reply";
    readonly reply: Reply;
    /** The lines as they came, without their ends, fit for a record. */
    readonly lines: readonly string[];
  }
  | {
    readonly kind: "fault";
    readonly why: "not a reply" | "too long";
    /** The line at fault, or as much of it as there is. */
    readonly line: string;
  };

/**
 * The replies of one session.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ReplyParser } from "./reply_parser.ts";
 *
 * const parser = new ReplyParser();
 * parser.push(new TextEncoder().encode("550-5.1.1 Nobody\r\n550 5.1.1 by that name\r\n"));
 * assertEquals(parser.pull(), {
 *   kind: "reply",
 *   reply: { code: 550, status: "5.1.1", text: ["Nobody", "by that name"] },
 *   lines: ["550-5.1.1 Nobody", "550 5.1.1 by that name"],
 * });
 * assertEquals(parser.pull(), undefined);
 * ```
 */
export class ReplyParser {
  #chunk: Uint8Array = new Uint8Array();
  #at = 0;
  /** The start of a line whose end hasn't come, an octet a UTF-16 unit. */
  #partial = "";
  /** Lines of the reply whose last line hasn't come. */
  #lines: string[] = [];
  /** Octets of the reply so far. */
  #octets = 0;

  /** Whether nothing is waiting: no octet, and no part of a reply. */
  get idle(): boolean {
    return this.#at === this.#chunk.length && this.#octets === 0;
  }

  /**
   * Takes the next octets, which must stay unchanged until `pull` returns `undefined`.
   *
   * @throws {TypeError} When the previous chunk isn't used up.
   */
  push(bytes: Uint8Array): void {
    if (this.#at < this.#chunk.length) {
      throw new TypeError("Cannot push octets: the last chunk is not used up");
    }
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** The next reply, or `undefined` when more octets are needed for one. */
  pull(): ParsedReply | undefined {
    for (;;) {
      const octets = this.#line();
      if (this.#octets > REPLY_LIMIT) {
        return this.#fault("too long", octets ?? this.#partial);
      }
      if (octets === undefined) return undefined;
      const line = toText(octets);
      const match = LINE.exec(line);
      if (match === null) return this.#fault("not a reply", octets);
      this.#lines.push(line);
      if (match[2] !== "-") return this.#reply(Number(match[1]));
    }
  }

  /** The octets of a line without its end, or of its first part. */
  #line(): string | undefined {
    const lf = this.#chunk.indexOf(LF, this.#at);
    const end = lf < 0 ? this.#chunk.length : lf;
    const room = LINE_KEPT - this.#partial.length;
    const kept = this.#chunk.subarray(this.#at, Math.min(end, this.#at + room));
    this.#partial += String.fromCharCode(...kept);
    const next = lf < 0 ? end : lf + 1;
    this.#octets += next - this.#at;
    this.#at = next;
    if (lf < 0) return undefined;
    const line = this.#partial;
    this.#partial = "";
    return line;
  }

  #reply(code: number): ParsedReply {
    const lines = this.#lines;
    this.#lines = [];
    this.#octets = 0;
    // Where the lines differ, the last one counts, as it does for most clients.
    return { kind: "reply", reply: toReply(code, lines), lines };
  }

  #fault(why: "not a reply" | "too long", octets: string): ParsedReply {
    this.#at = this.#chunk.length;
    this.#partial = "";
    this.#lines = [];
    this.#octets = 0;
    return { kind: "fault", why, line: toText(octets) };
  }
}

function toReply(code: number, lines: readonly string[]): Reply {
  const texts = lines.map((line) => line.replace(/^\d{3}.?/su, "").trim());
  const status = STATUS.exec(texts.at(-1)!)?.[0];
  // RFC 2034 §4: the class is the code's first digit. Anything else is text that looks like it.
  if (status === undefined || status[0] !== String(code)[0]) {
    return { code, text: oneOrMore(texts) };
  }
  const bare = texts.map((text) =>
    STATUS.exec(text)?.[0] === status
      ? text.slice(status.length).trimStart()
      : text
  );
  return { code, status, text: oneOrMore(bare) };
}

function oneOrMore(texts: readonly string[]): string | readonly string[] {
  return texts.length === 1 ? texts[0]! : texts;
}

/** Octets as text that can do no harm to a log or a terminal. */
function toText(octets: string): string {
  const text = decodeUtf8(octets) ??
    octets.replace(/[\u0080-\u00ff]/g, "\ufffd");
  return text.replace(/\p{Cc}/gu, " ").trimEnd();
}
