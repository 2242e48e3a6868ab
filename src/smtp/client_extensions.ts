/** What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1). */
import type { Reply } from "./reply.ts";

/** The service extensions of a server that we make use of. */
export interface RemoteExtensions {
  /** RFC 2920. */
  readonly pipelining: boolean;
  /** RFC 1870: octets of the largest message, 0 if it doesn't say; `undefined` without SIZE. */
  readonly size: number | undefined;
  /** RFC 6152. */
  readonly eightBitMime: boolean;
  /** RFC 6531. */
  readonly smtputf8: boolean;
  /** RFC 3030, both CHUNKING and BINARYMIME. */
  readonly binary: boolean;
  /** RFC 3207. */
  readonly startTls: boolean;
  /** RFC 3461. */
  readonly dsn: boolean;
  /** RFC 4954: SASL mechanisms, in upper case. */
  readonly mechanisms: readonly string[];
  /** RFC 9422, RCPTMAX: recipients of one transaction; `undefined` if it doesn't say. */
  readonly maxRecipients: number | undefined;
  /** RFC 9422, MAILMAX: transactions of one session; `undefined` if it doesn't say. */
  readonly maxTransactions: number | undefined;
}

/** A server that was greeted with HELO, or that nothing is known of. */
export const NO_EXTENSIONS: RemoteExtensions = {
  pipelining: false,
  size: undefined,
  eightBitMime: false,
  smtputf8: false,
  binary: false,
  startTls: false,
  dsn: false,
  mechanisms: [],
  maxRecipients: undefined,
  maxTransactions: undefined,
};

/**
 * Reads a positive answer to EHLO. What isn't of its keyword's form counts as not offered.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseExtensions } from "./client_extensions.ts";
 *
 * const { size, mechanisms } = parseExtensions({
 *   code: 250,
 *   text: ["mx.test.ru", "SIZE 1000", "AUTH PLAIN LOGIN"],
 * });
 * assertEquals(size, 1000);
 * assertEquals(mechanisms, ["PLAIN", "LOGIN"]);
 * ```
 */
export function parseExtensions({ text }: Reply): RemoteExtensions {
  const offered = new Map<string, readonly string[]>();
  // The first line names the host. Some say only one line, which then has no keyword.
  for (const line of typeof text === "string" ? [] : text.slice(1)) {
    // "AUTH=LOGIN" is how servers wrote it before RFC 2554, for clients that still want it so.
    const [keyword, ...words] = line.toUpperCase().replace(/^AUTH=/, "AUTH ")
      .split(/\s+/);
    offered.set(keyword!, [...offered.get(keyword!) ?? [], ...words]);
  }
  const limits = offered.get("LIMITS") ?? [];
  return {
    pipelining: offered.has("PIPELINING"),
    size: sizeLimit(offered.get("SIZE")),
    eightBitMime: offered.has("8BITMIME"),
    smtputf8: offered.has("SMTPUTF8"),
    binary: offered.has("CHUNKING") && offered.has("BINARYMIME"),
    startTls: offered.has("STARTTLS"),
    dsn: offered.has("DSN"),
    mechanisms: [...new Set(offered.get("AUTH"))],
    maxRecipients: limit(limits, "RCPTMAX"),
    maxTransactions: limit(limits, "MAILMAX"),
  };
}

/** RFC 1870 §3: `SIZE [SP 1*20DIGIT]`. */
function sizeLimit(words: readonly string[] | undefined): number | undefined {
  if (words === undefined) return undefined;
  return /^\d{1,20}$/.test(words[0] ?? "") ? Number(words[0]) : 0;
}

/** RFC 9422 §4: six digits at most, no leading zero, and so never 0. */
function limit(words: readonly string[], name: string): number | undefined {
  for (const word of words) {
    const match = /^([A-Z]+)=([1-9]\d{0,5})$/.exec(word);
    if (match?.[1] === name) return Number(match[2]);
  }
  return undefined;
}
