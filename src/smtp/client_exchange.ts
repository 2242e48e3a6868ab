/** Commands go out, replies come in, each to its command; a record is kept of both. */
import type { ClientStep } from "./client_step.ts";
import { shownReply } from "./dialogue.ts";
import { type ParsedReply, ReplyParser } from "./reply_parser.ts";

/** A reply that is expected: the step it answers. */
export interface Expected {
  readonly at: ClientStep;
  /** The index of the recipient, at "rcpt". */
  readonly recipient?: number;
}

/** A command that is to be sent. */
export interface ClientCommand extends Expected {
  /** Without its CRLF. */
  readonly line: string;
  /** What the record shows in its place. */
  readonly shown?: string;
}

/** What the server said, and which command it answers; `undefined` when none is unanswered. */
export type Heard = ParsedReply & { readonly answers: Expected | undefined };

/** The dialogue with one server. */
export class Exchange {
  readonly #parser = new ReplyParser();
  readonly #expected: Expected[] = [];
  #output = "";
  #dialogue: string[] = [];

  /** The reply that must come next. */
  get expected(): Expected | undefined {
    return this.#expected[0];
  }

  /** Whether nothing was received that isn't used up, not even part of a reply. */
  get silent(): boolean {
    return this.#parser.idle;
  }

  /** Queues a command and expects its reply. */
  send(command: ClientCommand): void {
    this.#output += `${command.line}\r\n`;
    this.note(`-> ${command.shown ?? command.line}`);
    this.expect(command);
  }

  /** Expects a reply after those expected already. */
  expect(expected: Expected): void {
    this.#expected.push(expected);
  }

  /** Takes octets; see {@linkcode ReplyParser.push}. */
  receive(bytes: Uint8Array): void {
    this.#parser.push(bytes);
  }

  /** The next thing that the server said, if all of it is there. */
  hear(): Heard | undefined {
    const parsed = this.#parser.pull();
    if (parsed === undefined) return undefined;
    const lines = parsed.kind === "reply" ? parsed.lines : [parsed.line];
    for (const line of lines) this.note(`<- ${shownReply(line)}`);
    return { ...parsed, answers: this.#expected.shift() };
  }

  /** Drops what isn't sent and what isn't answered. */
  drop(): void {
    this.#output = "";
    this.#expected.length = 0;
  }

  /** Takes what is to be sent. */
  takeOutput(): string {
    const output = this.#output;
    this.#output = "";
    return output;
  }

  /** Puts a line into the record. */
  note(line: string): void {
    this.#dialogue.push(line);
  }

  /** Takes the record since the last call. */
  takeDialogue(): readonly string[] {
    const lines = this.#dialogue;
    if (lines.length > 0) this.#dialogue = [];
    return lines;
  }
}
