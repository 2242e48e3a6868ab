/**
 * A line becomes a command, or the reply that says what is wrong with it (RFC 5321 §4.1). Whether
 * the command is legal now is not asked here: see `guards.ts`.
 */
import {
  isAsciiMailbox,
  type Mailbox,
  parseForwardPath,
  parseReversePath,
  type Path,
} from "./address.ts";
import {
  type MailParameters,
  parseMailParameters,
  parseRcptParameters,
  type RcptParameters,
} from "./extensions.ts";
import type { Reply } from "./reply.ts";
import {
  badPath,
  CHUNK_SIZE_LOST,
  greetingSyntaxError,
  NEEDS_SMTPUTF8,
  NOT_HTTP,
  notImplemented,
  syntaxError,
  UNKNOWN_COMMAND,
} from "./replies.ts";
import { toUpperAscii, utf8Length } from "./utf8.ts";

/** A command that can be understood. */
export type Command =
  | { readonly verb: "EHLO" | "HELO"; readonly domain: string }
  | {
    readonly verb: "MAIL";
    readonly from: Mailbox | null;
    readonly parameters: MailParameters;
  }
  | {
    readonly verb: "RCPT";
    readonly to: Mailbox;
    readonly parameters: RcptParameters;
  }
  | { readonly verb: "BDAT"; readonly size: number; readonly last: boolean }
  | {
    readonly verb: "AUTH";
    readonly mechanism: string;
    /** Base64; `=` stands for the empty response (RFC 4954 §4). */
    readonly initial?: string;
  }
  | { readonly verb: "VRFY" | "HELP" | "NOOP"; readonly argument: string }
  | { readonly verb: "DATA" | "RSET" | "QUIT" | "STARTTLS" };

/** The first word of a command that we implement. */
export type Verb = Command["verb"];

/** What a line is: a command, or a fault with its reply. */
export type Parsed = Command | {
  readonly verb: "?";
  readonly fault: Reply;
  /** The command it was meant to be. */
  readonly of?: Verb;
  /** Whether there is no telling what comes next, so that the session must end. */
  readonly fatal?: true;
};

/** The form of each command, as HELP and the 501 replies show it. */
export const SYNTAX: Readonly<Record<Verb, string>> = {
  EHLO: "EHLO domain",
  HELO: "HELO domain",
  MAIL:
    "MAIL FROM:<address> [SIZE=n] [BODY=7BIT|8BITMIME|BINARYMIME] [SMTPUTF8] " +
    "[RET=FULL|HDRS] [ENVID=id]",
  RCPT:
    "RCPT TO:<address> [NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;address]",
  DATA: "DATA",
  BDAT: "BDAT octets [LAST]",
  RSET: "RSET",
  NOOP: "NOOP [words]",
  VRFY: "VRFY address",
  HELP: "HELP [command]",
  AUTH: "AUTH mechanism [initial-response]",
  STARTTLS: "STARTTLS",
  QUIT: "QUIT",
};

/** Commands of RFC 5321 §3.5.2 and of RFC 821 and RFC 1985 that are known but not done. */
const NOT_IMPLEMENTED: ReadonlySet<string> = new Set(
  "EXPN ETRN ATRN TURN SEND SOML SAML".split(" "),
);

const HTTP =
  /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) .*HTTP\/\d|^PRI \* HTTP/;

/**
 * Reads one line, without its CRLF. Never throws: a bad line is a reply.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseCommand } from "./command.ts";
 *
 * assertEquals(parseCommand("rcpt TO:<petya@test.ru>"), {
 *   verb: "RCPT",
 *   to: { local: "petya", domain: "test.ru" },
 *   parameters: {},
 * });
 * ```
 */
export function parseCommand(line: string): Parsed {
  const text = withoutTrailingSpace(line);
  const space = text.indexOf(" ");
  const verb = toUpperAscii(space < 0 ? text : text.slice(0, space));
  const argument = space < 0 ? "" : withoutLeadingSpace(text.slice(space));
  switch (verb) {
    case "EHLO":
    case "HELO":
      return isGreetingName(argument)
        ? { verb, domain: argument }
        : fault(greetingSyntaxError(SYNTAX[verb]), verb);
    case "MAIL":
      return parseMail(argument);
    case "RCPT":
      return parseRcpt(argument);
    case "BDAT":
      return parseBdat(argument);
    case "AUTH":
      return parseAuth(argument);
    case "VRFY":
      return argument === "" ? wrong(verb) : { verb, argument };
    case "HELP":
    case "NOOP":
      return { verb, argument };
    case "DATA":
    case "RSET":
    case "QUIT":
    case "STARTTLS":
      return argument === "" ? { verb } : wrong(verb);
    default:
      if (NOT_IMPLEMENTED.has(verb)) return fault(notImplemented(verb));
      if (HTTP.test(text)) return { ...fault(NOT_HTTP), fatal: true };
      return fault(UNKNOWN_COMMAND);
  }
}

