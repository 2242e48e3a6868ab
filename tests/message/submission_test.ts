import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { makeSubmission } from "../../src/message/submission.ts";
import { type Random, random } from "../fuzz/random.ts";

const DATE = "Date: Mon, 23 Nov 2026 02:51:03 +0000\r\n";
const FROM = "From: <petya@test.ru>\r\n";
const ID = "Message-ID: <0K3F7Q2M1QX@mx.test.ru>\r\n";
const ALL = DATE + FROM + ID;
const COMPLETE =
  "Date: today\r\nFrom: vasya@test.ru\r\nMessage-ID: <1@a.test>\r\n";

const submit = () =>
  makeSubmission({
    from: { local: "petya", domain: "test.ru" },
    date: Date.UTC(2026, 10, 23, 2, 51, 3),
    messageId: "0K3F7Q2M1QX@mx.test.ru",
  });

/** Octets as characters of the same numbers, and back. */
const toText = (octets: Uint8Array) =>
  Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
const toOctets = (text: string) =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

/** What is stored of a message that comes in pieces whose buffer is used again and again. */
function stored(text: string, nextSize: () => number): string {
  const submission = submit();
  const octets = toOctets(text);
  let kept = "";
  for (let at = 0; at < octets.length;) {
    const piece = octets.slice(at, at + nextSize());
    kept += submission.push(piece).map(toText).join("");
    at += piece.length;
    piece.fill(33);
  }
  return kept + toText(submission.end());
}

/** The same for the whole message at once, told as simply as can be. */
function reference(text: string): string {
  const lines = text === "" ? [] : text.split(/(?<=\n)/);
  const missing = new Map([["date", DATE], ["from", FROM], ["message-id", ID]]);
  const header: string[] = [];
  let hidden: boolean | undefined;
  let rest = "";
  for (const [index, line] of lines.entries()) {
    const before = /^([!-9;-~]*)[ \t]*/.exec(line)!;
    const colon = line[before[0].length] === ":" && before[0].length <= 998;
    const name = before[1]!.toLowerCase();
    const folded = hidden !== undefined && /^[ \t]/.test(line);
    const mbox = index === 0 && /^From[ \t]{1,994}[^ \t:]/.test(line);
    if (mbox) {
      header.push(`X-Mailbox-Line: ${line}`);
      hidden = false;
    } else if (folded || (colon && name !== "")) {
      if (!folded) hidden = name === "bcc" || name === "resent-bcc";
      if (!folded) missing.delete(name);
      if (!hidden) header.push(line);
    } else {
      rest = lines.slice(index).join("");
      if (!/^\r?\n/.test(line)) rest = `\r\n${rest}`;
      break;
    }
  }
  const added = [...missing.values()].join("");
  const open = header.length > 0 && !header.at(-1)!.endsWith("\n") &&
    rest === "" && !hidden && added !== "";
  return header.join("") + (open ? "\r\n" : "") + added + rest;
}

