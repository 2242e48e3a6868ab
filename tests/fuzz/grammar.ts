/**
 * Dialogues that go on like real ones (TLS, AUTH, transactions by DATA and BDAT) and then have a few
 * faults put into them. What stands in one string a client sends at once.
 */
import {
  commands,
  type Maker,
  mutated,
  noise,
  text,
  TOKENS,
} from "./inputs.ts";
import { changed, several } from "./making.ts";
import type { Random } from "./random.ts";

/** A dialogue, piece by piece. */
export type DialogueMaker = (random: Random) => readonly string[];

/** Octets of the largest message that is taken. */
export const MAX_SIZE = 500;

/** Dialogues by the grammar, and changed ones of others. */
export function dialogueMaker(dialogues: readonly string[]): DialogueMaker {
  const change = mutated(dialogues);
  return (random) => {
    const make = random.chance(0.7) ? sessionOf : inLines(change);
    const pieces = make(random);
    return random.chance(0.4) ? spoilt(random, pieces) : pieces;
  };
}

/** The client waits after each line. */
function inLines(make: Maker): DialogueMaker {
  return (random) => make(random).split(/(?<=\n)/);
}

function sessionOf(random: Random): readonly string[] {
  const parts = [
    hello(random),
    ...several(random, 3, () => random.pick(PARTS)(random)),
    ...several(random, 3, () => transaction(random)),
    ...random.chance(0.3) ? [["QUIT\r\n"]] : [],
  ];
  return pipelined(random, parts.flat());
}

/** Some of the pieces go out together; never what comes behind STARTTLS, but by mistake. */
function pipelined(
  random: Random,
  pieces: readonly string[],
): readonly string[] {
  const eagerness = random.pick([0, 0.5, 1]);
  const together: string[] = [""];
  for (const piece of pieces) {
    const last = together.at(-1)!;
    const waits = last.endsWith("STARTTLS\r\n")
      ? !random.chance(0.05)
      : !random.chance(eagerness);
    if (waits) together.push(piece);
    else together[together.length - 1] = last + piece;
  }
  return together;
}

type Part = (random: Random) => readonly string[];

const PARTS: readonly Part[] = [
  (random) => ["STARTTLS\r\n", ...hello(random)],
  login,
  login,
  hello,
  (random) => [commands(random)],
  (random) => [
    random.pick([
      "NOOP\r\n",
      "RSET\r\n",
      "HELP\r\n",
      "HELP AUTH\r\n",
      "VRFY petya\r\n",
      "EXPN list\r\n",
    ]),
  ],
];

function hello(random: Random): readonly string[] {
  return [
    random.pick(["EHLO a.test\r\n", "EHLO [127.0.0.1]\r\n", "HELO a\r\n"]),
  ];
}

function login(random: Random): readonly string[] {
  const mechanism = random.pick(["PLAIN", "LOGIN", "plain", "SCRAM-SHA-256"]);
  const initial = random.pick(["", " =", " AHBldHlhAHNlY3JldA==", " !"]);
  return [
    `AUTH ${mechanism}${initial}\r\n`,
    ...several(
      random,
      2,
      () =>
        random.pick(["cGV0eWE=\r\n", "*\r\n", "\r\n", "\xd0\r\n", "QUIT\r\n"]),
    ),
  ];
}

function transaction(random: Random): readonly string[] {
  const binary = random.chance(0.2);
  const parameters = [
    ...binary ? [" BODY=BINARYMIME"] : [],
    ...several(random, 2, () => random.pick(MAIL_PARAMETERS)),
  ];
  return [
    `MAIL FROM:${random.pick(SENDERS)}${parameters.join("")}\r\n`,
    ...several(
      random,
      4,
      () =>
        `RCPT TO:${random.pick(RECIPIENTS)}${random.pick(RCPT_PARAMETERS)}\r\n`,
    ),
    ...binary || random.chance(0.4) ? chunks(random) : data(random),
  ];
}

const SENDERS = [
  "<a@b.test>",
  "<>",
  '<"a b"@[IPv6:::1]>',
  "<@x,@y.test:a@b.test>",
  "<\xd0\xb6@b.test>",
];
const MAIL_PARAMETERS = [
  " SIZE=100",
  " SIZE=501",
  " BODY=8BITMIME",
  " SMTPUTF8",
  " RET=HDRS",
  " ENVID=a+2Bb",
  " AUTH=<>",
];
const RECIPIENTS = [
  "<c@d.test>",
  "<nobody@d.test>",
  "<Postmaster>",
  "<\xd0\xb6@d.test>",
  '<"@"@d.test>',
];
const RCPT_PARAMETERS = [
  "",
  "",
  "",
  " NOTIFY=NEVER",
  " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x@y",
  " ORCPT=utf-8;\\x{436}@y",
  " X",
];

function data(random: Random): readonly string[] {
  return ["DATA\r\n", random.chance(0.2) ? text(random) : letter(random)];
}

/** A message with what was once taken for its end in it; or one that is as large as any may be. */
function letter(random: Random): string {
  if (random.chance(0.1)) {
    return `${"x".repeat(MAX_SIZE - random.pick([1, 2, 3]))}\r\n.\r\n`;
  }
  const lines = several(random, 12, () => random.pick(LINES));
  return `${lines.join("")}.\r\n`;
}

const LINES = [
  "Subject: hello\r\n",
  "\r\n",
  "..\r\n",
  "...\r\n",
  ".x\r\n",
  "MAIL FROM:<x@y>\r\n",
  "RCPT TO:<x@y>\r\n",
  "DATA\r\n",
  `${"x".repeat(90)}\r\n`,
  "\xd0\xb6\r\n",
  ...["\n.\n", "\r.\r", "\r\n.\n", "\n.\r\n", "\r\n.\r", "\r.\r\n", "\0"],
];

function chunks(random: Random): readonly string[] {
  const all = several(random, 4, () => chunk(random, ""));
  return random.chance(0.9) ? [...all, chunk(random, " LAST")] : all;
}

function chunk(random: Random, last: string): string {
  const octets = random.pick([
    () => "",
    () => letter(random),
    () => noise(random),
    () => random.pick(LINES),
    () => "x".repeat(MAX_SIZE - random.pick([0, 1, 2]) + 1),
    () => random.pick(["a\r", "\nb", "\r\n"]),
  ])();
  // Now and then the count is wrong.
  const size = random.chance(0.95)
    ? octets.length
    : random.below(octets.length + 30);
  return `BDAT ${size}${last}\r\n${octets}`;
}

/** A few faults: pieces lost, doubled, out of order, joined, and changed. */
function spoilt(
  random: Random,
  pieces: readonly string[],
): readonly string[] {
  const all = [...pieces];
  for (let faults = random.below(3); faults >= 0; faults--) {
    const at = random.below(all.length);
    const piece = all[at] ?? "";
    const replacement = random.pick([
      () => [],
      () => [piece, piece],
      () => [all[at + 1] ?? "", piece],
      () => [piece + (all[at + 1] ?? "")],
      () => [changed(random, piece, TOKENS)],
      () => [piece.replace("\r\n", random.pick(["\n", "\r", "\r\r\n", ""]))],
      () => [piece.slice(0, random.below(piece.length + 1))],
    ])();
    all.splice(at, random.pick([1, 1, 2]), ...replacement);
  }
  return all;
}
