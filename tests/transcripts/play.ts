/** Plays dialogues against a session of the core. */
import { assert, assertEquals } from "@std/assert";
import type { Reply } from "../../src/smtp/reply.ts";
import { ServerSession } from "../../src/smtp/server.ts";
import type { Question } from "../../src/smtp/state.ts";
import { decide, describe } from "./policy.ts";
import { type Event, type Step, type Transcript, widen } from "./transcript.ts";

/** All that can be seen of a session from outside, whatever pieces its input came in. */
export interface Trace {
  /** Every octet sent. */
  readonly output: string;
  readonly questions: readonly string[];
  readonly answers: readonly Reply[];
  /** Each message that was finished. */
  readonly messages: readonly string[];
  readonly record: readonly string[];
  /** What the session did at last. */
  readonly end: "read" | "handshake" | "close";
}

/** Told of what happens while it happens. */
export interface Listener {
  /** Gives an answer of its own, or `undefined` for the usual one. */
  question?(question: Question): Reply | undefined;
  /** A message is whole or dropped. */
  message?(octets: string, fate: "commit" | "discard"): void;
}

/** Runs a session, and notes what comes out of it. */
export class Player {
  readonly #session: ServerSession;
  readonly #listener: Listener;
  readonly #questions: string[] = [];
  readonly #answers: Reply[] = [];
  readonly #messages: string[] = [];
  readonly #record: string[] = [];
  #output = "";
  #body = "";
  #end: Trace["end"] = "read";
  /** How much of the output was asked for. */
  #seen = 0;

  constructor(
    { config, secure = false }:
      & Pick<Transcript, "config">
      & Partial<Pick<Transcript, "secure">>,
    listener: Listener = {},
  ) {
    this.#session = new ServerSession(config, { secure });
    this.#listener = listener;
    this.#run();
  }

  /** What the session waits for. */
  get end(): Trace["end"] {
    return this.#end;
  }

  /** What was sent since this was last asked. */
  takeOutput(): string {
    const text = this.#output.slice(this.#seen);
    this.#seen = this.#output.length;
    return text;
  }

  /** Everything that came out so far. */
  get trace(): Trace {
    return {
      output: this.#output,
      questions: this.#questions,
      answers: this.#answers,
      messages: this.#messages,
      record: this.#record,
      end: this.#end,
    };
  }

  /** Gives the session octets; ones that come after its end are lost, as on a closed connection. */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#end === "close") return;
    assertEquals(this.#end, "read", "octets behind STARTTLS");
    // Octets may be overwritten as soon as the session asks for more; so they are, here.
    const lent = bytes.slice();
    this.#session.receive(lent);
    this.#run();
    lent.fill(0x58);
  }

  /** Lets something happen. `close` only checks that it did. */
  happen(event: Event): void {
    switch (event) {
      case "timeout":
        this.#session.timeout();
        break;
      case "shutdown":
        this.#session.shutdown();
        break;
      case "handshake":
        assertEquals(this.#end, "handshake");
        this.#session.secured();
        break;
      case "close":
        assertEquals(this.#end, "close");
        return;
    }
    this.#run();
  }

  #run(): void {
    for (;;) {
      const effect = this.#session.next();
      this.#record.push(...this.#session.takeDialogue());
      switch (effect.type) {
        case "write":
          assert(effect.text !== "", "an empty write");
          this.#output += effect.text;
          break;
        case "ask":
          this.#ask(effect.question);
          break;
        case "body":
          assert(effect.bytes.length > 0, "an empty piece of body");
          this.#body += widen(effect.bytes);
          break;
        case "discard":
          this.#finish("discard");
          break;
        case "read":
        case "handshake":
        case "close":
          this.#end = effect.type;
          return;
        default:
          effect satisfies never;
      }
    }
  }

  #ask(question: Question): void {
    this.#questions.push(describe(question));
    if (question.ask === "commit") this.#finish("commit");
    const reply = this.#listener.question?.(question) ?? decide(question);
    this.#answers.push(reply);
    this.#session.answer(reply);
  }

