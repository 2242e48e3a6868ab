/**
 * Throws chance at sessions. Whatever a client sends, and in whatever pieces: nothing throws, every
 * reply is well-formed, no more comes out than a fixed measure for each line that went in, and what
 * is heard was a line.
 */
import { assert, assertEquals } from "@std/assert";
import type { ServerConfig } from "../../src/smtp/state.ts";
import { Player, type Trace } from "../transcripts/play.ts";
import { CONFIG } from "../transcripts/transcript.ts";
import { anyAnswer, anyServer, type Server } from "./circumstances.ts";
import {
  commands,
  longLine,
  type Maker,
  mutated,
  noise,
  text,
  tokens,
} from "./inputs.ts";
import { assertLogins } from "./logins.ts";
import { narrow } from "./making.ts";
import { type Random, random } from "./random.ts";
import { isBad, readDotted } from "./reference.ts";
import { type Fuzz, showing } from "./target.ts";
import { assertWellFormed } from "./well_formed.ts";

const GREETED = "EHLO a\r\n";
const ADDRESSED = `${GREETED}MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n`;
const BINARY = ADDRESSED.replace("<a@b>", "<a@b> BODY=BINARYMIME");

/** Where a session can be when the input comes. */
const PREFIXES: readonly string[] = [
  "",
  GREETED,
  `${GREETED}AUTH PLAIN\r\n`,
  `${GREETED}AUTH PLAIN =\r\n${ADDRESSED}`,
  `${GREETED}STARTTLS\r\n`,
  `${GREETED}MAIL FROM:<\r\n`,
  `${GREETED}MAIL FROM:<a@b> SMTPUTF8\r\n`,
  ADDRESSED,
  `${ADDRESSED}DATA\r\n`,
  `${ADDRESSED}DATA\r\n.`,
  `${ADDRESSED}DATA\r\ntext\r`,
  `${ADDRESSED}BDAT 5\r\nabcd\r`,
  `${ADDRESSED}BDAT 50\r\n`,
  `${ADDRESSED}BDAT 1\r\n\n`,
  `${BINARY}BDAT 50 LAST\r\n`,
  `${GREETED}BDAT 50\r\n`,
];

/** Octets that one line of input can call forth at most: the answer to EHLO or HELP. */
const OUTPUT_PER_LINE = 700;

/** Makes the tries, with the inputs of known dialogues to change. */
export function sessions(dialogues: readonly string[]): Fuzz {
  const change = mutated(dialogues);
  const makers: readonly Maker[] = [noise, tokens, commands, text, change];
  return (seed) => {
    const chance = random(seed);
    const prefix = chance.pick(PREFIXES);
    // Long lines take long, octet by octet, so they come less often.
    const make = chance.chance(0.02) ? longLine : chance.pick(makers);
    const input = prefix + make(chance);
    const server = anyServer(chance);
    showing(input, () => {
      checkSession(input, server, chance);
      checkText(text(chance), chance);
      checkChunks(chance);
    });
  };
}

function checkSession(input: string, server: Server, chance: Random): void {
  const seed = chance.below(2 ** 32);
  const whole = play(input, input.length || 1, server, seed);
  const lines = input.split("\n").length;
  assertWellFormed(whole.output);
  assertLogins(whole, server);
  assertHeard(whole.record, input);
  const most = OUTPUT_PER_LINE * (lines + 2);
  assert(whole.output.length <= most, "too much output");
  const record = whole.record.join("").length;
  assert(record <= most + 2 * input.length + 50 * lines, "too much record");
  for (const size of [1, 2 + chance.below(40)]) {
    const cut = play(input, size, server, seed);
    // Octets behind STARTTLS are a fault or not, as they arrive: CVE-2011-0411.
    if (server.config.tls && /STARTTLS/i.test(input)) {
      assertWellFormed(cut.output);
    } else assertEquals(cut, whole, `in pieces of ${size}`);
  }
}

function play(
  input: string,
  size: number,
  server: Pick<Server, "config"> & Partial<Server>,
  seed?: number,
): Trace {
  const chance = seed === undefined ? undefined : random(seed);
  const player = new Player(server, {
    question: (question) => chance && anyAnswer(question, chance),
  });
  const octets = narrow(input);
  for (let at = 0; at < octets.length && player.end !== "close"; at += size) {
    if (player.end === "handshake") player.happen("handshake");
    player.send(octets.slice(at, at + size));
  }
  return player.trace;
}

/** No part of a line is heard as a command. Behind BDAT, a line need not start after CRLF. */
function assertHeard(record: readonly string[], input: string): void {
  if (/BDAT/i.test(input)) return;
  for (const line of record) {
    const heard = /^<- (?!AUTH)([ -'*-~][ -~]*)$/.exec(line)?.[1];
    if (heard === undefined) continue;
    assert(`\r\n${input}`.includes(`\r\n${heard}\r\n`), line);
  }
}

const USUAL: { readonly config: ServerConfig } = { config: CONFIG };

/** Text after DATA, against the plain reader. */
function checkText(octets: string, chance: Random): void {
  const expected = readDotted(octets)!;
  const { messages } = play(
    `${ADDRESSED}DATA\r\n${
      octets.slice(0, octets.length - expected.rest.length)
    }`,
    1 + chance.below(20),
    USUAL,
  );
  assertEquals(messages, [expected.bad ? "(discarded)" : expected.text]);
}

/** Chunks, of which one may stop short of a line's end, against the plain reader. */
function checkChunks(chance: Random): void {
  const chunks = Array.from(
    { length: 1 + chance.below(5) },
    () => text(chance).slice(0, chance.below(12)),
  );
  const sent = chunks.map((chunk) => `BDAT ${chunk.length}\r\n${chunk}`);
  const { messages } = play(
    `${ADDRESSED}${sent.join("")}BDAT 0 LAST\r\n`,
    1 + chance.below(20),
    USUAL,
  );
  const whole = chunks.join("");
  assertEquals(messages, [isBad(whole) ? "(discarded)" : whole]);
}
