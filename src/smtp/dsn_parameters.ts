/**
 * The parameters of the DSN extension (RFC 3461 §4): RET and ENVID of MAIL, NOTIFY and ORCPT of
 * RCPT. Each reader returns what it read, or says what is wrong with the value.
 */
import { formatMailbox, isAsciiMailbox, type Mailbox } from "./address.ts";
import {
  decodeUtf8Address,
  decodeXtext,
  encodeUtf8Address,
  encodeXtext,
} from "./xtext.ts";
import { toUpperAscii } from "./utf8.ts";

/** What a report of failure returns: the whole message or its header (RFC 3461 §4.3). */
export type Ret = "FULL" | "HDRS";

/** What a report may be asked for (RFC 3461 §4.1). */
export type NotifyOn = "SUCCESS" | "FAILURE" | "DELAY";

/** An address with its type (RFC 3461 §4.2). */
export interface TypedAddress {
  /** In lower case: `rfc822`, `utf-8` or another. */
  readonly type: string;
  /** Decoded: printable, with no control character. */
  readonly address: string;
}

/** What a client asks of reports on a message. */
export interface DsnMailParameters {
  readonly ret?: Ret;
  /** The sender's own name for the transaction, decoded: printable ASCII. */
  readonly envid?: string;
}

/** What a client asks of reports on one recipient. */
export interface DsnRcptParameters {
  /** What to report; nothing for NEVER. Without it, failures and delays (RFC 3461 §4.1). */
  readonly notify?: readonly NotifyOn[];
  /** Whom the sender named first, before any forwarding. */
  readonly orcpt?: TypedAddress;
}

const ENVID_LIMIT = 100; // RFC 3461 §4.4
const ORCPT_LIMIT = 500; // RFC 3461 §4.2

/** Reads the value of RET. */
export function parseRet(
  value: string | undefined,
): { readonly ret: Ret } | string {
  const ret = value && toUpperAscii(value);
  return ret === "FULL" || ret === "HDRS" ? { ret } : "expected FULL or HDRS";
}

/**
 * Reads the value of ENVID.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseEnvid } from "./dsn_parameters.ts";
 *
 * assertEquals(parseEnvid("QQ+2B314159"), { envid: "QQ+314159" });
 * assertEquals(parseEnvid("QQ+31415+0A"), "expected printable ASCII, encoded as xtext");
 * ```
 */
export function parseEnvid(
  value: string | undefined,
): { readonly envid: string } | string {
  if (value !== undefined && value.length > ENVID_LIMIT) {
    return `longer than ${ENVID_LIMIT} characters`;
  }
  const envid = decodeXtext(value ?? "");
  return envid !== undefined && isEnvid(envid)
    ? { envid }
    : "expected printable ASCII, encoded as xtext";
}

/** Whether text, decoded, can be an envelope identifier: printable ASCII (RFC 3461 §4.4). */
export function isEnvid(text: string): boolean {
  return PRINTABLE.test(text);
}

const PRINTABLE = /^[ -~]+$/;

/**
 * Reads the value of NOTIFY: `NEVER`, or what to report, each once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseNotify } from "./dsn_parameters.ts";
 *
 * assertEquals(parseNotify("failure,delay"), { notify: ["FAILURE", "DELAY"] });
 * assertEquals(parseNotify("NEVER"), { notify: [] });
 * ```
 */
export function parseNotify(
  value: string | undefined,
): { readonly notify: readonly NotifyOn[] } | string {
  const words = toUpperAscii(value ?? "").split(",");
  if (words.length === 1 && words[0] === "NEVER") return { notify: [] };
  return words.every(isNotifyOn)
    ? { notify: [...new Set(words)] }
    : "expected NEVER, or a list of SUCCESS, FAILURE and DELAY";
}

function isNotifyOn(word: string): word is NotifyOn {
  return word === "SUCCESS" || word === "FAILURE" || word === "DELAY";
}

/**
 * Reads the value of ORCPT. An address of type `utf-8` is taken in any of its forms, with SMTPUTF8
 * or without: it goes on in the form that the next hop understands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseOrcpt } from "./dsn_parameters.ts";
 *
 * assertEquals(parseOrcpt("rfc822;a+2Bb@test.ru"), {
 *   orcpt: { type: "rfc822", address: "a+b@test.ru" },
 * });
 * assertEquals(parseOrcpt("UTF-8;\\x{436}@test.ru"), {
 *   orcpt: { type: "utf-8", address: "ж@test.ru" },
 * });
 * ```
 */
