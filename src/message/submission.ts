import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import { formatDate } from "./date.ts";
import { type LineStart, lineStart } from "./header_line.ts";
import { concat, encodeText } from "./mime_part.ts";

/** What a message gets where its client left it out. */
export interface Supplements {
  /** Whom it is from: the address of who logged in. */
  readonly from: Mailbox;
  /** When it was submitted, milliseconds since the Unix epoch. */
  readonly date: number;
  /** What nothing else is called, `ID@hostname`, without its angle brackets. */
  readonly messageId: string;
}

/** A submitted message on its way in. */
export interface Submission {
  /**
   * Takes the next octets and gives out those to store, in order. They are views of what came in,
   * where they can be, and no longer valid than it.
   */
  push(bytes: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[];
  /** Ends the message and gives out what is left to store. */
  end(): Uint8Array<ArrayBuffer>;
}

/** Fields whose text is for nobody who gets the message (RFC 5322 §3.6.3, §3.6.6). */
const HIDDEN: ReadonlySet<string> = new Set(["bcc", "resent-bcc"]);

const LF = 10;
const CRLF = "\r\n";
const NOTHING = new Uint8Array(0);

/**
 * Puts a message that a mail program submits in order while it streams by (RFC 6409 §8): without
 * the fields that name blind recipients, and with `Date`, `From` and `Message-ID` at the end of the
 * header where there are none.
 *
 * The header ends at its empty line or, as in Postfix, before a line that is no field; an empty line
 * is put there then. The first line of an mbox becomes a field `X-Mailbox-Line`. Of a message of any
 * length no more than the beginning of a line is kept.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeSubmission } from "./submission.ts";
 *
 * const submission = makeSubmission({
 *   from: { local: "petya", domain: "test.ru" },
 *   date: Date.UTC(2026, 10, 23, 2, 51, 3),
 *   messageId: "0K3F7Q2M1QX@mx.test.ru",
 * });
 * const message = "Subject: Hello\r\nBcc: vasya@test.ru\r\n\r\nHi!\r\n";
 * const pieces = submission.push(new TextEncoder().encode(message));
 * const stored = await new Blob([...pieces, submission.end()]).text();
 * assertEquals(
 *   stored,
 *   "Subject: Hello\r\n" +
 *     "Date: Mon, 23 Nov 2026 02:51:03 +0000\r\n" +
 *     "From: <petya@test.ru>\r\n" +
 *     "Message-ID: <0K3F7Q2M1QX@mx.test.ru>\r\n" +
 *     "\r\nHi!\r\n",
 * );
 * ```
 */
export function makeSubmission(
  { from, date, messageId }: Supplements,
): Submission {
  /** The fields not seen yet, by name. */
  const missing = new Map([
    ["date", `Date: ${formatDate(date)}\r\n`],
    ["from", `From: <${formatMailbox(from)}>\r\n`],
    ["message-id", `Message-ID: <${messageId}>\r\n`],
  ]);
  let place: "first line" | "line start" | "line" | "body" = "first line";
  /** Whether the field that we are in is left out. */
  let hiding = false;
  /** The beginning of a line, as long as it may be anything. */
  let held = NOTHING;

  return {
    push(bytes) {
      if (place === "body") return [bytes];
      const octets = held.length === 0 ? bytes : concat([held, bytes]);
      held = NOTHING;
      return readHeader(octets);
    },

    end() {
      if (place === "body") return NOTHING;
      if (held.length > 0) {
        return concat([encodeText(begin({ kind: "text" })), held]);
      }
      const cutOff = place === "line" && !hiding && missing.size > 0;
      return encodeText((cutOff ? CRLF : "") + leaveHeader());
    },
  };

  function readHeader(
    octets: Uint8Array<ArrayBuffer>,
  ): readonly Uint8Array<ArrayBuffer>[] {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    /** What is before it is given out or left out. */
    let done = 0;
    const giveOut = (end: number): void => {
      if (end > done) pieces.push(octets.subarray(done, end));
      done = end;
    };
    for (let at = 0; place !== "body" && at < octets.length;) {
      if (place === "line") {
        const lf = octets.indexOf(LF, at);
        at = lf < 0 ? octets.length : lf + 1;
        if (lf >= 0) place = "line start";
        if (hiding) done = at;
        continue;
      }
      const start = lineStart(octets, at);
      if (start.kind === "unclear") {
        held = octets.slice(at);
        giveOut(at);
        return pieces;
      }
      const inserted = begin(start);
      if (inserted !== "" || hiding) giveOut(at);
      if (inserted !== "") pieces.push(encodeText(inserted));
    }
    giveOut(octets.length);
    return pieces;
  }

  /** Goes into a line; returns what is to be put before it. */
  function begin(line: Exclude<LineStart, { kind: "unclear" }>): string {
    const first = place === "first line";
    place = "line";
    switch (line.kind) {
      case "field":
        missing.delete(line.name);
        hiding = HIDDEN.has(line.name);
        return "";
      case "folded":
        return first ? leaveHeader() + CRLF : "";
      case "mbox":
        return first ? "X-Mailbox-Line: " : leaveHeader() + CRLF;
      case "empty":
        return leaveHeader();
      case "text":
        return leaveHeader() + CRLF;
      default:
        return line satisfies never;
    }
  }

  /** Ends the header; returns the fields that it lacks. */
  function leaveHeader(): string {
    place = "body";
    hiding = false;
    return [...missing.values()].join("");
  }
}
