/**
 * The grammar of addresses (RFC 5321 §4.1.2, §4.1.3, RFC 6531 §3.3) once more, without a regular
 * expression: one function for each production, which takes what it can from the front of the text
 * and leaves the rest.
 */
import { isIPv6 } from "node:net";

/** A mailbox, unquoted. */
export interface ReferenceMailbox {
  readonly local: string;
  readonly domain: string;
}

/** What was read, and what comes behind it. */
interface Taken<Value> {
  readonly value: Value;
  readonly rest: string;
}

/** Reads a production at the start of text; `undefined` when it isn't there. */
type Production<Value> = (text: string) => Taken<Value> | undefined;

/** A mailbox and nothing else. */
export function readMailbox(text: string): ReferenceMailbox | undefined {
  const mailbox = takeMailbox(text);
  return mailbox?.rest === "" && isSound(mailbox.value)
    ? mailbox.value
    : undefined;
}

/** A path at the start of text, `null` for the null path. */
export function takePath(
  text: string,
): Taken<ReferenceMailbox | null> | undefined {
  if (text.startsWith("<>")) return { value: null, rest: text.slice(2) };
  const inside = after("<", text);
  if (inside === undefined) return undefined;
  const withoutRoute = inside.startsWith("@") ? afterRoute(inside) : inside;
  const mailbox = withoutRoute === undefined
    ? undefined
    : takeMailbox(withoutRoute);
  const rest = mailbox && after(">", mailbox.rest);
  return rest !== undefined && isSound(mailbox!.value)
    ? { value: mailbox!.value, rest }
    : undefined;
}

/** `<Postmaster>` in any case, or a path that is not null (RFC 5321 §4.1.1.3). */
export function takeForwardPath(
  text: string,
): Taken<ReferenceMailbox> | undefined {
  const [name, bracket] = [text.slice(1, 11), text[11]];
  if (
    text[0] === "<" && bracket === ">" && name.toLowerCase() === "postmaster"
  ) {
    return { value: { local: name, domain: "" }, rest: text.slice(12) };
  }
  const path = takePath(text);
  return path?.value ? { value: path.value, rest: path.rest } : undefined;
}

/** `@a,@b:` */
function afterRoute(text: string): string | undefined {
  let rest = text;
  for (;;) {
    const at = after("@", rest);
    const domain = at === undefined ? undefined : takeDomain(at);
    if (domain === undefined) return undefined;
    const colon = after(":", domain.rest);
    if (colon !== undefined) return colon;
    const comma = after(",", domain.rest);
    if (comma === undefined) return undefined;
    rest = comma;
  }
}

function takeMailbox(text: string): Taken<ReferenceMailbox> | undefined {
  const local = text.startsWith('"') ? takeQuoted(text) : takeDotString(text);
  const at = local && after("@", local.rest);
  if (at === undefined) return undefined;
  const domain = at.startsWith("[") ? takeLiteral(at) : takeDomain(at);
  return domain && {
    value: { local: local!.value, domain: domain.value },
    rest: domain.rest,
  };
}

/** What the grammar can't say: lengths, and what is inside the brackets. */
function isSound({ local, domain }: ReferenceMailbox): boolean {
  return octetsOf(local) <= 64 && octetsOf(domain) <= 255 &&
    (!domain.startsWith("[") || isLiteral(domain.slice(1, -1)));
}

function takeQuoted(text: string): Taken<string> | undefined {
  const characters = [...text];
  let value = "";
  for (let at = 1; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === '"') {
      return { value, rest: characters.slice(at + 1).join("") };
    }
    if (character === "\\") {
      at++;
      const quoted = characters[at] ?? "";
      if (!isBetween(quoted, " ", "~")) return undefined;
      value += quoted;
    } else if (isBetween(character, " ", "~") || isUtf8(character)) {
      value += character;
    } else return undefined;
  }
  return undefined;
}

const takeAtom: Production<string> = run((character) =>
  isLetterOrDigit(character) || isUtf8(character) ||
  "!#$%&'*+-/=?^_`{|}~".includes(character)
);

function takeDotString(text: string): Taken<string> | undefined {
  return dotted(takeAtom, text);
}

/** Letters, digits and hyphens, of which the last may not be at an end; and the underscore. */
const takeRun: Production<string> = run((character) =>
  isLetterOrDigit(character) || isUtf8(character) || "-_".includes(character)
);

function takeDomain(text: string): Taken<string> | undefined {
  return dotted((part) => {
    const label = takeRun(part);
    const edges = label && label.value[0] + label.value.at(-1)!;
    return edges?.includes("-") ? undefined : label;
  }, text);
}

function takeLiteral(text: string): Taken<string> | undefined {
  const end = text.indexOf("]");
  return end < 0
    ? undefined
    : { value: text.slice(0, end + 1), rest: text.slice(end + 1) };
}

function isLiteral(inside: string): boolean {
  if (!inside.toLowerCase().startsWith("ipv6:")) return isFourNumbers(inside);
  const address = inside.slice(5);
  const last = address.slice(address.lastIndexOf(":") + 1);
  // Four numbers may have more zeros here than where addresses are written else.
  const plain = isFourNumbers(last)
    ? `${address.slice(0, -last.length)}0.0.0.0`
    : address;
  return isIPv6(plain) && !plain.includes("%");
}

/** RFC 5321 §4.1.3: `Snum` may start with a zero. */
function isFourNumbers(text: string): boolean {
  const numbers = text.split(".");
  return numbers.length === 4 &&
    numbers.every((number) =>
      number.length >= 1 && number.length <= 3 &&
      [...number].every((digit) => isBetween(digit, "0", "9")) &&
      Number(number) <= 255
    );
}

/** One or more of the characters that are asked for. */
function run(isWanted: (character: string) => boolean): Production<string> {
  return (text) => {
    let value = "";
    for (const character of text) {
      if (!isWanted(character)) break;
      value += character;
    }
    return value === "" ? undefined : { value, rest: text.slice(value.length) };
  };
}

/** One or more of a production with dots between. */
function dotted(
  part: Production<string>,
  text: string,
): Taken<string> | undefined {
  let taken = part(text);
  while (taken?.rest.startsWith(".")) {
    const next = part(taken.rest.slice(1));
    taken = next && { value: `${taken.value}.${next.value}`, rest: next.rest };
  }
  return taken;
}

function after(start: string, text: string): string | undefined {
  return text.startsWith(start) ? text.slice(start.length) : undefined;
}

function isBetween(character: string, from: string, to: string): boolean {
  return character.length === 1 && character >= from && character <= to;
}

function isLetterOrDigit(character: string): boolean {
  return isBetween(character, "a", "z") || isBetween(character, "A", "Z") ||
    isBetween(character, "0", "9");
}

/** RFC 6531 §3.3, without the control characters and line separators that it doesn't exclude. */
function isUtf8(character: string): boolean {
  const point = character.codePointAt(0)!;
  return point >= 0xa0 && point !== 0x2028 && point !== 0x2029;
}

function octetsOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