export function parseOrcpt(
  value: string | undefined,
): { readonly orcpt: TypedAddress } | string {
  if (value !== undefined && value.length > ORCPT_LIMIT) {
    return `longer than ${ORCPT_LIMIT} characters`;
  }
  const [, word, encoded] = ORCPT.exec(value ?? "") ?? [];
  if (word === undefined) return "expected TYPE;ADDRESS";
  const type = word.toLowerCase();
  const utf8 = type === "utf-8";
  const address = utf8 ? decodeUtf8Address(encoded!) : decodeXtext(encoded!);
  return address !== undefined && isTypedAddress({ type, address })
    ? { orcpt: { type, address } }
    : `not an encoded ${utf8 ? "UTF-8" : "ASCII"} address`;
}

/** `addr-type = atom` (RFC 3461 §4.2). */
const TYPE = "[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~]+";

/** `original-recipient-address = addr-type ";" xtext` */
const ORCPT = new RegExp(`^(${TYPE});(.+)$`, "su");

/**
 * Whether an address, decoded, can be an original recipient: its type an atom, itself printable, and
 * in ASCII unless the type is `utf-8` (RFC 3461 §4.2, RFC 6533 §3).
 */
export function isTypedAddress({ type, address }: TypedAddress): boolean {
  return TYPE_ONLY.test(type) &&
    (type === "utf-8" ? PRINTABLE_UTF8 : PRINTABLE).test(address);
}

const TYPE_ONLY = new RegExp(`^${TYPE}$`, "u");

/** Without control characters and separators of lines. */
const PRINTABLE_UTF8 = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u;

/**
 * A mailbox as ORCPT names one: `utf-8` only when it must be (RFC 6533 §3).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { typedAddress } from "./dsn_parameters.ts";
 *
 * assertEquals(typedAddress({ local: "petya", domain: "test.ru" }), {
 *   type: "rfc822",
 *   address: "petya@test.ru",
 * });
 * ```
 */
export function typedAddress(mailbox: Mailbox): TypedAddress {
  return {
    type: isAsciiMailbox(mailbox) ? "rfc822" : "utf-8",
    address: formatMailbox(mailbox),
  };
}

/**
 * Writes the parameters of MAIL for a server that offers DSN. An ENVID that is too long once it is
 * encoded is left out: some characters may come as they are and have to go encoded.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDsnMailParameters } from "./dsn_parameters.ts";
 *
 * const parameters = { ret: "HDRS", envid: "QQ+314159" } as const;
 * assertEquals(formatDsnMailParameters(parameters), ["RET=HDRS", "ENVID=QQ+2B314159"]);
 * ```
 */
export function formatDsnMailParameters(
  { ret, envid }: DsnMailParameters,
): readonly string[] {
  const encoded = envid && encodeXtext(envid);
  return [
    ...(ret === undefined ? [] : [`RET=${ret}`]),
    ...(encoded === undefined || encoded.length > ENVID_LIMIT
      ? []
      : [`ENVID=${encoded}`]),
  ];
}

/**
 * Writes the parameters of RCPT for a server that offers DSN. An ORCPT that would be too long once
 * it is encoded for this server is left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDsnRcptParameters, typedAddress } from "./dsn_parameters.ts";
 *
 * const orcpt = typedAddress({ local: "ж", domain: "test.ru" });
 * assertEquals(
 *   formatDsnRcptParameters({ notify: [], orcpt }, { smtputf8: false }),
 *   ["NOTIFY=NEVER", "ORCPT=utf-8;\\x{436}@test.ru"],
 * );
 * ```
 */
export function formatDsnRcptParameters(
  { notify, orcpt }: DsnRcptParameters,
  /** Whether this transaction has SMTPUTF8. */
  { smtputf8 }: { readonly smtputf8: boolean },
): readonly string[] {
  const encoded = orcpt && formatOrcpt(orcpt, smtputf8);
  return [
    ...(notify === undefined ? [] : [`NOTIFY=${notify.join(",") || "NEVER"}`]),
    ...(encoded === undefined || encoded.length > ORCPT_LIMIT
      ? []
      : [`ORCPT=${encoded}`]),
  ];
}

function formatOrcpt(
  { type, address }: TypedAddress,
  smtputf8: boolean,
): string {
  const encoded = type === "utf-8"
    ? encodeUtf8Address(address, smtputf8 ? "unitext" : "xtext")
    : encodeXtext(address);
  return `${type};${encoded}`;
}
