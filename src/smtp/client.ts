/**
 * The client's side of one SMTP session, without I/O: what the server says and what became of the
 * connection go in, and `next()` tells the one thing that has to happen next.
 */
import type { ClientEffect } from "./client_effect.ts";
import type { ClientStep } from "./client_step.ts";
import { checkTransaction, type Transaction } from "./client_envelope.ts";
import { Exchange, type Expected, type Heard } from "./client_exchange.ts";
import {
  type ClientConfig,
  ClientOpening,
  type ClientTerms,
} from "./client_opening.ts";
import * as words from "./client_outcome.ts";
import {
  type Outcome,
  ownVerdict,
  serverVerdict,
  type Verdict,
} from "./client_outcome.ts";
import { ClientTransaction } from "./client_transaction.ts";
import type { Turn } from "./client_turn.ts";
import { isPositive, type Reply, replyLines } from "./reply.ts";

/** What a session knows by now. */
export interface ClientState extends ClientTerms {
  /** Transactions that have had their outcome. */
  readonly transactions: number;
  /** Why the session ended before its time; a transaction it had begun says the same. */
  readonly failure: Verdict | undefined;
}

const IDLE: ClientEffect = { type: "idle" };
const CLOSE: ClientEffect = { type: "close" };

/**
 * One session as the client sees it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ClientSession } from "./client.ts";
 *
 * const session = new ClientSession({ hostname: "test.ru", tls: "never" });
 * assertEquals(session.next(), { type: "read", wait: "greeting" });
 * session.receive(new TextEncoder().encode("220 mx.another.ru\r\n"));
 * assertEquals(session.next(), { type: "write", text: "EHLO test.ru\r\n" });
 * session.lost("Connection reset by peer");
 * assertEquals(session.next(), { type: "close" });
 * assertEquals(session.state.failure?.status, "deferred");
 * ```
 */
export class ClientSession {
  readonly #exchange = new Exchange();
  readonly #opening: ClientOpening;
  #stage: "opening" | "ready" | "quit" | "closed" = "opening";
  #transaction: ClientTransaction | undefined;
  #transactions = 0;
  /** Whether the server may still be in a transaction that was broken off. */
  #unfinished = false;
  /** Outcomes that aren't told yet. */
  #outcomes: readonly Outcome[] | undefined;
  #failure: Verdict | undefined;

  /** @throws {TypeError} When the host name isn't one word of ASCII. */
  constructor(config: ClientConfig) {
    if (!/^[!-~]+$/.test(config.hostname)) {
      throw misuse("start session", `"${config.hostname}" is no host name`);
    }
    this.#opening = new ClientOpening(config);
  }

  /** What the session knows by now. */
  get state(): ClientState {
    return {
      ...this.#opening.terms,
      transactions: this.#transactions,
      failure: this.#failure,
    };
  }

  /**
   * Takes octets from the server. They must stay unchanged until the next `read` effect. Beside the
   * answer to `read`, it is of use when a write failed, as the server may have said why, and while
   * the session is idle.
   *
   * @throws {TypeError} When the last octets aren't used up.
   */
  receive(bytes: Uint8Array): void {
    this.#exchange.receive(bytes);
  }

