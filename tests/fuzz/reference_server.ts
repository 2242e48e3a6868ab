/**
 * A mail server as plain as can be, to hold the real one against: it has all of its input as one
 * text, cuts it at CRLF, and knows nothing of pieces, views or speed. It tells the code of each reply
 * it gives, what it asks, and the messages that come of it.
 */
import type { ServerConfig } from "../../src/smtp/state.ts";
import {
  isAsciiMailbox,
  readCommand,
  type ReferenceCommand,
  type ReferenceParameters,
} from "./reference_command.ts";
import type { ReferenceMailbox } from "./reference_address.ts";
import { narrow } from "./making.ts";
import { isBad } from "./reference.ts";

/** What it wants to know. */
export type ReferenceQuestion =
  | { readonly ask: "connect" }
  | { readonly ask: "mail"; readonly from: ReferenceMailbox | null }
  | { readonly ask: "rcpt"; readonly to: ReferenceMailbox }
  | {
    readonly ask: "auth" | "response";
    readonly mechanism: string;
    readonly response: string | undefined;
  }
  | { readonly ask: "open"; readonly via: "DATA" | "BDAT" }
  | {
    readonly ask: "commit";
    readonly from: ReferenceMailbox | null;
    readonly to: readonly ReferenceMailbox[];
  };

/** Answers with the code of a reply. */
export type ReferenceAnswer = (question: ReferenceQuestion) => number;

/** A transaction. */
interface Envelope {
  readonly from: ReferenceMailbox | null;
  readonly parameters: ReferenceParameters;
  readonly to: ReferenceMailbox[];
  /** What came in chunks, once one was taken. */
  chunks?: string;
}

/** What the next octets are. */
type Phase =
  | { readonly name: "line" | "text" }
  | {
    readonly name: "chunk";
    readonly size: number;
    readonly last: boolean;
    /** The code that refuses it at its end. */
    readonly refusal: number | undefined;
  };

const LINE: Phase = { name: "line" };

/** Octets in a line, with its end (RFC 4954 §4). */
const LINE_LIMIT = 12_288;

const COMMANDS = "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT";

/** The server. Octets are widened to UTF-16 units. */
export class ReferenceServer {
  /** The code of each reply, in their order. */
  readonly codes: number[] = [];
  /** The messages that were whole, and for those given up a note. */
  readonly messages: string[] = [];
  /** Whether octets came behind STARTTLS. */
  injected = false;
  end: "read" | "handshake" | "close" = "read";
  readonly #config: ServerConfig;
  readonly #ask: ReferenceAnswer;
  #input = "";
  #phase: Phase = LINE;
  #secure: boolean;
  #welcome: boolean;
  #greeted = false;
  #loggedIn = false;
  /** The mechanism that waits for a response. */
  #challenged: string | undefined;
  #envelope: Envelope | undefined;
  /** Whether what follows was sent in the hope of a transaction that came to nothing. */
  #hopeless = false;
  /** Whether it was so before the line or chunk that is being looked at. */
  #wasHopeless = false;
  #faults = 0;
  /** Whether a bare LF came in the line that goes on. */
  #broken = false;

  constructor(
    { config, secure }: {
      readonly config: ServerConfig;
      readonly secure: boolean;
    },
    answer: ReferenceAnswer,
  ) {
    this.#config = config;
    this.#secure = secure;
    this.#ask = answer;
    const code = answer({ ask: "connect" });
    this.#welcome = code < 400;
    this.#reply(code);
  }

  /** Takes octets that come all at once. */
  receive(octets: string): void {
    this.#input += octets;
    while (this.end === "read" && this.#step());
    if (this.end === "handshake" && this.#input !== "") {
      this.injected = true;
      this.#close();
    }
  }

  /** TLS is on. */
  secured(): void {
    this.end = "read";
    this.#secure = true;
    this.#greeted = false;
    this.#loggedIn = false;
    this.#hopeless = false;
  }

  /** The client was silent for too long, or the server stops. */
  giveUp(): void {
    if (this.end === "handshake") this.#close();
    else this.#reply(421);
  }

  /** Does the next thing, if all is there that it takes; returns whether it was. */
  #step(): boolean {
    this.#wasHopeless = this.#hopeless;
    switch (this.#phase.name) {
      case "line":
        return this.#line();
      case "text":
        return this.#text();
      case "chunk":
        return this.#chunk(this.#phase);
    }
  }

