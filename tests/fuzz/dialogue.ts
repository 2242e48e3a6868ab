/**
 * Dialogues, held against a plain server of which all is known: the same questions with the same in
 * them, the same codes in the same order, one for each command, and the same messages to the octet,
 * of which none is taken that wasn't accepted. What the session holds and sends stays small.
 */
import { assert, assertEquals } from "@std/assert";
import type { Mailbox } from "../../src/smtp/address.ts";
import { ServerSession } from "../../src/smtp/server.ts";
import type { Question } from "../../src/smtp/state.ts";
import { widen } from "../transcripts/transcript.ts";
import { anyAnswer, anyServer, type Server } from "./circumstances.ts";
import { dialogueMaker } from "./grammar.ts";
import { narrow } from "./making.ts";
import { type Random, random } from "./random.ts";
import { type ReferenceQuestion, ReferenceServer } from "./reference_server.ts";
import { type Fuzz, showing } from "./target.ts";
import { assertWellFormed } from "./well_formed.ts";

/** Makes the tries, with the inputs of known dialogues to change. */
export function dialogues(known: readonly string[]): Fuzz {
  const make = dialogueMaker(known);
  return (seed) => {
    const chance = random(seed);
    const server = anyServer(chance, { tls: 0.5 });
    const pieces = make(chance);
    const seen = new Session(server, chance);
    showing({ server, pieces }, () => {
      for (const piece of pieces) seen.send(piece);
      const gaveUp = chance.chance(0.3);
      if (gaveUp) seen.giveUp(chance.pick(["timeout", "shutdown"]));
      compare(seen, { server, pieces, gaveUp });
    });
  };
}

/** A session, and all that was seen of it. */
class Session {
  readonly questions: ReferenceQuestion[] = [];
  readonly answers: number[] = [];
  readonly messages: string[] = [];
  output = "";
  end: "read" | "handshake" | "close" = "read";
  readonly #session: ServerSession;
  readonly #chance: Random;
  #body = "";

  constructor({ config, secure }: Server, chance: Random) {
    this.#session = new ServerSession(config, { secure });
    this.#chance = chance;
    this.#run();
  }

  send(piece: string): void {
    if (this.end === "handshake") {
      this.#session.secured();
      this.#run();
    }
    if (this.end === "close" || piece === "") return;
    this.#session.receive(narrow(piece));
    this.#run();
  }

  giveUp(how: "timeout" | "shutdown"): void {
    if (this.end === "close") return;
    this.#session[how]();
    this.#run();
  }

  #run(): void {
    for (;;) {
      const effect = this.#session.next();
      this.#session.takeDialogue();
      assert(JSON.stringify(this.#session.state).length < STATE, "too large");
      switch (effect.type) {
        case "read":
        case "handshake":
        case "close":
          this.end = effect.type;
          return;
        case "write":
          assert(effect.text.length < WRITE, "too much at once");
          this.output += effect.text;
          break;
        case "ask":
          this.#ask(effect.question);
          break;
        case "body":
          this.#body += widen(effect.bytes);
          break;
        case "discard":
          this.#finish("(discarded)");
          break;
        default:
          effect satisfies never;
      }
    }
  }

  #ask(question: Question): void {
    if (question.ask === "commit") this.#finish(this.#body);
    this.questions.push(plain(question));
    const reply = anyAnswer(question, this.#chance);
    this.answers.push(reply.code);
    this.#session.answer(reply);
  }

  #finish(message: string): void {
    this.messages.push(message);
    this.#body = "";
  }
}

/** Characters of a state: a line, an envelope of two recipients with all that can be said of them. */
const STATE = 3 * 12_288;

/** Characters of a write: as many as may wait, and the longest reply. */
const WRITE = 16 * 1024 + 1024;

function compare(
  seen: Session,
  { server, pieces, gaveUp }: {
    readonly server: Server;
    readonly pieces: readonly string[];
    readonly gaveUp: boolean;
  },
): void {
  let asked = 0;
  const expected = new ReferenceServer(server, (question) => {
    assertEquals(seen.questions[asked], question);
    return seen.answers[asked++]!;
  });
  for (const piece of pieces) {
    if (expected.end === "close") break;
    if (expected.end === "handshake") expected.secured();
    expected.receive(piece);
  }
  if (gaveUp && expected.end !== "close") expected.giveUp();

  const codes = assertWellFormed(seen.output)
    .map((reply) => Number(reply.slice(0, 3)));
  // Who injects octets isn't told what came of them.
  const told = expected.injected
    ? expected.codes.slice(0, codes.length)
    : expected.codes;
  assertEquals(codes, told);
  assertEquals(seen.questions.length, asked, "asked more");
  assertEquals(seen.messages, expected.messages);
  assertEquals(seen.end, expected.end);
}

/** A question with as much of it as the plain server knows. */
function plain(question: Question): ReferenceQuestion {
  switch (question.ask) {
    case "connect":
      return { ask: "connect" };
    case "mail":
      return { ask: "mail", from: question.from };
    case "rcpt":
      return { ask: "rcpt", to: question.to };
    case "auth":
    case "response": {
      const { ask, mechanism, response } = question;
      return { ask, mechanism, response };
    }
    case "open":
      return { ask: "open", via: question.via };
    case "commit": {
      const { from, to } = question.envelope;
      const mailboxes: readonly Mailbox[] = to.map(({ mailbox }) => mailbox);
      return { ask: "commit", from, to: mailboxes };
    }
    default:
      return question satisfies never;
  }
}