const CASES: readonly (readonly [string, string, string])[] = [
  [
    "adds what is missing at the end of the header",
    "Subject: x\r\n\r\nFrom: body\r\n",
    `Subject: x\r\n${ALL}\r\nFrom: body\r\n`,
  ],
  [
    "leaves a complete message alone",
    `${COMPLETE}\r\nBcc: body\r\n`,
    `${COMPLETE}\r\nBcc: body\r\n`,
  ],
  [
    "adds only what is missing",
    "from: a@b.test\r\nMESSAGE-ID : <1@a.test>\r\n\r\n",
    `from: a@b.test\r\nMESSAGE-ID : <1@a.test>\r\n${DATE}\r\n`,
  ],
  [
    "takes no other field for one that is missing",
    "Resent-Date: x\r\nX-From: x\r\nFromage: x\r\nSender: a@b.test\r\n\r\n",
    `Resent-Date: x\r\nX-From: x\r\nFromage: x\r\nSender: a@b.test\r\n${ALL}\r\n`,
  ],
  [
    "leaves fields alone that come twice",
    `${COMPLETE}${COMPLETE}\r\nx\r\n`,
    `${COMPLETE}${COMPLETE}\r\nx\r\n`,
  ],
  [
    "removes Bcc and Resent-Bcc however they are written",
    `Bcc: a\r\nbCC \t: b\r\n${COMPLETE}RESENT-BCC:c\r\nbcc:\r\n\r\nx\r\n`,
    `${COMPLETE}\r\nx\r\n`,
  ],
  [
    "removes all lines of a folded Bcc and no more",
    `${COMPLETE}Bcc: a,\r\n\tb,\r\n \r\n c\r\nTo: d,\r\n e\r\nBcc-X: f\r\n\r\n`,
    `${COMPLETE}To: d,\r\n e\r\nBcc-X: f\r\n\r\n`,
  ],
  ["gives an empty message a header", "", ALL],
  ["gives an empty line a header", "\r\n", `${ALL}\r\n`],
  [
    "gives a body without a header one",
    "\r\nHello\r\n",
    `${ALL}\r\nHello\r\n`,
  ],
  [
    "gives text without a header one",
    "Hello, Vasya!\r\nBcc: body\r\n",
    `${ALL}\r\nHello, Vasya!\r\nBcc: body\r\n`,
  ],
  [
    "takes a first line that is indented for text",
    "  Hello\r\nSubject: body\r\n",
    `${ALL}\r\n  Hello\r\nSubject: body\r\n`,
  ],
  ["adds to a header without a body", "To: a\r\n", `To: a\r\n${ALL}`],
  ["ends a line that is cut off", "To: a", `To: a\r\n${ALL}`],
  ["leaves a last line as it is", `${COMPLETE}To: a`, `${COMPLETE}To: a`],
  ["removes a Bcc that is cut off", "To: a\r\nBcc: b", `To: a\r\n${ALL}`],
  ["takes half a name for text", "To: a\r\nBcc", `To: a\r\n${ALL}\r\nBcc`],
  [
    "ends the header before a line that is no field",
    `${COMPLETE}Bcc: a\r\nHello there: all\r\nBcc: body\r\n\r\n`,
    `${COMPLETE}\r\nHello there: all\r\nBcc: body\r\n\r\n`,
  ],
  [
    "ends the header before a field without a name",
    `${COMPLETE}: x\r\n`,
    `${COMPLETE}\r\n: x\r\n`,
  ],
  [
    "ends the header before a name beyond ASCII",
    `${COMPLETE}T\xe9ma: x\r\n`,
    `${COMPLETE}\r\nT\xe9ma: x\r\n`,
  ],
  [
    "ends the header before a CR that ends no line",
    `${COMPLETE}\rx\r\n`,
    `${COMPLETE}\r\n\rx\r\n`,
  ],
  ["takes a last CR for text", `${COMPLETE}\r`, `${COMPLETE}\r\n\r`],
  [
    "keeps the first line of an mbox as a field",
    `From vasya@test.ru Mon Nov 23 02:51:03 2026\r\n${COMPLETE}\r\n`,
    `X-Mailbox-Line: From vasya@test.ru Mon Nov 23 02:51:03 2026\r\n${COMPLETE}\r\n`,
  ],
  [
    "takes such a line for text anywhere else",
    `${COMPLETE}From vasya@test.ru\r\n`,
    `${COMPLETE}\r\nFrom vasya@test.ru\r\n`,
  ],
  [
    "takes From with a space before its colon for the field",
    "From : a@b.test\r\n\r\n",
    `From : a@b.test\r\n${DATE}${ID}\r\n`,
  ],
  [
    "takes a bare LF for the end of a line",
    "To: a\nBcc: b\nSubject: x\n\nBcc: body\n",
    `To: a\nSubject: x\n${ALL}\nBcc: body\n`,
  ],
  [
    "knows a field by a name of 998 octets",
    `${COMPLETE}${"x".repeat(998)}: y\r\n\r\n`,
    `${COMPLETE}${"x".repeat(998)}: y\r\n\r\n`,
  ],
  [
    "takes a longer name for text",
    `${COMPLETE}Bcc${" ".repeat(996)}: y\r\n\r\n`,
    `${COMPLETE}\r\nBcc${" ".repeat(996)}: y\r\n\r\n`,
  ],
];

