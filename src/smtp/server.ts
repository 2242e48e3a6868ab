/**
 * The server's side of one SMTP session, without I/O: octets and answers go in, and `next()` tells
 * the one thing that has to happen next.
 */
import { parseCommand } from "./command.ts";
import {
  heardCommand,
  heardMessage,
  heardResponse,
  shownReply,
} from "./dialogue.ts";
import { type Frame, Framer, type TextFault } from "./framer.ts";
import { type Reply, replyLines } from "./reply.ts";
import {
  framing,
  INITIAL,
  type Input,
  type Phase,
  type Question,
  type ServerConfig,
  type State,
} from "./state.ts";
import { transition } from "./transition.ts";

/** The one thing that has to happen next. The shell does it, then calls `next()` again. */
export type Effect =
  /** Read from the peer, then `receive()`, or let `timeout()`, `shutdown()` or `dismiss()` end it. */
  | { readonly type: "read"; readonly wait: "command" | "body" }
  /** Send these replies. */
  | { readonly type: "write"; readonly text: string }
  /** Decide, then `answer()`. */
  | { readonly type: "ask"; readonly question: Question }
  /** Append to the message: a view of what was received, valid until the next `receive()`. */
  | { readonly type: "body"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Drop what there is of the message; the reply that will be given says why. */
  | { readonly type: "discard"; readonly reply: Reply }
  /** Do the TLS handshake, then `secured()`. */
  | { readonly type: "handshake" }
  /** Close the connection: the session is over. */
  | { readonly type: "close" };

/** Characters of replies that may wait before they must be sent though input remains. */
const HIGH_WATER = 16 * 1024;

const HANDSHAKE: Effect = { type: "handshake" };
const CLOSE: Effect = { type: "close" };
const READ_COMMAND: Effect = { type: "read", wait: "command" };
const READ_BODY: Effect = { type: "read", wait: "body" };

/**
 * One session as the server sees it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { greeting, ServerSession } from "./mod.ts";
 *
 * const session = new ServerSession({
 *   hostname: "mx.test.ru",
 *   maxSize: 1_000_000,
 *   maxRecipients: 100,
 *   maxFaults: 20,
 *   tls: false,
 *   mechanisms: { clear: [], secure: [] },
 *   authRequired: false,
 * });
 * assertEquals(session.next(), { type: "ask", question: { ask: "connect" } });
 * session.answer(greeting("mx.test.ru"));
 * assertEquals(session.next(), {
 *   type: "write",
 *   text: "220 mx.test.ru ESMTP smtpd\r\n",
 * });
 * assertEquals(session.next(), { type: "read", wait: "command" });
 * ```
 */
export class ServerSession {
  readonly #config: ServerConfig;
  readonly #framer = new Framer();
  #state: State;
  /** Replies not sent yet. */
  #output = "";
  /** Why the message that was begun must be dropped, until the shell is told. */
  #discard: Reply | undefined;
  /** Lines of dialogue not taken yet. */
  #dialogue: string[] = [];

  /** With `secure`, TLS is on from the first octet (RFC 8314 §3.3). */
  constructor(
    config: ServerConfig,
    { secure = false }: { readonly secure?: boolean } = {},
  ) {
    this.#config = config;
    this.#state = { ...INITIAL, secure };
  }

  /** What the session knows by now. */
  get state(): State {
    return this.#state;
  }

  /**
   * Takes octets from the peer. They must stay unchanged until the next `read` effect.
   *
   * @throws {TypeError} While octets received before are waiting to be used.
   */
  receive(bytes: Uint8Array<ArrayBuffer>): void {
    this.#framer.push(bytes);
  }

  /**
   * Answers the question that is open. An answer that comes when the session is over changes nothing.
   *
   * @throws {TypeError} When none is.
   */
  answer(reply: Reply): void {
    this.#apply({ on: "answer", reply });
  }

  /**
   * The TLS handshake is done; the session starts over (RFC 3207 §4.2).
   *
   * @throws {TypeError} Unless the last effect was `handshake`.
   */
  secured(): void {
    this.#apply({ on: "secured" });
  }

  /**
   * The peer kept silent for too long: a last 421, then the end. Without the 421 when a TLS handshake
   * was due, which nothing in the clear may follow.
   */
  timeout(): void {
    this.#apply({ on: "timeout" });
  }

  /** The server stops: the end in the same way. */
  shutdown(): void {
    this.#apply({ on: "shutdown" });
  }

  /** The client has to go for a reason that `reply` gives, a 421: the end in the same way. */
  dismiss(reply: Reply): void {
    this.#apply({ on: "dismissal", reply });
  }

  /**
   * Takes the dialogue since the last call: `<- ` and a line of the client's, `-> ` and one of
   * ours, secrets left out and messages shortened to their size. It is kept until it is taken.
   */
  takeDialogue(): readonly string[] {
    const lines = this.#dialogue;
    if (lines.length > 0) this.#dialogue = [];
    return lines;
  }

  /** The one thing that has to happen next. */
  next(): Effect {
    for (;;) {
      const due = this.#due();
      if (due !== undefined) return due;
      const frame = this.#framer.pull(framing(this.#state));
      if (frame === undefined) {
        return this.#output === "" ? this.#read() : this.#flush();
      }
      const effect = this.#take(frame);
      if (effect !== undefined) return effect;
    }
  }

  /** What must happen before any more input is looked at. */
  #due(): Effect | undefined {
    if (this.#discard !== undefined) {
      const reply = this.#discard;
      this.#discard = undefined;
      return { type: "discard", reply };
    }
    const { phase } = this.#state;
    if (phase.name === "asking") {
      return { type: "ask", question: phase.question };
    }
    if (phase.name === "handshake" && this.#framer.clear()) {
      // Plaintext behind STARTTLS is an injection attempt (CVE-2011-0411).
      this.#output = "";
      this.#dialogue.push("-- octets behind STARTTLS: connection dropped");
      this.#apply({ on: "injection" });
      return CLOSE;
    }
    const last = phase.name === "handshake" || phase.name === "closed";
    if (this.#output.length > (last ? 0 : HIGH_WATER)) return this.#flush();
    if (!last) return undefined;
    return phase.name === "closed" ? CLOSE : HANDSHAKE;
  }

  #read(): Effect {
    const { phase } = this.#state;
    return phase.name === "data" || phase.name === "chunk"
      ? READ_BODY
      : READ_COMMAND;
  }

  #flush(): Effect {
    const text = this.#output;
    this.#output = "";
    return { type: "write", text };
  }

  /** Puts a frame through the machine; a piece of message that is wanted comes out again. */
  #take(frame: Frame): Effect | undefined {
    const { phase } = this.#state;
    switch (frame.kind) {
      case "line":
        this.#line(frame.text);
        return undefined;
      case "bad line":
        this.#dialogue.push(`<- (bad line: ${frame.fault})`);
        this.#apply({ on: "bad line", fault: frame.fault });
        return undefined;
      case "body":
        this.#apply({ on: "octets", count: frame.bytes.length });
        return isRefusing(this.#state.phase)
          ? undefined
          : { type: "body", bytes: frame.bytes };
      case "end":
        this.#dialogue.push(heardMessage(this.#state));
        this.#apply({ on: "end", fault: this.#textFault(phase) });
        return undefined;
      default:
        return frame satisfies never;
    }
  }

  #line(text: string): void {
    if (this.#state.phase.name === "auth") {
      this.#dialogue.push(heardResponse(text));
      this.#apply({ on: "response", text });
    } else {
      const command = parseCommand(text);
      this.#dialogue.push(heardCommand(text, command, this.#state));
      this.#apply({ on: "command", command });
    }
  }

  #textFault(phase: Phase): TextFault | undefined {
    if (isRefusing(phase)) return undefined;
    const whole = phase.name !== "chunk" || phase.last;
    return this.#framer.textFault({ whole });
  }

  #apply(input: Input): void {
    const { state, reply, discard } = transition(
      this.#state,
      input,
      this.#config,
    );
    this.#state = state;
    if (discard) this.#discard = reply;
    if (isOpening(state.phase)) this.#framer.startText();
    if (reply === undefined) return;
    for (const line of replyLines(reply)) {
      this.#output += `${line}\r\n`;
      this.#dialogue.push(`-> ${shownReply(line)}`);
    }
  }
}

/** Whether the octets that come are swallowed until the refusal can be said. */
function isRefusing(phase: Phase): boolean {
  return (phase.name === "data" || phase.name === "chunk") &&
    phase.refusal !== undefined;
}

function isOpening(phase: Phase): boolean {
  return phase.name === "asking" && phase.question.ask === "open";
}
