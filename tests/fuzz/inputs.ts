/** What a client might send, from pure noise to nearly right. Octets are widened to UTF-16 units. */
import { LINE_LIMIT } from "../../src/smtp/framer.ts";
import { changed, repeat } from "./making.ts";
import type { Random } from "./random.ts";

/** Ways to make input. */
export type Maker = (random: Random) => string;

/** Pieces that mean something to somebody along the way. */
export const TOKENS: readonly string[] = [
  "\r\n",
  "\r",
  "\n",
  "\0",
  ".",
  "\r\n.\r\n",
  "\n.\n",
  "\r\n.",
  " ",
  "\t",
  ":",
  "<",
  ">",
  "@",
  '"',
  "\\",
  "*",
  "=",
  "\x16\x03\x01",
  "\xd0\xb8",
  "\xff",
  "EHLO a",
  "HELO ",
  "MAIL FROM:",
  "RCPT TO:",
  "<a@b>",
  "DATA",
  "BDAT ",
  "LAST",
  "RSET",
  "QUIT",
  "AUTH PLAIN",
  "STARTTLS",
  "SIZE=",
  "SMTPUTF8",
  "BODY=BINARYMIME",
  "0",
  "17",
  "99999999999999999999",
  "GET / HTTP/1.1",
];

const VERBS =
  "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP AUTH STARTTLS QUIT NOPE"
    .split(" ");

const LOCAL_PARTS = [
  "a",
  "nobody",
  "postmaster",
  '"a b"',
  "\xd0\xb8",
  "",
  "x".repeat(65),
];
const DOMAINS = [
  "b",
  "test.ru",
  "[127.0.0.1]",
  "[IPv6:::1]",
  "\xd0\xb8.\xd1\x80",
  "-",
  "",
];
const PARAMETERS = [
  "SIZE=1",
  "SIZE=9999",
  "BODY=8BITMIME",
  "BODY=BINARYMIME",
  "SMTPUTF8",
  "RET=FULL",
  "ENVID=a+2Bb",
  "NOTIFY=DELAY,FAILURE",
  "ORCPT=rfc822;a@b",
  "X=1",
];

/** Octets without sense. */
export function noise(random: Random): string {
  return repeat(random, 200, () => String.fromCharCode(random.below(256)));
}

/** Tokens of the protocol in no order. */
export function tokens(random: Random): string {
  return repeat(random, 60, () => random.pick(TOKENS));
}

/** Commands of about the right form, in no order, with what goes with them. */
export function commands(random: Random): string {
  return repeat(random, 20, () => command(random));
}

/** Message text full of what could end it, and its end. */
export function text(random: Random): string {
  return `${
    repeat(random, 80, () => random.pick([..."\r\n.\0a", "\r\n", "\r\n."]))
  }\r\n.\r\n${commands(random)}`;
}

/** One long line, perhaps too long, perhaps without end, and a command. */
export function longLine(random: Random): string {
  const token = random.pick(TOKENS);
  const times = Math.ceil((LINE_LIMIT - 20 + random.below(40)) / token.length);
  return token.repeat(times) + random.pick(["", "\n", "\r\n"]) +
    command(random);
}

/** A known dialogue's input with a few things changed. */
export function mutated(dialogues: readonly string[]): Maker {
  return (random) =>
    changed(random, random.pick(dialogues).slice(0, 4000), TOKENS);
}

function command(random: Random): string {
  const verb = random.pick(VERBS);
  const end = random.chance(0.95)
    ? "\r\n"
    : random.pick(["\n", "\r", " \r\n", ""]);
  switch (verb) {
    case "EHLO":
    case "HELO":
      return `${verb} ${random.pick(DOMAINS)}${end}`;
    case "MAIL":
      return `MAIL FROM:${path(random)}${parameters(random)}${end}`;
    case "RCPT":
      return `RCPT TO:${path(random)}${parameters(random)}${end}`;
    case "BDAT": {
      const octets = random.chance(0.5) ? noise(random) : text(random);
      const last = random.chance(0.5) ? " LAST" : "";
      return `BDAT ${octets.length}${last}${end}${octets}`;
    }
    case "AUTH":
      return `AUTH ${random.pick(["PLAIN", "LOGIN", "NOPE"])}${
        random.pick(["", " =", " AGEAYg=="])
      }${end}`;
    default:
      return `${verb}${random.chance(0.2) ? " word" : ""}${end}`;
  }
}

function parameters(random: Random): string {
  if (random.chance(0.5)) return "";
  return repeat(random, 3, () => ` ${random.pick(PARAMETERS)}`);
}

function path(random: Random): string {
  if (random.chance(0.1)) return "<>";
  const route = random.chance(0.1) ? "@a,@b:" : "";
  return `<${route}${random.pick(LOCAL_PARTS)}@${random.pick(DOMAINS)}>`;
}
