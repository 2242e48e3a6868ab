const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const NAME = [..."received:"].map((letter) => letter.charCodeAt(0));
const COLON_AT = NAME.length - 1;
const CAPITAL_A = 65;
const CAPITAL_Z = 90;
const FOLD_CASE = 0x20;

/**
 * Counts the hosts a message has been through, by the `Received` fields of its header
 * (RFC 5321 §6.3), while the message streams by.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HopCounter } from "./hops.ts";
 *
 * const counter = new HopCounter();
 * counter.scan(new TextEncoder().encode("Received: from a\r\nRECEI"));
 * counter.scan(new TextEncoder().encode("VED: from b\r\n\r\nReceived: no\r\n"));
 * assertEquals(counter.hops, 2);
 * ```
 */
export class HopCounter {
  /** `Received` fields seen. */
  hops = 0;
  /** Octets of {@linkcode NAME} that the line begins with so far; `undefined` inside a line. */
  #matched: number | undefined = 0;
  #inHeader = true;

  /** Takes the next octets of the message. Past the header it costs nothing. */
  scan(bytes: Uint8Array): void {
    for (let at = 0; this.#inHeader && at < bytes.length;) {
      if (this.#matched === undefined) {
        const lf = bytes.indexOf(LF, at);
        if (lf < 0) return;
        at = lf + 1;
        this.#matched = 0;
      } else {
        at += this.#match(bytes[at]!, this.#matched);
      }
    }
  }

  /** Holds one octet against the name; returns whether it is used up. */
  #match(octet: number, matched: number): 0 | 1 {
    if (matched === 0 && (octet === CR || octet === LF)) {
      this.#inHeader = false;
    } else if (inLowerCase(octet) === NAME[matched]) {
      const whole = matched + 1 === NAME.length;
      if (whole) this.hops++;
      this.#matched = whole ? undefined : matched + 1;
      return 1;
    } else if (matched === COLON_AT && (octet === SPACE || octet === TAB)) {
      // RFC 5322 §4.5: white space before the colon, as it was written long ago.
      return 1;
    } else {
      this.#matched = undefined;
    }
    return 0;
  }
}

function inLowerCase(octet: number): number {
  return octet >= CAPITAL_A && octet <= CAPITAL_Z ? octet | FOLD_CASE : octet;
}
