/**
 * Message text as it goes on the wire after DATA (RFC 5321 §4.5.2): a dot is put before each line
 * that starts with one.
 *
 * No CR or LF ever leaves alone (RFC 5321 §2.3.8): each becomes CRLF, which is what whoever wrote
 * it meant by it, and what keeps a peer that takes one for the end of a line from seeing another
 * message than we do. Our own server lets no such text in, so that this changes nothing that a
 * signature covers; it is there for what comes by other ways.
 */
const LF = 10;
const CR = 13;
const DOT = 46;

/** What must be put into the text, and before which of its octets. */
interface Insertion {
  readonly at: number;
  readonly octet: number;
}

/**
 * The text of one message, piece by piece. What comes out doesn't depend on where it is cut.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Stuffer } from "./stuffing.ts";
 *
 * const stuffer = new Stuffer();
 * const octets = stuffer.stuff(new TextEncoder().encode("Hi\n.hidden"));
 * assertEquals(new TextDecoder().decode(octets), "Hi\r\n..hidden");
 * assertEquals(stuffer.end(), "\r\n.\r\n");
 * ```
 */
export class Stuffer {
  /** What stands before the next octet. The text starts as if after CRLF (RFC 5321 §4.1.1.4). */
  #place: "line start" | "text" | "CR" = "line start";

  /** The octets to send for a piece of text: `bytes` themselves when nothing must be put in. */
  stuff(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const insertions = this.#insertions(bytes);
    return insertions.length === 0 ? bytes : insert(bytes, insertions);
  }

  /** What ends the text: CRLF if the last line lacks it, or part of it, and the lone dot. */
  end(): string {
    const place = this.#place;
    this.#place = "line start";
    if (place === "line start") return ".\r\n";
    return place === "CR" ? "\n.\r\n" : "\r\n.\r\n";
  }

  /** This is the loop that every octet of mail goes through. */
  #insertions(bytes: Uint8Array): readonly Insertion[] {
    const insertions: Insertion[] = [];
    let place = this.#place;
    for (let at = 0; at < bytes.length; at++) {
      const octet = bytes[at]!;
      if (octet > DOT && place === "text") continue;
      if (place === "CR") {
        if (octet === LF) {
          place = "line start";
          continue;
        }
        insertions.push({ at, octet: LF });
        place = "line start";
      }
      if (octet === LF) {
        insertions.push({ at, octet: CR });
        place = "line start";
      } else if (octet === CR) {
        place = "CR";
      } else {
        if (octet === DOT && place === "line start") {
          insertions.push({ at, octet: DOT });
        }
        place = "text";
      }
    }
    this.#place = place;
    return insertions;
  }
}

function insert(
  bytes: Uint8Array<ArrayBuffer>,
  insertions: readonly Insertion[],
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length + insertions.length);
  let from = 0;
  let to = 0;
  for (const { at, octet } of insertions) {
    out.set(bytes.subarray(from, at), to);
    to += at - from;
    out[to++] = octet;
    from = at;
  }
  out.set(bytes.subarray(from), to);
  return out;
}
