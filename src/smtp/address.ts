/**
 * The address grammar of RFC 5321 §4.1.2 and §4.1.3, widened to UTF-8 by RFC 6531 §3.3.
 *
 * Each constant is one ABNF production as the source of a regular expression; none can backtrack
 * more than once over the same text.
 */
import { isAscii, utf8Length } from "./utf8.ts";

/** A mailbox as SMTP names it: `local@domain` (RFC 5321 §4.1.2), unquoted. */
export interface Mailbox {
  /** The local part with quoting removed: `a b` for `"a b"@test.ru`. At most 64 octets. */
  readonly local: string;
  /**
   * A domain name as the client wrote it, or an address literal with its brackets (`[192.0.2.1]`,
   * `[IPv6:::1]`). At most 255 octets. Empty only for `<Postmaster>` (RFC 5321 §4.1.1.3).
   */
  readonly domain: string;
}

/**
 * RFC 6531 §3.3: `UTF8-non-ascii`, without the control characters U+0080 to U+009F and the separators
 * of lines U+2028 and U+2029: no header, terminal or log should get them. The line was decoded before,
 * so a range of code points does.
 */
const NON_ASCII = "\\u{a0}-\\u{2027}\\u{202a}-\\u{10ffff}";

/** `Atom = 1*atext` (RFC 5322 §3.2.3). */
const ATOM = `[a-zA-Z0-9!#$%&'*+\\-/=?^_\`{|}~${NON_ASCII}]+`;

/** `Dot-string = Atom *("." Atom)` */
const DOT_STRING = `${ATOM}(?:\\.${ATOM})*`;

/** `Quoted-string = DQUOTE *(qtextSMTP / quoted-pairSMTP) DQUOTE` */
const QUOTED_STRING = `"(?:[ !#-[\\]-~${NON_ASCII}]|\\\\[ -~])*"`;

/** `Local-part = Dot-string / Quoted-string` */
const LOCAL_PART = `(?:${DOT_STRING}|${QUOTED_STRING})`;

/**
 * `sub-domain = Let-dig [Ldh-str]`, or a U-label. We take the underscore as well, which the RFC
 * does not: hosts named `web_1` by container tools send mail every day, and every peer accepts it.
 */
const SUB_DOMAIN =
  `[a-zA-Z0-9_${NON_ASCII}](?:[a-zA-Z0-9_\\-${NON_ASCII}]*[a-zA-Z0-9_${NON_ASCII}])?`;

/** `Domain = sub-domain *("." sub-domain)` */
const DOMAIN = `${SUB_DOMAIN}(?:\\.${SUB_DOMAIN})*`;

/** `address-literal`, whose inside {@linkcode isAddressLiteral} looks at (RFC 5321 §4.1.3). */
const ADDRESS_LITERAL = "\\[[!-Z^-~]+\\]";

/** `Mailbox = Local-part "@" ( Domain / address-literal )` */
const MAILBOX =
  `(?<local>${LOCAL_PART})@(?<domain>${DOMAIN}|${ADDRESS_LITERAL})`;

/** `A-d-l = At-domain *( "," At-domain )`: a source route, accepted and ignored (RFC 5321 §3.3). */
const SOURCE_ROUTE = `@${DOMAIN}(?:,@${DOMAIN})*:`;

const MAILBOX_ONLY = new RegExp(`^${MAILBOX}$`, "u");
const PATH = new RegExp(`^<(?:${SOURCE_ROUTE})?${MAILBOX}>`, "u");
const DOMAIN_ONLY = new RegExp(`^${DOMAIN}$`, "u");
const DOT_STRING_ONLY = new RegExp(`^${DOT_STRING}$`, "u");
const POSTMASTER = /^<postmaster>/i;

const LOCAL_LIMIT = 64; // RFC 5321 §4.5.3.1.1
const DOMAIN_LIMIT = 255; // RFC 5321 §4.5.3.1.2

/** What was read of a path: the mailbox (`null` for `<>`) and the text after it. */
export type Path =
  | {
    readonly kind: "path";
    readonly mailbox: Mailbox | null;
    readonly rest: string;
  }
  | { readonly kind: "fault"; readonly why: string };

/**
 * Reads a reverse-path (RFC 5321 §4.1.2): `<>` or a path at the start of `text`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseReversePath } from "./address.ts";
 *
 * assertEquals(parseReversePath("<> SIZE=9"), {
 *   kind: "path",
 *   mailbox: null,
 *   rest: " SIZE=9",
 * });
 * ```
 */
export function parseReversePath(text: string): Path {
  return text.startsWith("<>")
    ? { kind: "path", mailbox: null, rest: text.slice(2) }
    : parsePath(text);
}

/**
 * Reads a forward-path (RFC 5321 §4.1.2): a path, or `<Postmaster>` in any case, which comes back
 * with an empty domain.
 */
export function parseForwardPath(text: string): Path {
  const postmaster = POSTMASTER.exec(text)?.[0];
  return postmaster === undefined ? parsePath(text) : {
    kind: "path",
    mailbox: { local: postmaster.slice(1, -1), domain: "" },
    rest: text.slice(postmaster.length),
  };
}

