/**
 * One transaction as the client goes through it: the envelope in groups of commands, the text, the
 * answer to it. It keeps the verdict on each recipient; the first one stands.
 */
import type { ClientStep } from "./client_step.ts";
import {
  mailCommand,
  messageObjection,
  rcptCommand,
  recipientObjection,
  type Transaction,
  usesUtf8,
} from "./client_envelope.ts";
import type { ClientCommand, Expected } from "./client_exchange.ts";
import type { RemoteExtensions } from "./client_extensions.ts";
import {
  type Outcome,
  ownVerdict,
  pastRecipientLimit,
  serverVerdict,
  type Verdict,
} from "./client_outcome.ts";
import type { Turn } from "./client_turn.ts";
import type { Reply } from "./reply.ts";
import { Stuffer } from "./stuffing.ts";
import { utf8Length } from "./utf8.ts";

/**
 * Octets of commands that may be unanswered (RFC 2920 §3.1). They fit into any send buffer, so that
 * writing them ends even if the server doesn't read until its replies are read; then we read.
 */
const GROUP_LIMIT = 4_096;

const CRLF = "\r\n".length;
const BODY: Turn = { do: "effect", effect: { type: "body" } };
const DONE: Turn = { do: "done" };

/** A transaction on its way. */
export class ClientTransaction {
  readonly #transaction: Transaction;
  readonly #verdicts: (Verdict | undefined)[];
  readonly #stuffer = new Stuffer();
  #stage: "waiting" | "envelope" | "text" | "over" = "waiting";
  /** Commands of the envelope that aren't sent yet. */
  #commands: readonly ClientCommand[] = [];
  #pipelining = false;
  #accepted = 0;
  #octets = 0;
  #unfinished = false;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
    this.#verdicts = transaction.recipients.map(() => undefined);
  }

  /** What the transaction is in the middle of when no reply is expected. */
  get step(): ClientStep {
    return this.#stage === "text" ? "text" : "mail";
  }

  /** Octets of the message that were taken so far. */
  get octets(): number {
    return this.#octets;
  }

  /** Whether the text goes in counted chunks and isn't touched (RFC 3030). */
  get binary(): boolean {
    return this.#transaction.body === "BINARYMIME";
  }

  /** Whether the server may still be in a transaction, this one or another before it. */
  get unfinished(): boolean {
    return this.#unfinished;
  }

  /** What became of the recipients; `rest` is for those without a verdict. */
  outcomes(rest: Verdict | undefined): readonly Outcome[] {
    if (rest !== undefined) this.#decideRest(rest);
    return this.#transaction.recipients.map(({ number }, index) => ({
      recipient: number,
      ...this.#verdicts[index]!,
    }));
  }

  /** Prepares the envelope for a server, which may have to be brought out of another one first. */
  start(extensions: RemoteExtensions, reset: boolean): void {
    const transaction = this.#transaction;
    this.#stage = "envelope";
    this.#unfinished = reset;
    this.#pipelining = extensions.pipelining;
    this.#object(extensions);
    const smtputf8 = usesUtf8(transaction, extensions);
    this.#commands = [
      ...(reset ? [{ at: "reset", line: "RSET" } as const] : []),
      { at: "mail", line: mailCommand(transaction, extensions) },
      ...transaction.recipients.map((recipient, index) => ({
        at: "rcpt" as const,
        line: rcptCommand(recipient, extensions, { smtputf8 }),
        recipient: index,
      })).filter(({ recipient }) => this.#verdicts[recipient] === undefined),
      ...(this.binary ? [] : [{ at: "data", line: "DATA" } as const]),
    ];
  }

  /** What comes next. To be asked only when no reply is expected. */
  proceed(): Turn {
    switch (this.#stage) {
      case "envelope": {
        if (this.#isDecided()) return DONE;
        const commands = this.#group();
        if (commands.length > 0) return { do: "send", commands };
        this.#stage = "text";
        return BODY;
      }
      case "text":
        // RFC 2920 §3.1: DATA was on its way before the last recipient was refused.
        return this.#isDecided()
          ? { do: "send", commands: [this.end()] }
          : BODY;
      case "waiting":
      case "over":
        return DONE;
      default:
        return this.#stage satisfies never;
    }
  }

  /** Takes the reply to a command. Returns `false` when no server may say that there. */
  onReply({ at, recipient }: Expected, reply: Reply): boolean {
    const yes = reply.code < 300;
    const no = reply.code >= 400;
    switch (at) {
      case "reset":
        return yes;
      case "mail":
        if (no) this.#decideRest(serverVerdict(reply, "message", at));
        return yes || no;
      case "rcpt":
        if (yes) this.#accepted++;
        if (no) this.#decide(recipient!, this.#recipientVerdict(reply));
        return yes || no;
      case "data":
        if (yes) return false;
        if (no) this.#decideRest(serverVerdict(reply, "message", at));
        else this.#stage = "text";
        return true;
      case "text":
        if (no) {
          this.#decideRest(serverVerdict(reply, "message", at));
          this.#stage = "over";
        }
        return yes || no;
      case "dot":
        if (!yes && !no) return false;
        this.#decideRest(serverVerdict(reply, "message", at));
        this.#unfinished = false;
        this.#stage = "over";
        return true;
      default:
        throw new TypeError(`Cannot take a reply to "${at}" in a transaction`);
    }
  }

  /** The octets to send for a piece of the message. */
  text(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#octets += bytes.length;
    return this.binary
      ? withHeader(`BDAT ${bytes.length}\r\n`, bytes)
      : this.#stuffer.stuff(bytes);
  }

  /** The end of the message, with what is missing before it on the wire. */
  end(): ClientCommand {
    return this.binary
      ? { at: "dot", line: "BDAT 0 LAST" }
      : { at: "dot", line: this.#stuffer.end().slice(0, -CRLF), shown: "." };
  }

  /** Settles in advance what this server can't or won't take. */
  #object(extensions: RemoteExtensions): void {
    const objection = messageObjection(this.#transaction, extensions);
    if (objection) this.#decideRest(ownVerdict(objection, "message", "mail"));
    const limit = extensions.maxRecipients ?? Infinity;
    let room = limit;
    for (const [index, recipient] of this.#transaction.recipients.entries()) {
      const objection = recipientObjection(recipient, extensions);
      if (objection) {
        this.#decide(index, ownVerdict(objection, "recipient", "rcpt"));
      } else if (room-- <= 0) {
        const verdict = ownVerdict(
          pastRecipientLimit(limit),
          "recipient",
          "rcpt",
        );
        this.#decide(index, { ...verdict, soon: true });
      }
    }
  }

  /** As many commands as may go out without waiting; with PIPELINING that is more than one. */
  #group(): readonly ClientCommand[] {
    let octets = 0;
    let count = 0;
    for (const { line } of this.#commands) {
      octets += utf8Length(line) + CRLF;
      if (count > 0 && (!this.#pipelining || octets > GROUP_LIMIT)) break;
      count++;
    }
    const group = this.#commands.slice(0, count);
    this.#commands = this.#commands.slice(count);
    this.#unfinished ||= group.some(({ at }) => at === "mail");
    return group;
  }

  #recipientVerdict(reply: Reply): Verdict {
    const verdict = serverVerdict(reply, "recipient", "rcpt");
    return this.#accepted > 0 && isTooManyRecipients(reply)
      ? { ...verdict, status: "deferred", soon: true }
      : verdict;
  }

  #decide(index: number, verdict: Verdict): void {
    this.#verdicts[index] ??= verdict;
  }

  #decideRest(verdict: Verdict): void {
    for (const index of this.#verdicts.keys()) this.#decide(index, verdict);
  }

  #isDecided(): boolean {
    return !this.#verdicts.includes(undefined);
  }
}

/**
 * RFC 5321 §4.5.3.1.10: 452, or 552 from before RFC 2821. Either may mean a full mailbox too, which
 * the enhanced status tells apart.
 */
function isTooManyRecipients({ code, status }: Reply): boolean {
  return (code === 452 || code === 552) &&
    (status === undefined || status.endsWith(".5.3"));
}

function withHeader(
  header: string,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(header.length + bytes.length);
  out.set(Array.from(header, (character) => character.charCodeAt(0)));
  out.set(bytes, header.length);
  return out;
}
