/**
 * Throws chance at sessions. Whatever a client sends, and in whatever pieces: nothing throws, every
 * reply is well-formed, no more comes out than a fixed measure for each line that went in, and a
 * message that is accepted is what the plain reader of `reference.ts` makes of the same octets.
 */
import { assert, assertEquals } from "@std/assert";
import type { Reply } from "../../src/smtp/reply.ts";
import * as replies from "../../src/smtp/replies.ts";
import type { Question, ServerConfig } from "../../src/smtp/state.ts";
import { decide } from "../transcripts/policy.ts";
import { Player, type Trace } from "../transcripts/play.ts";
import { CONFIG } from "../transcripts/transcript.ts";
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
import { type Random, random } from "./random.ts";
import { isBad, readDotted } from "./reference.ts";
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

const SETTINGS: ServerConfig = {
  ...CONFIG,
  maxSize: 500,
  maxRecipients: 2,
  maxFaults: 5,
  mechanisms: { clear: ["PLAIN"], secure: ["PLAIN", "LOGIN"] },
};

const TLS_FIRST: ServerConfig["mechanisms"] = {
  ...SETTINGS.mechanisms,
  clear: [],
};

/** A server and the way to it. */
interface Server {
  readonly config: ServerConfig;
  /** Whether TLS is on from the first octet. */
  readonly secure?: boolean;
}

/** Octets that one line of input can call forth at most: the answer to EHLO or HELP. */
const OUTPUT_PER_LINE = 700;

/** One try. The seed says all of it. */
export type Fuzz = (seed: number) => void;

/**
 * Makes the tries, with the inputs of known dialogues to change.
 *
 * @throws {Error} From a try that fails, with its input.
 */
export function fuzzer(dialogues: readonly string[]): Fuzz {
  const change = mutated(dialogues);
  const makers: readonly Maker[] = [noise, tokens, commands, text, change];
  return (seed) => {
    const chance = random(seed);
    const prefix = chance.pick(PREFIXES);
    // Long lines take long, octet by octet, so they come less often.
    const make = chance.chance(0.02) ? longLine : chance.pick(makers);
    const input = prefix + make(chance);
    const server = anyServer(chance);
    try {
      checkSession(input, server, chance);
      checkText(text(chance), chance);
      checkChunks(chance);
    } catch (cause) {
      throw new Error(`Seed ${seed} fails with ${JSON.stringify(input)}`, {
        cause,
      });
    }
  };
}

function anyServer(chance: Random): Server {
  return {
    config: {
      ...SETTINGS,
      tls: chance.chance(0.1),
      authRequired: chance.chance(0.1),
      ...(chance.chance(0.1) && { mechanisms: TLS_FIRST }),
    },
    secure: chance.chance(0.1),
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
  server: Server,
  seed?: number,
): Trace {
  const chance = seed === undefined ? undefined : random(seed);
  const player = new Player(server, {
    question: (question) => chance && answer(question, chance),
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

/** Mostly yes, so that a session gets on. */
function answer(question: Question, chance: Random): Reply {
  if (question.ask === "auth" || question.ask === "response") {
    if (chance.chance(0.5)) return replies.challenge("");
    if (chance.chance(0.5)) return replies.AUTHENTICATED;
  }
  if (chance.chance(0.95)) return decide(question);
  return chance.pick([
    replies.LOCAL_ERROR,
    replies.RELAY_DENIED,
    replies.shuttingDown(CONFIG.hostname),
  ]);
}

/** Text after DATA, against the plain reader. */
function checkText(octets: string, chance: Random): void {
  const expected = readDotted(octets)!;
  const { messages } = play(
    `${ADDRESSED}DATA\r\n${
      octets.slice(0, octets.length - expected.rest.length)
    }`,
    1 + chance.below(20),
    { config: CONFIG },
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
    { config: CONFIG },
  );
  const whole = chunks.join("");
  assertEquals(messages, [isBad(whole) ? "(discarded)" : whole]);
}

function narrow(octets: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(octets, (octet) => octet.charCodeAt(0));
}
