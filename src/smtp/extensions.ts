/**
 * The service extensions: which EHLO keywords we offer, and which parameters of MAIL and RCPT we
 * understand because of them (RFC 5321 §2.2, §4.1.1.11). Offering one and understanding its
 * parameters is one decision, made here.
 */
import {
  type DsnMailParameters,
  type DsnRcptParameters,
  parseEnvid,
  parseNotify,
  parseOrcpt,
  parseRet,
} from "./dsn_parameters.ts";
import type { Reply } from "./reply.ts";
import { badParameter, unknownParameter } from "./replies.ts";
import { toUpperAscii } from "./utf8.ts";
import { decodeXtext } from "./xtext.ts";

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
export interface MailParameters extends DsnMailParameters {
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
    "DSN", // RFC 3461
    `LIMITS RCPTMAX=${offer.maxRecipients}`, // RFC 9422
    ...(offer.tls ? ["STARTTLS"] : []), // RFC 3207
    ...(offer.mechanisms.length > 0
      ? [`AUTH ${offer.mechanisms.join(" ")}`] // RFC 4954
      : []),
    "HELP", // RFC 5321 §4.1.1.1
  ];
}

/** What a client said of a recipient in the parameters of RCPT. */
export type RcptParameters = DsnRcptParameters;

const NO_MAIL_PARAMETERS: MailParameters = { body: "7BIT", smtputf8: false };

/** Reads one parameter's value, or says what is wrong with it. */
type Reader<Parameters> = (
  value: string | undefined,
) => Partial<Parameters> | string;

type Readers<Parameters> = Readonly<Record<string, Reader<Parameters>>>;

const MAIL_READERS: Readers<MailParameters> = {
  // RFC 1870 §3: size-value = 1*20DIGIT
  SIZE: (value) =>
    value !== undefined && /^\d{1,20}$/.test(value)
      ? { size: Number(value) }
      : "expected a number of octets",
  // RFC 6152 §2, RFC 3030 §3
  BODY: (value) => {
    const body = value && toUpperAscii(value);
    return body === "7BIT" || body === "8BITMIME" || body === "BINARYMIME"
      ? { body }
      : "expected 7BIT, 8BITMIME or BINARYMIME";
  },
  // RFC 6531 §3.4
  SMTPUTF8: (value) =>
    value === undefined ? { smtputf8: true } : "takes no value",
  // RFC 4954 §5
  AUTH: (value) =>
    value && decodeXtext(value) !== undefined
      ? { auth: value }
      : "expected a mailbox in xtext",
  RET: parseRet, // RFC 3461 §4.3
  ENVID: parseEnvid, // RFC 3461 §4.4
};

const RCPT_READERS: Readers<RcptParameters> = {
  NOTIFY: parseNotify, // RFC 3461 §4.1
  ORCPT: parseOrcpt, // RFC 3461 §4.2
};

/** Either what the parameters say or the reply that refuses them. */
export type ParsedParameters<Parameters> =
  | { readonly kind: "parameters"; readonly parameters: Parameters }
  | { readonly kind: "fault"; readonly reply: Reply };

/** Reads what follows the path of MAIL: `*( SP esmtp-param )` (RFC 5321 §4.1.2). */
export function parseMailParameters(
  text: string,
): ParsedParameters<MailParameters> {
  return parseParameters(text, NO_MAIL_PARAMETERS, MAIL_READERS);
}

/** Reads what follows the path of RCPT, likewise. */
export function parseRcptParameters(
  text: string,
): ParsedParameters<RcptParameters> {
  return parseParameters(text, {}, RCPT_READERS);
}

function parseParameters<Parameters>(
  text: string,
  unsaid: Parameters,
  readers: Readers<Parameters>,
): ParsedParameters<Parameters> {
  let parameters = unsaid;
  const seen = new Set<string>();
  for (const { keyword, value } of splitParameters(text)) {
    const read = Object.hasOwn(readers, keyword) ? readers[keyword] : undefined;
    if (read === undefined) return fault(unknownParameter(shown(keyword)));
    if (seen.has(keyword)) return fault(badParameter(keyword, "given twice"));
    seen.add(keyword);
    const said = read(value);
    if (typeof said === "string") return fault(badParameter(keyword, said));
    parameters = { ...parameters, ...said };
  }
  return { kind: "parameters", parameters };
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

function fault(
  reply: Reply,
): { readonly kind: "fault"; readonly reply: Reply } {
  return { kind: "fault", reply };
}