  #finish(fate: "commit" | "discard"): void {
    this.#listener.message?.(this.#body, fate);
    // How much of a message came out before it was given up depends on the pieces it came in.
    this.#messages.push(fate === "commit" ? this.#body : "(discarded)");
    this.#body = "";
  }
}

/**
 * Plays a dialogue line by line, as two sides do that wait for each other, and looks at every line
 * of the file.
 *
 * @throws {Error} Where the session departs from the file.
 */
export function playStrictly(transcript: Transcript): Trace {
  const { steps } = transcript;
  let at = 0;
  const takeIf = <Kind extends Step["kind"]>(kind: Kind) => {
    const step = steps[at];
    if (step?.kind !== kind) return undefined;
    at++;
    return step as Step & { readonly kind: Kind };
  };
  const player = new Player(transcript, {
    question(question) {
      const asked = takeIf("question");
      if (asked) assertEquals(describe(question), asked.text);
      return takeIf("answer")?.reply;
    },
    message(octets, fate) {
      let expected = "";
      const first = at;
      for (let step = takeIf("body"); step; step = takeIf("body")) {
        expected += step.octets;
      }
      if (at > first) assertEquals(octets, expected);
      if (fate === "discard") {
        assert(takeIf("discard"), "an unexpected discard");
      }
    },
  });
  let output: string[] = splitLines(player.takeOutput());
  while (at < steps.length) {
    const step = steps[at++]!;
    switch (step.kind) {
      case "client":
        if (steps[at - 2]?.kind === "server") assertEquals(output, []);
        player.send(step.bytes);
        break;
      case "event":
        player.happen(step.event);
        break;
      case "server":
        output = takeReply(output, step.line);
        break;
      default:
        throw new Error(`It didn't come: ${JSON.stringify(step)}`);
    }
    output = [...output, ...splitLines(player.takeOutput())];
  }
  assertEquals(output, [], "there is more output");
  const { trace } = player;
  if (transcript.record.length > 0) {
    assertEquals(trace.record, transcript.record);
  }
  if (!steps.some((step) => step.kind === "event" && step.event === "close")) {
    assertEquals(player.end, "read", "the session is over");
  }
  return trace;
}

/**
 * Plays a dialogue without waiting for the server, in pieces of so many octets: what was sent
 * between two events counts as one stream.
 */
export function playInPieces(
  transcript: Transcript,
  size: number,
  answers?: readonly Reply[],
): Trace {
  let asked = 0;
  const player = new Player(transcript, {
    question: () => answers?.[asked++],
  });
  let stream: number[] = [];
  const send = () => {
    const bytes = new Uint8Array(stream);
    for (let at = 0; at < bytes.length; at += size) {
      player.send(bytes.slice(at, at + size));
    }
    stream = [];
  };
  for (const step of transcript.steps) {
    if (step.kind === "client") stream.push(...step.bytes);
    if (step.kind !== "event") continue;
    send();
    player.happen(step.event);
  }
  send();
  return player.trace;
}

function splitLines(output: string): string[] {
  assert(output === "" || output.endsWith("\r\n"), "a line without its end");
  return output.split("\r\n").slice(0, -1);
}

/** Takes what `expected` stands for from the front of `lines`. */
function takeReply(lines: readonly string[], expected: string): string[] {
  const whole = matchLine(expected);
  const first = lines[0];
  assert(
    first !== undefined && whole.test(first),
    `Expected: ${expected}\nCame: ${first ?? "nothing"}`,
  );
  let count = 1;
  if (expected.endsWith("...")) {
    while (lines[count - 1]?.[3] === "-") count++;
  }
  return lines.slice(count);
}

/**
 * What a line of the server's must look like: `...` at its end stands for anything, as does `ID`
 * for any queue ID.
 */
export function matchLine(expected: string): RegExp {
  const open = expected.endsWith("...");
  const text = RegExp.escape(open ? expected.slice(0, -3).trimEnd() : expected)
    .replace(/ID$/, "\\w+");
  return new RegExp(open ? `^${text}(?:[ -].*)?$` : `^${text}$`);
}
