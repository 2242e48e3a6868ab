/**
 * The service extensions: which EHLO keywords we offer, and which parameters of MAIL and RCPT we
 * understand because of them (RFC 5321 §2.2, §4.1.1.11). Offering one and understanding its
 * parameters is one decision, made here.
 */
import type { Reply } from "./reply.ts";
import { badParameter, unknownParameter } from "./replies.ts";
import { toUpperAscii } from "./utf8.ts";

/** What the session can offer; the rest is always there. */
export interface Offer {
  /** Octets of the largest message taken (RFC 1870). */
  readonly maxSize: number;
  /** Recipients of one transaction (RFC 9422). */
  readonly maxRecipients: number;
  /** Whether STARTTLS can be asked for now. */
  readonly tls: boolean;
  /** SASL mechanisms that can be used now (RFC 4954). */
  readonly mechanisms: readonly string[];
}

/** How the message's octets are to be read (RFC 6152, RFC 3030). */
export type Body = "7BIT" | "8BITMIME" | "BINARYMIME";

/** What a client said of a message in the parameters of MAIL. */
export interface MailParameters {
  /** Its size in octets, by the client's own count (RFC 1870 §3). */
  readonly size?: number;
  readonly body: Body;
  /** Whether addresses and header may be UTF-8 (RFC 6531 §3.4). */
  readonly smtputf8: boolean;
  /** Who submitted it first, in xtext, by the client's own word (RFC 4954 §5). */
  readonly auth?: string;
}

/**
 * The keyword lines of the EHLO answer.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { keywords } from "./extensions.ts";
 *
 * const offer = { maxSize: 1000, maxRecipients: 100, tls: false, mechanisms: [] };
 * assert(keywords(offer).includes("SIZE 1000"));
 * ```
 */
export function keywords(offer: Offer): readonly string[] {
  return [
    "PIPELINING", // RFC 2920
    `SIZE ${offer.maxSize}`, // RFC 1870
    "8BITMIME", // RFC 6152
    "SMTPUTF8", // RFC 6531
    "CHUNKING", // RFC 3030
    "BINARYMIME", // RFC 3030
    "ENHANCEDSTATUSCODES", // RFC 2034
    `LIMITS RCPTMAX=${offer.maxRecipients}`, // RFC 9422
    ...(offer.tls ? ["STARTTLS"] : []), // RFC 3207
    ...(offer.mechanisms.length > 0
      ? [`AUTH ${offer.mechanisms.join(" ")}`] // RFC 4954
      : []),
    "HELP", // RFC 5321 §4.1.1.1
  ];
}

const NO_MAIL_PARAMETERS: MailParameters = { body: "7BIT", smtputf8: false };

/** RFC 3461 §4: `xtext = *( xchar / hexchar )`; never empty here. `<>`, for nobody, is of the form. */
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/;

/** Reads one parameter's value into what is known so far, or says what is wrong with it. */
type Reader = (
  known: MailParameters,
  value: string | undefined,
) => MailParameters | string;

const MAIL_READERS: Readonly<Record<string, Reader>> = {
  // RFC 1870 §3: size-value = 1*20DIGIT
  SIZE: (known, value) =>
    value !== undefined && /^\d{1,20}$/.test(value)
      ? { ...known, size: Number(value) }
      : "expected a number of octets",
  // RFC 6152 §2, RFC 3030 §3
  BODY: (known, value) => {
    const body = value && toUpperAscii(value);
    return body === "7BIT" || body === "8BITMIME" || body === "BINARYMIME"
      ? { ...known, body }
      : "expected 7BIT, 8BITMIME or BINARYMIME";
  },
  // RFC 6531 §3.4
  SMTPUTF8: (known, value) =>
    value === undefined ? { ...known, smtputf8: true } : "takes no value",
  // RFC 4954 §5
  AUTH: (known, value) =>
    value !== undefined && XTEXT.test(value)
      ? { ...known, auth: value }
      : "expected a mailbox in xtext",
};

/** Either what the parameters say or the reply that refuses them. */
export type ParsedParameters =
  | { readonly kind: "parameters"; readonly parameters: MailParameters }
  | { readonly kind: "fault"; readonly reply: Reply };

/** Reads what follows the path of MAIL: `*( SP esmtp-param )` (RFC 5321 §4.1.2). */
export function parseMailParameters(text: string): ParsedParameters {
  let parameters = NO_MAIL_PARAMETERS;
  const seen = new Set<string>();
  for (const { keyword, value } of splitParameters(text)) {
    const read = Object.hasOwn(MAIL_READERS, keyword)
      ? MAIL_READERS[keyword]
      : undefined;
    if (read === undefined) return fault(unknownParameter(shown(keyword)));
    if (seen.has(keyword)) return fault(badParameter(keyword, "given twice"));
    seen.add(keyword);
    const result = read(parameters, value);
    if (typeof result === "string") return fault(badParameter(keyword, result));
    parameters = result;
  }
  return { kind: "parameters", parameters };
}

/** Refuses what follows the path of RCPT, if anything does: we offer no parameter of it. */
export function refuseRcptParameters(text: string): Reply | undefined {
  const first = splitParameters(text)[0];
  return first && unknownParameter(shown(first.keyword));
}

interface Parameter {
  readonly keyword: string;
  readonly value: string | undefined;
}

/** RFC 5321 §4.1.2: `esmtp-param = esmtp-keyword ["=" esmtp-value]`; keywords in any case. */
function splitParameters(text: string): readonly Parameter[] {
  return text.split(" ").filter((word) => word !== "").map((word) => {
    const equals = word.indexOf("=");
    return {
      keyword: toUpperAscii(equals < 0 ? word : word.slice(0, equals)),
      value: equals < 0 ? undefined : word.slice(equals + 1),
    };
  });
}

/** What may be repeated in a reply: a keyword of the RFC's own form, or else nothing of it. */
function shown(keyword: string): string {
  return /^[A-Z0-9][A-Z0-9-]{0,39}$/.test(keyword) ? keyword : "given";
}

function fault(reply: Reply): ParsedParameters {
  return { kind: "fault", reply };
}
