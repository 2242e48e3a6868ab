/**
 * What servers say: it is read as a plain reader reads it, in whatever pieces; nothing of it can do
 * harm to a log; and who says too much is cut off.
 */
import { assert, assertEquals } from "@std/assert";
import { type ParsedReply, ReplyParser } from "../../src/smtp/reply_parser.ts";
import { anyOctets, cut, joined, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const PIECES = [
  ...["250", "250 ", "250-", "550 5.1.1 ", "550-5.1.1 ", "421", "354 ", "\r\n"],
  ...[
    "\n",
    "\r",
    "\0",
    "ж",
    "\u0085",
    "\u2028",
    "😀",
    " ",
    "\t",
    "text",
    "2.0.0",
  ],
  ...["5.7.1", "999 ", "2500", "199 ", "600 ", "-", "\x1b[2J", "4.5.3\t", "25"],
];

/** Octets of one reply, and of a line that are kept. */
const REPLY_LIMIT = 64 * 1024;
const LINE_LIMIT = 2048;

/** One try. */
export function reply(seed: number): void {
  const chance = random(seed);
  const input = anyReplies(chance);
  const pieces = cut(chance, input);
  const text = new TextDecoder("latin1").decode(input);
  showing(text.slice(0, 2000), () => {
    const expected = readReplies(input);
    assertEquals(brief(heard([input])), expected);
    const inPieces = heard(pieces);
    assertEquals(brief(inPieces), expected);
    inPieces.forEach(assertHarmless);
  });
}

function anyReplies(chance: Random): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const piece = () => chance.pick(PIECES);
  const text = encoder.encode(repeat(chance, 30, piece));
  if (chance.chance(0.004)) {
    const line = chance.pick(["250-x\r\n", "250-", "x".repeat(100)]);
    const long = encoder.encode(line.repeat(REPLY_LIMIT / line.length + 1));
    return joined([text, long]);
  }
  return chance.chance(0.3) ? joined([text, anyOctets(chance, 30)]) : text;
}

/** All that is heard up to the first fault, after which there is no telling. */
function heard(pieces: readonly Uint8Array[]): readonly ParsedReply[] {
  const parser = new ReplyParser();
  const all: ParsedReply[] = [];
  for (const piece of pieces) {
    parser.push(piece);
    for (let each = parser.pull(); each; each = parser.pull()) {
      all.push(each);
      if (each.kind === "fault") return all;
    }
  }
  return all;
}

/** A reply as the plain reader gives it: its code, its lines and its status; or a fault. */
type Brief = readonly [number, readonly string[], string | undefined] | string;

function brief(replies: readonly ParsedReply[]): readonly Brief[] {
  return replies.map((each) =>
    each.kind === "fault"
      ? each.why
      : [each.reply.code, each.lines, each.reply.status]
  );
}

function readReplies(octets: Uint8Array): readonly Brief[] {
  const replies: Brief[] = [];
  let lines: string[] = [];
  let size = 0;
  for (let at = 0; at < octets.length;) {
    const lf = octets.indexOf(10, at);
    const end = lf < 0 ? octets.length : lf + 1;
    size += end - at;
    if (size > REPLY_LIMIT) return [...replies, "too long"];
    if (lf < 0) return replies;
    const line = shown(octets.subarray(at, Math.min(lf, at + LINE_LIMIT)));
    at = end;
    const [code, separator = ""] = [line.slice(0, 3), line[3]];
    const digits = [...code].every((digit) => digit >= "0" && digit <= "9");
    const known = code.length === 3 && digits && code[0]! >= "2" &&
      code[0]! <= "5" && !(separator >= "0" && separator <= "9");
    if (!known) return [...replies, "not a reply"];
    lines.push(line);
    if (separator === "-") continue;
    replies.push([Number(code), lines, statusOf(line, code[0]!)]);
    lines = [];
    size = 0;
  }
  return replies;
}

function shown(octets: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(octets);
  } catch {
    text = Array.from(
      octets,
      (octet) => octet < 0x80 ? String.fromCharCode(octet) : "\ufffd",
    ).join("");
  }
  return text.replace(/\p{Cc}/gu, " ").trimEnd();
}

/** RFC 3463 §2: of the reply's class, and three numbers. */
function statusOf(line: string, digit: string): string | undefined {
  const [word = ""] = [...line].slice(4).join("").trim().split(/\s/);
  const numbers = word.split(".");
  const known = numbers.length === 3 && numbers[0] === digit &&
    "245".includes(digit) &&
    numbers.slice(1).every((number) => /^\d{1,3}$/.test(number));
  return known ? word : undefined;
}

function assertHarmless(each: ParsedReply): void {
  const texts = each.kind === "fault"
    ? [each.line]
    : [...each.lines, ...[each.reply.text].flat()];
  for (const text of texts) {
    assert(!/\p{Cc}/u.test(text), "a control character");
    assert(text.isWellFormed(), "half a character");
    assert(text.length <= LINE_LIMIT, "too long");
  }
}
