/**
 * What a line of the client's means, once more and plainly: the word, what goes with it, or the code
 * of the reply that refuses it.
 */
import {
  type ReferenceMailbox,
  takeForwardPath,
  takePath,
} from "./reference_address.ts";

/** A line. */
export type ReferenceCommand =
  | {
    readonly word: "MAIL";
    readonly from: ReferenceMailbox | null;
    readonly parameters: ReferenceParameters;
  }
  | { readonly word: "RCPT"; readonly to: ReferenceMailbox }
  | { readonly word: "BDAT"; readonly size: number; readonly last: boolean }
  | {
    readonly word: "AUTH";
    readonly mechanism: string;
    readonly response: string | undefined;
  }
  | { readonly word: "HELP"; readonly topic: string }
  | {
    readonly word:
      | "HELLO"
      | "VRFY"
      | "NOOP"
      | "DATA"
      | "RSET"
      | "QUIT"
      | "STARTTLS";
  }
  | {
    readonly word: "?";
    readonly code: number;
    /** Whether it was meant to be MAIL. */
    readonly mail: boolean;
    readonly fatal: boolean;
  };

/** What MAIL says beside the address, as far as it makes a difference. */
export interface ReferenceParameters {
  readonly size: number;
  readonly binary: boolean;
  readonly smtputf8: boolean;
  readonly auth: boolean;
}

/** Reads a line without its end. */
export function readCommand(line: string): ReferenceCommand {
  const text = withoutEnd(line);
  const [first = "", ...others] = text.split(" ");
  const argument = withoutStart(others.join(" "));
  const word = upper(first);
  switch (word) {
    case "EHLO":
    case "HELO":
      return isOneWord(argument) && octetsOf(argument) <= 255
        ? { word: "HELLO" }
        : wrong(501);
    case "MAIL":
      return readMail(argument);
    case "RCPT":
      return readRcpt(argument);
    case "BDAT":
      return readBdat(argument);
    case "AUTH":
      return readAuth(argument);
    case "HELP":
      return { word, topic: upper(argument) };
    case "NOOP":
      return { word };
    case "VRFY":
      return argument === "" ? wrong(501) : { word };
    case "DATA":
    case "RSET":
    case "QUIT":
    case "STARTTLS":
      return argument === "" ? { word } : wrong(501);
  }
  if ("EXPN ETRN ATRN TURN SEND SOML SAML".split(" ").includes(word)) {
    return wrong(502);
  }
  return isHttp(text) ? { ...wrong(554), fatal: true } : wrong(500);
}

function readMail(argument: string): ReferenceCommand {
  const bad = { ...wrong(501), mail: true };
  if (upper(argument.slice(0, 5)) !== "FROM:") return bad;
  const path = takePath(withoutStart(argument.slice(5)));
  if (path === undefined || !isEnd(path.rest)) return bad;
  const parameters = readParameters(path.rest, MAIL);
  if (typeof parameters === "number") return { ...bad, code: parameters };
  const smtputf8 = parameters.has("SMTPUTF8");
  if (path.value !== null && !smtputf8 && !isAsciiMailbox(path.value)) {
    return { ...bad, code: 553 };
  }
  return {
    word: "MAIL",
    from: path.value,
    parameters: {
      size: Number(parameters.get("SIZE") ?? 0),
      binary: upper(parameters.get("BODY") ?? "") === "BINARYMIME",
      smtputf8,
      auth: parameters.has("AUTH"),
    },
  };
}

function readRcpt(argument: string): ReferenceCommand {
  if (upper(argument.slice(0, 3)) !== "TO:") return wrong(501);
  const path = takeForwardPath(withoutStart(argument.slice(3)));
  if (path === undefined || !isEnd(path.rest)) return wrong(501);
  const parameters = readParameters(path.rest, RCPT);
  return typeof parameters === "number"
    ? wrong(parameters)
    : { word: "RCPT", to: path.value };
}

function readBdat(argument: string): ReferenceCommand {
  const [size = "", last, ...more] = argument.split(" ")
    .filter((word) => word !== "");
  const known = isDigits(size) && withoutZeros(size).length <= 15 &&
    (last === undefined || upper(last) === "LAST") && more.length === 0 &&
    !argument.includes("\t");
  return known
    ? { word: "BDAT", size: Number(size), last: last !== undefined }
    : { ...wrong(501), fatal: true };
}

