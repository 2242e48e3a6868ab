/** What a client says in SCRAM (RFC 5802 §7). */

/** The first message of a client. */
export interface ClientFirst {
  /** What precedes the message proper: channel binding and whom to act for. */
  readonly header: string;
  /** The message proper. */
  readonly bare: string;
  /** Whom the client wants to act for; empty for itself. */
  readonly identity: string;
  readonly name: string;
  readonly nonce: string;
}

/** The last message of a client. */
export interface ClientFinal {
  /** The message without the proof, which the proof covers. */
  readonly bare: string;
  /** What the client bound itself to, in base64. */
  readonly binding: string;
  readonly nonce: string;
  /** The proof in base64. */
  readonly proof: string;
}

const NAME = "(?:[^\\0=,]|=2[Cc]|=3[Dd])+";
const NONCE = "[\\x21-\\x2b\\x2d-\\x7e]+";
const BASE64 = "[A-Za-z0-9+/]+={0,2}";
/**
 * What later versions may add, and this one skips. Not so `m`, which must make it fail (§5.1), and
 * `p`, the proof, which nothing follows.
 */
const EXTENSIONS = "(?:,[A-Za-lnoq-z]=[^\\0,]+)*";

/**
 * `n` is a client that cannot bind channels, `y` one that could but saw no -PLUS offered, which is
 * how it is. `p` binds the channel all the same, and cannot be had (§6).
 */
const HEADER = `(?<header>[ny],(?:a=(?<identity>${NAME}))?,)`;

const CLIENT_FIRST = new RegExp(
  `^${HEADER}(?<bare>n=(?<name>${NAME}),r=(?<nonce>${NONCE})${EXTENSIONS})$`,
);

const CLIENT_FINAL = new RegExp(
  `^(?<bare>c=(?<binding>${BASE64}),r=(?<nonce>${NONCE})${EXTENSIONS}),p=(?<proof>${BASE64})$`,
);

/**
 * Reads a client's first message; `undefined` when it is none, or wants what cannot be had.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readClientFirst } from "./scram_messages.ts";
 *
 * assertEquals(readClientFirst("n,,n=petya=2Cvasya,r=rOprNGfw"), {
 *   header: "n,,",
 *   bare: "n=petya=2Cvasya,r=rOprNGfw",
 *   identity: "",
 *   name: "petya,vasya",
 *   nonce: "rOprNGfw",
 * });
 * ```
 */
export function readClientFirst(message: string): ClientFirst | undefined {
  const groups = CLIENT_FIRST.exec(message)?.groups;
  return groups && {
    header: groups.header!,
    bare: groups.bare!,
    identity: unescaped(groups.identity ?? ""),
    name: unescaped(groups.name!),
    nonce: groups.nonce!,
  };
}

/** Reads a client's last message; `undefined` when it is none. */
export function readClientFinal(message: string): ClientFinal | undefined {
  const groups = CLIENT_FINAL.exec(message)?.groups;
  return groups && {
    bare: groups.bare!,
    binding: groups.binding!,
    nonce: groups.nonce!,
    proof: groups.proof!,
  };
}

function unescaped(name: string): string {
  return name.replace(/=2c/gi, ",").replace(/=3d/gi, "=");
}
