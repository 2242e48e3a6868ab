import type { ReportedMessage } from "./dsn_facts.ts";
import { concat, type Part, survey } from "./mime_part.ts";

const LF = 10;
const CR = 13;

/**
 * The part that returns what the sender sent; `undefined` when there is nothing to return.
 *
 * Where the header isn't what the type promises (8-bit text without SMTPUTF8, over-long lines, bare
 * newlines), the message can't be returned whole: it would make the report itself invalid. Then its
 * header goes alone, as `text/rfc822-headers` in quoted-printable, which is what RFC 6522 §4 has it
 * for. A body that isn't lines of text (BINARYMIME) stays behind as well.
 */
export function originalPart(
  { returned, smtputf8 }: ReportedMessage,
  { whole }: { readonly whole: boolean },
): Part | undefined {
  if (returned === null) return undefined;
  const { octets } = returned;
  const header = headerOf(octets);
  if (header.length === 0) return undefined;

  const { ascii } = survey(header);
  const global = !ascii && smtputf8 && isUtf8(header);
  if (
    whole && returned.kind === "message" && (ascii || global) &&
    survey(octets).lines
  ) {
    return {
      type: global ? "message/global" : "message/rfc822",
      description: "The message",
      content: concat([octets]),
      eightBit: true,
    };
  }
  return {
    type: global ? "message/global-headers" : "text/rfc822-headers",
    description: "The message's header",
    content: concat([header]),
    eightBit: global,
  };
}

/** The header without the blank line that ends it; everything when none does. */
function headerOf(octets: Uint8Array): Uint8Array {
  for (let at = 0; at >= 0; at = nextLine(octets, at)) {
    const first = octets[at];
    if (first === LF || (first === CR && octets[at + 1] === LF)) {
      return octets.subarray(0, at);
    }
  }
  return octets;
}

/** Where the next line starts; -1 when there is none. */
function nextLine(octets: Uint8Array, from: number): number {
  const lf = octets.indexOf(LF, from);
  return lf < 0 ? -1 : lf + 1;
}

function isUtf8(octets: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}