/** RFC 5321 §4.1.1: white space before the CRLF is tolerated. */
function withoutTrailingSpace(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end--;
  return line.slice(0, end);
}

function withoutLeadingSpace(text: string): string {
  let start = 0;
  while (text[start] === " ") start++;
  return text.slice(start);
}

/**
 * RFC 5321 §4.1.1.1 wants a domain or an address literal. Clients of every age send less (host
 * names with odd letters, bare addresses), and §4.1.4 forbids to refuse mail for it: one word will
 * do.
 */
function isGreetingName(text: string): boolean {
  return /^[^ \t]+$/.test(text) && utf8Length(text) <= 255;
}

function parseMail(argument: string): Parsed {
  const text = afterKeyword(argument, "FROM:");
  if (text === undefined) return wrong("MAIL");
  const path = parseReversePath(text);
  if (!isWhole(path)) return fault(badPath("5.1.7", whyNot(path)), "MAIL");
  const parsed = parseMailParameters(path.rest);
  if (parsed.kind === "fault") return fault(parsed.reply, "MAIL");
  const { parameters } = parsed;
  return path.mailbox === null || parameters.smtputf8 ||
      isAsciiMailbox(path.mailbox)
    ? { verb: "MAIL", from: path.mailbox, parameters }
    : fault(NEEDS_SMTPUTF8, "MAIL");
}

function parseRcpt(argument: string): Parsed {
  const text = afterKeyword(argument, "TO:");
  if (text === undefined) return wrong("RCPT");
  const path = parseForwardPath(text);
  if (!isWhole(path) || path.mailbox === null) {
    return fault(badPath("5.1.3", whyNot(path)), "RCPT");
  }
  const parsed = parseRcptParameters(path.rest);
  if (parsed.kind === "fault") return fault(parsed.reply, "RCPT");
  return { verb: "RCPT", to: path.mailbox, parameters: parsed.parameters };
}

/**
 * What follows `FROM:` or `TO:`. RFC 5321 §3.3 forbids a space after the colon, which people who
 * type the protocol by hand and old clients put there all the same; nothing else it could mean.
 */
function afterKeyword(argument: string, keyword: string): string | undefined {
  return toUpperAscii(argument.slice(0, keyword.length)) === keyword
    ? withoutLeadingSpace(argument.slice(keyword.length))
    : undefined;
}

/** A path that was read and ends where the argument does or a space stands. */
function isWhole(path: Path): path is Path & { readonly kind: "path" } {
  return path.kind === "path" &&
    (path.rest === "" || path.rest.startsWith(" "));
}

function whyNot(path: Path): string {
  return path.kind === "fault" ? path.why : "not an address";
}

/** RFC 3030 §2: `BDAT SP chunk-size [SP "LAST"]`. */
function parseBdat(argument: string): Parsed {
  const match = /^0*(\d{1,15})( +LAST)?$/i.exec(argument);
  // The octets follow whether we like the command or not, and we can't tell how many.
  return match === null
    ? { ...fault(CHUNK_SIZE_LOST, "BDAT"), fatal: true }
    : { verb: "BDAT", size: Number(match[1]), last: match[2] !== undefined };
}

/** RFC 4954 §4: `AUTH SP sasl-mech [SP initial-response]`. */
function parseAuth(argument: string): Parsed {
  const match = /^([A-Z0-9_-]{1,20})(?: +([!-~]+))?$/i.exec(argument);
  return match === null ? wrong("AUTH") : {
    verb: "AUTH",
    mechanism: match[1]!.toUpperCase(),
    ...(match[2] !== undefined && { initial: match[2] }),
  };
}

function wrong(verb: Verb): Parsed {
  return fault(syntaxError(SYNTAX[verb]), verb);
}

function fault(reply: Reply, of?: Verb): Parsed & { readonly verb: "?" } {
  return { verb: "?", fault: reply, ...(of && { of }) };
}