for (const [what, message, result] of CASES) {
  Deno.test(`makeSubmission() ${what}`, () => {
    assertEquals(stored(message, () => Infinity), result);
    assertEquals(reference(message), result, "reference");
    for (const size of [1, 2, 3, 5, 7, 11, 64]) {
      assertEquals(stored(message, () => size), result, `pieces of ${size}`);
    }
  });
}

// deno-fmt-ignore
const SCRAPS = [
  "Bcc", "bcc", "RESENT-BCC", "From", "from", "Date", "Message-ID", "Subject", "x",
  ":", ":", ":", ": y", " ", "\t", "\r\n", "\r\n", "\r\n", "\r\n ", "\r\n\r\n", "\n", "\r",
  "\r\nBcc:", "\r\nTo: z", "\xd0\xb6", "\0", "x".repeat(997), " ".repeat(997),
];

function chanceMessage(chance: Random): string {
  const length = chance.below(24);
  return Array.from({ length }, () => chance.pick(SCRAPS)).join("");
}

Deno.test("makeSubmission() gives what the reference gives, wherever a message is cut", () => {
  for (let seed = 0; seed < 4_000; seed++) {
    const chance = random(seed);
    const message = chanceMessage(chance);
    const result = reference(message);
    assertEquals(stored(message, () => Infinity), result, `seed ${seed}`);
    const most = chance.pick([2, 20, 2_000]);
    assertEquals(
      stored(message, () => 1 + chance.below(most)),
      result,
      `seed ${seed}, cut`,
    );
  }
});

Deno.test("makeSubmission() passes the body on as it is", () => {
  const submission = submit();
  submission.push(toOctets("To: a\r\n\r\nbody"));
  const bytes = toOctets("more");
  const [piece, ...others] = submission.push(bytes);
  assertStrictEquals(piece, bytes);
  assertEquals(others, []);
});

Deno.test("makeSubmission() passes a header on in as few views as can be", () => {
  const header = toOctets("To: a\r\nBcc: b\r\nX: y\r\nZ: z\r\n");
  const pieces = submit().push(header);
  assertEquals(pieces.map(toText), ["To: a\r\n", "X: y\r\nZ: z\r\n"]);
  for (const piece of pieces) assertStrictEquals(piece.buffer, header.buffer);
});

Deno.test("makeSubmission() keeps nothing of a line without an end", () => {
  const piece = new Uint8Array(64 * 1024).fill(120);
  const [shown, hidden, nameless] = [submit(), submit(), submit()];
  shown.push(toOctets("Subject: "));
  hidden.push(toOctets("Bcc: "));
  nameless.push(piece);
  for (let count = 0; count < 400; count++) {
    assertStrictEquals(shown.push(piece)[0]?.buffer, piece.buffer);
    assertEquals(hidden.push(piece), []);
    assertStrictEquals(nameless.push(piece)[0], piece);
  }
  assertEquals(toText(shown.end()), `\r\n${ALL}`);
  assertEquals(toText(hidden.end()), ALL);
});

Deno.test("makeSubmission() writes an address as messages do", () => {
  const submission = makeSubmission({
    from: { local: 'odd "one"', domain: "test.ru" },
    date: 0,
    messageId: "1@a.test",
  });
  const added = toText(submission.end());
  assert(added.includes('\r\nFrom: <"odd \\"one\\""@test.ru>\r\n'), added);
});
