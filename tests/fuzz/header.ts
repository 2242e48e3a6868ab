/**
 * Headers while they stream by, against readers that have all of them: what a submission becomes, and
 * how many hosts a message has been through.
 */
import { assert, assertEquals } from "@std/assert";
import { HopCounter } from "../../src/message/hops.ts";
import {
  makeSubmission,
  type Supplements,
} from "../../src/message/submission.ts";
import { widen } from "../transcripts/transcript.ts";
import { cut, joined, narrow, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const SUPPLEMENTS: Supplements = {
  from: { local: "petya", domain: "test.ru" },
  date: Date.UTC(2026, 10, 23, 2, 51, 3),
  messageId: "1@mx.test.ru",
};

const FIELDS = new Map([
  ["date", "Date: Mon, 23 Nov 2026 02:51:03 +0000\r\n"],
  ["from", "From: <petya@test.ru>\r\n"],
  ["message-id", "Message-ID: <1@mx.test.ru>\r\n"],
]);

const PIECES = [
  ...["From", "from", "FROM", "Date", "Message-ID", "Bcc", "resent-BCC", "To"],
  ...["Received", "RECEIVED", "Receive", "\x1a", ":", ": ", " :", "\t:", "::"],
  ...[
    "\r\n",
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\r\n\t",
    "\r\n\r\n",
    " ",
    "x",
    "\0",
  ],
  ...["\xe9", "\x7f", "From petya", ">", "x".repeat(996), "x".repeat(499)],
];

/** Octets of a line's beginning that may be held back, and all that is put in. */
const HELD = 998 + 200;

/** One try. */
export function header(seed: number): void {
  const chance = random(seed);
  const text = anyHeader(chance);
  const pieces = cut(chance, narrow(text));
  showing(text, () => {
    assertEquals(submitted(pieces), reference(text));
    const counter = new HopCounter();
    for (const piece of pieces) counter.scan(piece);
    assertEquals(counter.hops, hopsOf(text));
  });
}

function anyHeader(chance: Random): string {
  const line = () =>
    chance.pick([
      "Received: from a\r\n",
      "Received : from a\r\n",
      "From: <a@b>\r\n",
      "Bcc: <a@b>,\r\n <c@d>\r\n",
      "Date: now\r\n",
      "MESSAGE-id:\r\n",
      "Subject: x\r\n more\r\n",
      "From a Mon\r\n",
    ]);
  const piece = () => chance.chance(0.5) ? line() : chance.pick(PIECES);
  return repeat(chance, 12, piece);
}

function submitted(pieces: readonly Uint8Array<ArrayBuffer>[]): string {
  const submission = makeSubmission(SUPPLEMENTS);
  const out: Uint8Array[] = [];
  for (const piece of pieces) {
    // What comes out are views: they are looked at before the next piece goes in.
    const lent = piece.slice();
    out.push(...submission.push(lent).map((each) => each.slice()));
    lent.fill(0x58);
  }
  const rest = submission.end();
  assert(rest.length <= HELD, "too much was held back");
  return widen(joined([...out, rest]));
}

/** What becomes of a message that is all there. */
function reference(text: string): string {
  const missing = new Map(FIELDS);
  let out = "";
  let hiding = false;
  let rest = text;
  const leave = (separator: string) =>
    out + [...missing.values()].join("") + separator + rest;
  for (let first = true; rest !== ""; first = false) {
    const line = /^[^\n]*\n?/.exec(rest)![0];
    const kind = kindOf(line);
    if (kind === "empty") return leave("");
    if (kind === "text" || !first && kind === "mbox") return leave("\r\n");
    if (first && kind === "folded") return leave("\r\n");
    if (kind === "mbox") out += "X-Mailbox-Line: ";
    else if (kind !== "folded") {
      missing.delete(kind.field);
      hiding = ["bcc", "resent-bcc"].includes(kind.field);
    }
    if (!hiding) out += line;
    rest = rest.slice(line.length);
  }
  const cutOff = out !== "" && !hiding && !out.endsWith("\n") &&
    missing.size > 0;
  if (cutOff) out += "\r\n";
  return leave("");
}

function kindOf(
  line: string,
): "empty" | "text" | "folded" | "mbox" | { readonly field: string } {
  if (/^\r?\n/.test(line)) return "empty";
  if (/^[ \t]/.test(line)) return "folded";
  const [start, name = "", blanks = ""] = /^([!-9;-~]*)([ \t]*)/.exec(line)!;
  const next = line[start.length];
  if (start.length > 998 || next === undefined) return "text";
  if (next === ":" && name !== "") return { field: name.toLowerCase() };
  return name === "From" && blanks !== "" ? "mbox" : "text";
}

function hopsOf(text: string): number {
  const lines = text.split("\n");
  const end = lines.findIndex((line, index) =>
    line.startsWith("\r") || line === "" && index < lines.length - 1
  );
  return lines.slice(0, end < 0 ? undefined : end)
    .filter((line) => /^received[ \t]*:/i.test(line)).length;
}