function parsePath(text: string): Path {
  const match = PATH.exec(text);
  if (match === null) return { kind: "fault", why: whyNotPath(text) };
  const mailbox = toMailbox(match);
  return typeof mailbox === "string"
    ? { kind: "fault", why: mailbox }
    : { kind: "path", mailbox, rest: text.slice(match[0].length) };
}

function whyNotPath(text: string): string {
  if (!text.startsWith("<")) {
    return "the address must stand in <angle brackets>";
  }
  if (!text.includes(">")) return "the closing > is missing";
  return "not an address";
}

/**
 * Reads `local@domain` and nothing else, as it stands in a users file or on a command line.
 * Returns `undefined` when it is not a mailbox.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseMailbox } from "./address.ts";
 *
 * assertEquals(parseMailbox('"a b"@test.ru'), { local: "a b", domain: "test.ru" });
 * assertEquals(parseMailbox("a b@test.ru"), undefined);
 * ```
 */
export function parseMailbox(text: string): Mailbox | undefined {
  const match = MAILBOX_ONLY.exec(text);
  const mailbox = match === null ? undefined : toMailbox(match);
  return typeof mailbox === "string" ? undefined : mailbox;
}

/** The mailbox of a match of {@linkcode MAILBOX}, or what is wrong with it. */
function toMailbox({ groups }: RegExpExecArray): Mailbox | string {
  const local = unquote(groups!.local!);
  const domain = groups!.domain!;
  if (utf8Length(local) > LOCAL_LIMIT) {
    return `the local part is longer than ${LOCAL_LIMIT} octets`;
  }
  if (utf8Length(domain) > DOMAIN_LIMIT) {
    return `the domain is longer than ${DOMAIN_LIMIT} octets`;
  }
  if (domain.startsWith("[") && !isAddressLiteral(domain)) {
    return "not an address literal";
  }
  return { local, domain };
}

function unquote(local: string): string {
  return local.startsWith('"')
    ? local.slice(1, -1).replace(/\\(.)/gu, "$1")
    : local;
}

/**
 * Writes a mailbox as it stands between angle brackets, quoted only where it must be
 * (RFC 5321 §4.1.2).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatMailbox } from "./address.ts";
 *
 * assertEquals(formatMailbox({ local: "petya", domain: "test.ru" }), "petya@test.ru");
 * assertEquals(formatMailbox({ local: 'a "b"', domain: "test.ru" }), '"a \\"b\\""@test.ru');
 * ```
 */
export function formatMailbox({ local, domain }: Mailbox): string {
  const quoted = DOT_STRING_ONLY.test(local)
    ? local
    : `"${local.replace(/["\\]/g, "\\$&")}"`;
  return domain === "" ? quoted : `${quoted}@${domain}`;
}

/** Writes a reverse-path without its brackets: the empty text for the null path. */
export function formatReversePath(mailbox: Mailbox | null): string {
  return mailbox === null ? "" : formatMailbox(mailbox);
}

/** Whether both parts are ASCII, so that no SMTPUTF8 is needed (RFC 6531 §3.4). */
export function isAsciiMailbox({ local, domain }: Mailbox): boolean {
  return isAscii(local) && isAscii(domain);
}

/** Whether `text` is a domain name, in ASCII or with U-labels, of at most 255 octets. */
export function isDomain(text: string): boolean {
  return DOMAIN_ONLY.test(text) && utf8Length(text) <= DOMAIN_LIMIT;
}

/**
 * Whether `text`, brackets and all, is an IPv4 or IPv6 address literal (RFC 5321 §4.1.3). A
 * general literal with a tag of its own is refused: no tag but `IPv6` was ever registered.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isAddressLiteral } from "./address.ts";
 *
 * assert(isAddressLiteral("[192.0.2.1]"));
 * assert(isAddressLiteral("[IPv6:2001:db8::1]"));
 * assert(!isAddressLiteral("[2001:db8::1]"));
 * ```
 */
export function isAddressLiteral(text: string): boolean {
  const inside = /^\[(.+)\]$/.exec(text)?.[1];
  if (inside === undefined) return false;
  const ipv6 = /^IPv6:(.+)$/i.exec(inside)?.[1];
  return ipv6 === undefined ? isIpv4(inside) : isIpv6(ipv6);
}

/** Whether `text` is four numbers from 0 to 255 with dots between (`Snum`, RFC 5321 §4.1.3). */
export function isIpv4(text: string): boolean {
  const numbers = text.split(".");
  return numbers.length === 4 &&
    numbers.every((number) => /^\d{1,3}$/.test(number) && Number(number) < 256);
}

/** Whether `text` is an IPv6 address, full, compressed or with IPv4 at its end (RFC 5321 §4.1.3). */
export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map(countGroups);
  if (groups.includes(undefined)) return false;
  const total = groups.reduce<number>((sum, count) => sum + count!, 0);
  if (halves.length === 1) return total === 8;
  // IPv4 may only close the address, so not before the "::".
  return total <= 7 && !halves[0]!.includes(".");
}

/** 16-bit groups that one side of `::` stands for; `undefined` when it is not well-formed. */
function countGroups(half: string): number | undefined {
  if (half === "") return 0;
  const groups = half.split(":");
  const ipv4 = isIpv4(groups.at(-1)!) ? 1 : 0;
  const hexadecimal = groups.slice(0, groups.length - ipv4);
  return hexadecimal.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? hexadecimal.length + 2 * ipv4
    : undefined;
}