  /**
   * Gives the session a message to send as soon as it can. Its outcome follows, whatever happens.
   *
   * @throws {TypeError} While another one is in progress, when the session is ending, and when a
   * value can't be written into a command.
   */
  send(transaction: Transaction): void {
    if (this.#isBusy()) throw misuse("send", "a transaction is in progress");
    if (this.#isEnding()) throw misuse("send", "the session is over");
    checkTransaction(transaction);
    this.#transaction = new ClientTransaction(transaction);
    if (this.#stage === "ready") this.#start(this.#transaction);
  }

  /**
   * The octets to send for a piece of the message: `bytes` themselves if they can go as they are.
   *
   * @throws {TypeError} Unless the last effect was `body`.
   */
  stuff(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const transaction = this.#sending("stuff octets");
    if (!transaction.binary) return transaction.text(bytes);
    if (bytes.length === 0) return bytes;
    this.#exchange.note(`-> BDAT ${bytes.length}`);
    this.#exchange.expect({ at: "text" });
    return transaction.text(bytes);
  }

  /**
   * The message is whole.
   *
   * @throws {TypeError} Unless the last effect was `body`.
   */
  bodyDone(): void {
    const transaction = this.#sending("end the message");
    this.#exchange.note(`-> (${transaction.octets} octets of message)`);
    this.#exchange.send(transaction.end());
  }

  /**
   * The TLS handshake is done; the session starts over (RFC 3207 §4.2).
   *
   * @throws {TypeError} Unless the last effect was `handshake`.
   */
  secured({ verified }: { readonly verified: boolean }): void {
    this.#at("handshake", "secure");
    const known = verified ? "verified" : "not verified";
    this.#exchange.note(`-- TLS is on, certificate ${known}`);
    this.#opening.secured(verified);
  }

  /**
   * The TLS handshake failed, or brought a certificate that won't do. The session is over. Outcomes
   * have it `at` "handshake": who may do without TLS can connect again, with TLS "never".
   *
   * @throws {TypeError} Unless the last effect was `handshake`.
   */
  handshakeFailed(cause: string): void {
    this.#at("handshake", "fail");
    this.#break(words.handshakeBroke(cause));
  }

  /**
   * Answers an `auth` effect with the mechanism's response in base64, the empty text included; with
   * nothing when there is no initial response.
   *
   * @throws {TypeError} Unless the last effect was `auth`, or when it isn't base64.
   */
  response(base64?: string): void {
    this.#at("auth", "respond");
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64 ?? "")) {
      throw misuse("respond", "the response is not base64");
    }
    this.#exchange.send(this.#opening.response(base64));
  }

  /**
   * Answers an `auth` effect when there is nothing to say: no password, or a challenge that isn't
   * the mechanism's. The session ends.
   *
   * @throws {TypeError} Unless the last effect was `auth`.
   */
  cancel(cause: string): void {
    this.#at("auth", "cancel");
    const command = this.#opening.cancel(cause);
    if (command) this.#exchange.send(command);
  }

  /** The server was silent, or didn't take what we sent, for the time of the step. */
  timeout(): void {
    this.#break(words.tooSlow(this.#step()));
  }

  /** The connection broke; `cause` says how, in the system's words. */
  lost(cause: string): void {
    this.#break(words.connectionLost(this.#step(), cause));
  }

  /**
   * We can't go on: the message can't be read, or the program stops. The reply, 4xx or 5xx, is for
   * recipients without a verdict. A message on its way isn't ended, so that the server drops it.
   *
   * @throws {TypeError} When the reply is a positive one.
   */
  abort(reply: Reply): void {
    if (isPositive(reply)) throw misuse("abort", "the reply is a positive one");
    this.#break(reply, { scope: "message" });
  }

  /**
   * Takes leave; of a server that isn't ready yet, without a word.
   *
   * @throws {TypeError} While a transaction is in progress.
   */
  quit(): void {
    if (this.#isBusy()) throw misuse("quit", "a transaction is in progress");
    if (this.#stage === "ready") this.#leave();
    if (this.#stage === "opening") this.#stage = "closed";
  }

  /**
   * Takes the dialogue since the last call: `-> ` and a line of ours, `<- ` and one of the
   * server's, `-- ` and what else happened; secrets left out and messages shortened to their size.
   */
  takeDialogue(): readonly string[] {
    return this.#exchange.takeDialogue();
  }

  /** The one thing that has to happen next. */
  next(): ClientEffect {
    for (;;) {
      const due = this.#due();
      if (due !== undefined) return due;
      const heard = this.#exchange.hear();
      if (heard !== undefined) {
        this.#hear(heard);
        continue;
      }
      const { expected } = this.#exchange;
      if (expected !== undefined) return { type: "read", wait: expected.at };
      const effect = this.#proceed();
      if (effect !== undefined) return effect;
    }
  }

  /** What must happen before anything that was received is looked at. */
  #due(): ClientEffect | undefined {
    const outcomes = this.#outcomes;
    if (outcomes !== undefined) {
      this.#outcomes = undefined;
      return { type: "outcome", outcomes };
    }
    const text = this.#exchange.takeOutput();
    if (text !== "") return { type: "write", text };
    return this.#stage === "closed" ? CLOSE : undefined;
  }

  /** Every reply is in: goes on with the part of the session that it is in. */
  #proceed(): ClientEffect | undefined {
    if (this.#stage === "opening") return this.#take(this.#opening.proceed());
    return this.#transaction ? this.#take(this.#transaction.proceed()) : IDLE;
  }

  #take(turn: Turn): ClientEffect | undefined {
    switch (turn.do) {
      case "send":
        for (const command of turn.commands) this.#exchange.send(command);
        return undefined;
      case "listen":
        this.#exchange.expect({ at: turn.at });
        return undefined;
      case "effect":
        return turn.effect;
      case "fail":
        this.#end(turn.verdict, "with QUIT");
        return undefined;
      case "done":
        this.#done();
        return undefined;
      default:
        return turn satisfies never;
    }
  }

  #hear(heard: Heard): void {
    const at = heard.answers?.at ?? this.#step();
    if (at === "quit") {
      this.#stage = "closed";
    } else if (heard.kind === "fault") {
      this.#break(words.outOfStep(at, heard.line), { at });
    } else if (heard.reply.code === 421) {
      // RFC 5321 §3.8: it may come at any time, and the connection ends with it.
      this.#end(serverVerdict(heard.reply, "host", at), "at once");
    } else if (heard.answers !== undefined) {
      this.#onReply(heard.answers, heard.reply);
    } else {
      this.#onUnexpected(at, heard.reply);
    }
  }

  #onReply(expected: Expected, reply: Reply): void {
    const { at } = expected;
    const understood = this.#stage === "opening"
      ? this.#opening.onReply(at, reply)
      : this.#transaction!.onReply(expected, reply);
    if (!understood) {
      this.#break(words.outOfStep(at, replyLines(reply).join(" ")), { at });
    } else if (at === "starttls" && !this.#exchange.silent) {
      this.#break(words.STARTTLS_INJECTION, { at });
    }
  }