function readAuth(argument: string): ReferenceCommand {
  const [mechanism = "", response, ...more] = argument.split(" ")
    .filter((word) => word !== "");
  const isName = mechanism.length >= 1 && mechanism.length <= 20 &&
    consistsOf(mechanism, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", upper);
  return isName && isVisible(response ?? "") && more.length === 0
    ? { word: "AUTH", mechanism: upper(mechanism), response }
    : wrong(501);
}

/** Whether a value, if there is one, is right. */
type Check = (value: string | undefined) => boolean;

const MAIL: Readonly<Record<string, Check>> = {
  SIZE: (value = "") => isDigits(value) && value.length <= 20,
  BODY: (value = "") =>
    ["7BIT", "8BITMIME", "BINARYMIME"].includes(upper(value)),
  SMTPUTF8: (value) => value === undefined,
  AUTH: (value = "") => value !== "" && readXtext(value) !== undefined,
  RET: (value = "") => ["FULL", "HDRS"].includes(upper(value)),
  ENVID: (value = "") => value.length <= 100 && isPrintableXtext(value),
};

const RCPT: Readonly<Record<string, Check>> = {
  NOTIFY: (value = "") =>
    upper(value) === "NEVER" ||
    upper(value).split(",").every((word) =>
      ["SUCCESS", "FAILURE", "DELAY"].includes(word)
    ),
  ORCPT: (value = "") => {
    const semicolon = value.indexOf(";");
    const type = value.slice(0, Math.max(0, semicolon));
    const rest = value.slice(semicolon + 1);
    if (!isAtom(type) || rest === "" || value.length > 500) return false;
    return type.toLowerCase() === "utf-8"
      ? isUtf8Address(rest)
      : isPrintableXtext(rest);
  },
};

/** The parameters by name, or the code that refuses them. */
function readParameters(
  text: string,
  checks: Readonly<Record<string, Check>>,
): ReadonlyMap<string, string | undefined> | number {
  const all = new Map<string, string | undefined>();
  for (const word of text.split(" ").filter((each) => each !== "")) {
    const [name = "", ...value] = word.split("=");
    const key = upper(name);
    const check = Object.entries(checks).find(([known]) => known === key)?.[1];
    if (check === undefined) return 555;
    const said = value.length > 0 ? value.join("=") : undefined;
    if (all.has(key) || !check(said)) return 501;
    all.set(key, said);
  }
  return all;
}

function isPrintableXtext(text: string): boolean {
  const read = readXtext(text);
  return read !== undefined && read !== "" &&
    [...read].every((character) => character >= " " && character <= "~");
}

/** RFC 3461 §4; `undefined` if it is none. */
function readXtext(text: string): string | undefined {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "+") {
      const hex = text.slice(at + 1, at + 3);
      if (hex.length < 2 || !consistsOf(hex, "0123456789ABCDEF", upper)) {
        return undefined;
      }
      octets.push(parseInt(hex, 16));
      at += 2;
    } else {
      if (character < "!" || character > "~") return undefined;
      octets.push(character.charCodeAt(0));
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Uint8Array.from(octets));
  } catch {
    return undefined;
  }
}

/** RFC 6533 §3: `\x{436}` for a character, and no other backslash. */
function isUtf8Address(text: string): boolean {
  const [start = "", ...embedded] = text.split("\\");
  return isPlain(start) && embedded.every((part) => {
    const [hex = "", ...rest] = part.slice(2).split("}");
    const point = parseInt(hex, 16);
    return part.startsWith("x{") && rest.length > 0 && hex.length >= 2 &&
      hex.length <= (hex.startsWith("10") ? 6 : 5) &&
      consistsOf(hex, "0123456789ABCDEF", upper) &&
      (point < 0xd800 || point > 0xdfff) && !isControl(point) &&
      isPlain(rest.join("}"));
  });
}

function isPlain(text: string): boolean {
  return [...text].every((character) => !isControl(character.codePointAt(0)!));
}

function isControl(point: number): boolean {
  return point < 0x20 || point >= 0x7f && point < 0xa0 ||
    point === 0x2028 || point === 0x2029;
}

function isAtom(text: string): boolean {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return text !== "" &&
    consistsOf(text, `${letters}!#$%&'*+-/=?^_\`{|}~`, upper);
}

/** `GET / HTTP/1.1`, and how HTTP/2 begins. */
function isHttp(text: string): boolean {
  const [method = "", ...rest] = text.split(" ");
  const methods = "GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT TRACE";
  if (text.startsWith("PRI * HTTP")) return true;
  return rest.length > 0 && methods.split(" ").includes(method) &&
    rest.join(" ").split("HTTP/").slice(1)
      .some((after) => isDigits(after.slice(0, 1)));
}

/** Whether a mailbox can do without SMTPUTF8. */
export function isAsciiMailbox({ local, domain }: ReferenceMailbox): boolean {
  return [...local, ...domain].every((character) => character < "\u0080");
}

function wrong(code: number): ReferenceCommand & { readonly word: "?" } {
  return { word: "?", code, mail: false, fatal: false };
}

function isEnd(rest: string): boolean {
  return rest === "" || rest.startsWith(" ");
}

function isOneWord(text: string): boolean {
  return text !== "" && !text.includes(" ") && !text.includes("\t");
}

function isVisible(text: string): boolean {
  return [...text].every((character) => character > " " && character <= "~");
}

function isDigits(text: string): boolean {
  return text !== "" && consistsOf(text, "0123456789");
}

function consistsOf(
  text: string,
  alphabet: string,
  fold: (text: string) => string = (same) => same,
): boolean {
  return [...text].every((character) => alphabet.includes(fold(character)));
}

/** Letters of ASCII in upper case. */
function upper(text: string): string {
  return Array.from(
    text,
    (letter) => letter >= "a" && letter <= "z" ? letter.toUpperCase() : letter,
  ).join("");
}

function withoutEnd(line: string): string {
  let text = line;
  while (text.endsWith(" ") || text.endsWith("\t")) text = text.slice(0, -1);
  return text;
}

function withoutStart(text: string): string {
  let rest = text;
  while (rest.startsWith(" ")) rest = rest.slice(1);
  return rest;
}

function withoutZeros(digits: string): string {
  let rest = digits;
  while (rest.startsWith("0") && rest.length > 1) rest = rest.slice(1);
  return rest;
}

function octetsOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