  #line(): boolean {
    if (this.#input[0] === "\x16" && !this.#broken) {
      this.#reply(554, { last: true });
      return true;
    }
    const end = this.#input.indexOf("\n") + 1;
    if (end === 0) return false;
    const line = this.#input.slice(0, end);
    this.#input = this.#input.slice(end);
    const fault = this.#faultOf(line);
    const mechanism = this.#challenged;
    this.#challenged = undefined;
    if (fault !== undefined) {
      this.#reply(mechanism === undefined || fault === "long" ? 500 : 501);
      return true;
    }
    const text = decode(line.slice(0, -2))!;
    if (mechanism === undefined) this.#command(readCommand(text));
    else if (text === "*") this.#reply(501);
    else this.#exchange({ ask: "response", mechanism, response: text });
    return true;
  }

  #faultOf(line: string): "long" | "other" | undefined {
    const wasBroken = this.#broken;
    this.#broken = !line.endsWith("\r\n");
    if (line.length > LINE_LIMIT) return "long";
    if (this.#broken || wasBroken) return "other";
    const octets = line.slice(0, -2);
    const control = [...octets].some((octet) =>
      octet < " " && octet !== "\t" || octet === "\x7f"
    );
    return control || decode(octets) === undefined ? "other" : undefined;
  }

  #command(command: ReferenceCommand): void {
    if (command.word === "?") {
      if (command.mail) this.#hopeless = this.#envelope === undefined;
      this.#reply(command.code, { last: command.fatal });
      return;
    }
    const objection = this.#objection(command.word);
    if (command.word === "BDAT") {
      this.#phase = { name: "chunk", ...command, refusal: objection };
    } else if (objection === undefined) this.#proceed(command);
    else {
      if (command.word === "MAIL") this.#hopeless = objection !== 503;
      this.#reply(objection);
    }
  }

  /** The code that refuses a command now (RFC 5321 §4.1.4), if one does. */
  #objection(word: ReferenceCommand["word"]): number | undefined {
    const { tls, authRequired, maxRecipients } = this.#config;
    const envelope = this.#envelope;
    const chunking = envelope?.chunks !== undefined;
    if (word === "QUIT") return undefined;
    if (!this.#welcome) return 503;
    switch (word) {
      case "MAIL":
        if (!this.#greeted || envelope) return 503;
        return authRequired && !this.#loggedIn ? 530 : undefined;
      case "RCPT":
        if (!envelope || chunking) return 503;
        return envelope.to.length >= maxRecipients ? 452 : undefined;
      case "DATA":
        if (!envelope || chunking) return 503;
        if (envelope.to.length === 0) return 554;
        return envelope.parameters.binary ? 503 : undefined;
      case "BDAT":
        if (!envelope) return 503;
        return envelope.to.length === 0 ? 554 : undefined;
      case "AUTH":
        if (!this.#hasLogins) return 502;
        return !this.#greeted || envelope || this.#loggedIn ? 503 : undefined;
      case "STARTTLS":
        if (this.#secure) return 503;
        if (!tls) return 502;
        return !this.#greeted || envelope ? 503 : undefined;
      default:
        return undefined;
    }
  }

  #proceed(
    command: Exclude<ReferenceCommand, { readonly word: "?" | "BDAT" }>,
  ): void {
    switch (command.word) {
      case "HELLO":
        this.#greeted = true;
        this.#drop();
        return this.#reply(250);
      case "MAIL":
        return this.#mail(command);
      case "RCPT":
        return this.#recipient(command.to);
      case "DATA":
        return this.#data();
      case "AUTH":
        return this.#auth(command);
      case "STARTTLS":
        this.#reply(220);
        this.end = "handshake";
        return;
      case "RSET":
        this.#drop();
        return this.#reply(250);
      case "NOOP":
        return this.#reply(250);
      case "VRFY":
        return this.#reply(252);
      case "HELP":
        return this.#reply(this.#hasHelpOn(command.topic) ? 214 : 504);
      case "QUIT":
        return this.#reply(221, { last: true });
      default:
        return command satisfies never;
    }
  }

  #mail(
    { from, parameters }: ReferenceCommand & { readonly word: "MAIL" },
  ): void {
    const refusal = parameters.auth && !this.#hasLogins
      ? 555
      : parameters.size > this.#config.maxSize
      ? 552
      : undefined;
    const code = refusal ?? this.#ask({ ask: "mail", from });
    this.#hopeless = code >= 400;
    if (code < 400) this.#envelope = { from, parameters, to: [] };
    this.#reply(code);
  }

  #recipient(to: ReferenceMailbox): void {
    const { parameters, to: all } = this.#envelope!;
    const code = parameters.smtputf8 || isAsciiMailbox(to)
      ? this.#ask({ ask: "rcpt", to })
      : 553;
    if (code < 400) all.push(to);
    this.#reply(code);
  }

  #data(): void {
    const code = this.#ask({ ask: "open", via: "DATA" });
    if (code < 400) this.#phase = { name: "text" };
    else this.#drop();
    this.#reply(code);
  }

  #text(): boolean {
    const input = `\r\n${this.#input}`;
    const end = input.indexOf("\r\n.\r\n");
    if (end < 0) return false;
    const stuffed = input.slice(0, end + 2);
    this.#input = input.slice(end + 5);
    const text = stuffed.replaceAll("\r\n.", "\r\n").slice(2);
    // Of a message that is refused anyway the real server counts a few octets less.
    const uncounted = stuffed.match(/\r\n\.\r(?!\n)/g)?.length ?? 0;
    if (text.length - uncounted > this.#config.maxSize) this.#spoiled(552);
    else if (isBad(stuffed)) this.#spoiled(550);
    else this.#commit(text);
    return true;
  }

  #spoiled(code: number): void {
    this.messages.push(GIVEN_UP);
    this.#envelope = undefined;
    this.#phase = LINE;
    this.#reply(code);
  }

  /** RFC 3030 §2: the octets follow, whether they are wanted or not. */
  #chunk({ size, last, refusal }: Phase & { readonly name: "chunk" }): boolean {
    const envelope = this.#envelope;
    const before = envelope?.chunks ?? "";
    const tooBig = before.length + size > this.#config.maxSize;
    let code = refusal ?? (tooBig ? 552 : undefined);
    if (code === undefined && envelope!.chunks === undefined) {
      const answer = this.#ask({ ask: "open", via: "BDAT" });
      if (answer === 421) {
        this.#reply(421);
        return true;
      }
      if (answer < 400) envelope!.chunks = "";
      else code = answer;
    }
    this.#phase = { name: "chunk", size, last, refusal: code };
    if (this.#input.length < size) return false;
    const octets = this.#input.slice(0, size);
    this.#input = this.#input.slice(size);
    this.#phase = LINE;
    const whole = before + octets;
    const text = last ? whole : whole.replace(/\r$/, "");
    if (code === undefined && !envelope!.parameters.binary && isBad(text)) {
      code = 550;
    }
    if (code !== undefined) {
      this.#hopeless = this.#wasHopeless || envelope !== undefined;
      this.#forget();
      this.#reply(code);
    } else {
      envelope!.chunks = whole;
      if (last) this.#commit(whole);
      else this.#reply(250);
    }
    return true;
  }

  #commit(message: string): void {
    const { from, to } = this.#envelope!;
    this.messages.push(message);
    this.#envelope = undefined;
    this.#phase = LINE;
    this.#hopeless = false;
    this.#reply(this.#ask({ ask: "commit", from, to }));
  }

  #auth(
    { mechanism, response }: ReferenceCommand & { readonly word: "AUTH" },
  ): void {
    const { mechanisms, tls } = this.#config;
    const later = tls && mechanisms.secure.includes(mechanism);
    const now = this.#secure ? mechanisms.secure : mechanisms.clear;
    if (now.includes(mechanism)) {
      this.#exchange({ ask: "auth", mechanism, response });
    } else this.#reply(!this.#secure && later ? 538 : 504);
  }

  #exchange(
    question: ReferenceQuestion & { readonly ask: "auth" | "response" },
  ): void {
    const code = this.#ask(question);
    if (code === 334) this.#challenged = question.mechanism;
    else this.#loggedIn ||= code < 400;
    this.#reply(code);
  }

  get #hasLogins(): boolean {
    const { mechanisms: { clear, secure }, tls } = this.#config;
    const now = this.#secure ? secure : clear;
    return now.length > 0 || !this.#secure && tls && secure.length > 0;
  }

  #hasHelpOn(topic: string): boolean {
    const { mechanisms: { clear, secure }, tls } = this.#config;
    const now = this.#secure ? secure : clear;
    return topic === "" || COMMANDS.split(" ").includes(topic) ||
      topic === "STARTTLS" && tls && !this.#secure ||
      topic === "AUTH" && now.length > 0;
  }

  /** Says something; 421 or `last` is the last word. */
  #reply(code: number, { last = false } = {}): void {
    const isFault = code >= 500 && code <= 504 && code !== 503 ||
      code === 503 && !this.#wasHopeless ||
      [530, 538, 555].includes(code);
    if (isFault) this.#faults++;
    const tooMany = isFault && !last &&
      this.#faults > this.#config.maxFaults;
    this.codes.push(tooMany ? 421 : code);
    if (last || tooMany || code === 421) this.#close();
  }

  #close(): void {
    if (this.#phase.name === "text") this.messages.push(GIVEN_UP);
    this.#drop();
    this.end = "close";
  }

  #drop(): void {
    this.#hopeless = false;
    this.#forget();
  }

  /** Ends the transaction, and what there is of a message. */
  #forget(): void {
    if (this.#envelope?.chunks !== undefined) this.messages.push(GIVEN_UP);
    this.#envelope = undefined;
  }
}

const GIVEN_UP = "(discarded)";

/** Text of octets; `undefined` when they aren't UTF-8. */
function decode(octets: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(narrow(octets));
  } catch {
    return undefined;
  }
}