  /**
   * A reply that nothing asked for ends the session. In the middle of the text, 4xx or 5xx refuses
   * the message, as servers do that then close: all that came before was answered, so it can't be
   * about anything else.
   */
  #onUnexpected(at: ClientStep, reply: Reply): void {
    const begun = at === "text" && this.#transaction!.octets > 0;
    if (begun && !isPositive(reply)) {
      this.#end(serverVerdict(reply, "message", at), "at once");
    } else {
      this.#break(words.outOfStep(at, replyLines(reply).join(" ")), { at });
    }
  }

  #start(transaction: ClientTransaction): void {
    transaction.start(this.#opening.terms.extensions, this.#unfinished);
  }

  /** The opening is over, or the transaction is. */
  #done(): void {
    if (this.#stage === "opening") {
      this.#stage = "ready";
      if (this.#transaction) this.#start(this.#transaction);
      return;
    }
    this.#settle(this.#transaction!);
    // RFC 9422 §4.1: the server takes no more in one session.
    const limit = this.#opening.terms.extensions.maxTransactions ?? Infinity;
    if (this.#transactions >= limit) this.#leave();
  }

  #settle(transaction: ClientTransaction, rest?: Verdict): void {
    this.#transaction = undefined;
    this.#outcomes = transaction.outcomes(rest);
    this.#unfinished = transaction.unfinished;
    this.#transactions++;
  }

  #leave(): void {
    this.#stage = "quit";
    this.#exchange.send({ at: "quit", line: "QUIT" });
  }

  /** The session breaks off here, for a reason of ours. */
  #break(
    reply: Reply,
    { scope = "host", at = this.#step() }: {
      readonly scope?: Verdict["scope"];
      readonly at?: ClientStep;
    } = {},
  ): void {
    if (this.#stage === "closed") return;
    this.#exchange.note(`-- ${replyLines(reply).join(" ")}`);
    this.#end(ownVerdict(reply, scope, at), "at once");
  }

  /** The session ends before its time, with the same verdict on all who have none. */
  #end(verdict: Verdict, how: "with QUIT" | "at once"): void {
    const transaction = this.#transaction;
    const octets = transaction?.octets ?? 0;
    if (this.#step() === "text" && octets > 0) {
      this.#exchange.note(`-> (${octets} octets of message, broken off)`);
    }
    this.#exchange.drop();
    if (this.#stage === "opening" || transaction) this.#failure = verdict;
    if (transaction) this.#settle(transaction, verdict);
    if (how === "with QUIT") this.#leave();
    else this.#stage = "closed";
  }

  /** The step that the session is in. */
  #step(): ClientStep {
    const { expected } = this.#exchange;
    if (expected !== undefined) return expected.at;
    if (this.#stage === "opening") return this.#opening.step;
    return this.#transaction?.step ?? "quit";
  }

  /** Whether a transaction hasn't told its outcome. */
  #isBusy(): boolean {
    return this.#transaction !== undefined || this.#outcomes !== undefined;
  }

  #isEnding(): boolean {
    return this.#stage === "quit" || this.#stage === "closed";
  }

  /** Makes sure that the shell's turn in the opening has come. */
  #at(step: "handshake" | "auth", action: string): void {
    if (this.#isEnding() || this.#step() !== step || this.#exchange.expected) {
      throw misuse(action, `the session is at "${this.#step()}"`);
    }
  }

  /** The transaction whose text is wanted. */
  #sending(action: string): ClientTransaction {
    const transaction = this.#transaction;
    if (transaction?.step !== "text" || this.#exchange.expected) {
      throw misuse(action, `the session is at "${this.#step()}"`);
    }
    return transaction;
  }
}

function misuse(action: string, state: string): TypeError {
  return new TypeError(`Cannot ${action}: ${state}`);
}
