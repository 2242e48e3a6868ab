import { addressLiteral, type Encryption } from "../message/trace.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Visit } from "../policy/visit.ts";
import { andThen, type Awaitable } from "../ports/awaitable.ts";
import type { Log } from "../ports/log.ts";
import {
  formatMailbox,
  formatReversePath,
  type Mailbox,
} from "../smtp/address.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";
import type { Question, State } from "../smtp/state.ts";
import type { Accepted } from "./accepted.ts";
import { MessageReception, type MessageServices } from "./message_reception.ts";
import { SessionLog } from "./session_log.ts";

/** What receiving mail takes. */
export interface ReceptionServices extends MessageServices {
  /** The domain that an address literal of ours stands for; `undefined` when we have none. */
  readonly firstDomain: string | undefined;
  readonly log: Log;
}

/** The session that mail comes in by. */
export interface ReceptionSession {
  readonly id: string;
  readonly peer: Endpoint;
  readonly local: Endpoint;
  /** What is decided about the client. */
  readonly visit: Visit;
}

/** One session's side of receiving mail: answers its questions, and takes in its messages. */
export class Reception {
  readonly #services: ReceptionServices;
  readonly #local: Endpoint;
  readonly #visit: Visit;
  readonly #log: SessionLog;
  readonly #messages: MessageReception;
  #accepted: Accepted[] = [];

  constructor(services: ReceptionServices, session: ReceptionSession) {
    this.#services = services;
    this.#local = session.local;
    this.#visit = session.visit;
    this.#log = new SessionLog(services.log, session);
    this.#messages = new MessageReception(services, {
      ...session,
      log: this.#log,
    });
  }

  /** The connection is under TLS now, and the client starts over. */
  secured(tls: Encryption): void {
    this.#messages.secured(tls);
    this.#visit.secured();
  }

  /** Answers a question. Our own failures become a temporary reply and a line in the log. */
  answer(question: Question, state: State): Awaitable<Reply> {
    const failed = (cause: unknown) =>
      this.#log.failed(`cannot answer ${question.ask}`, cause);
    try {
      const reply = this.#decide(question, state);
      return reply instanceof Promise ? reply.catch(failed) : reply;
    } catch (cause) {
      return failed(cause);
    }
  }

  /** Adds to the message that is coming in. Never throws: what fails is said at the end. */
  append(bytes: Uint8Array<ArrayBuffer>): Awaitable<void> {
    return this.#messages.append(bytes);
  }

  /** Drops the message that is coming in, if there is one. Never throws. */
  discard(): Promise<void> {
    return this.#messages.discard();
  }

  /** Says in the log why a message goes nowhere, unless its client wished so. */
  refused(reply: Reply): void {
    this.#messages.refused(reply);
  }

  /** Passes on what a client is greeted with, and says in the log if that is a refusal. */
  greet(reply: Reply): Reply {
    return this.#log.told("connection refused", reply);
  }

  #decide(question: Question, state: State): Awaitable<Reply> {
    switch (question.ask) {
      case "connect":
        return this.greet(this.#visit.connect());
      case "mail":
        return this.#sender(question.from);
      case "rcpt":
        return this.#recipient(question);
      case "auth": {
        const { mechanism, response } = question;
        return this.#login(this.#visit.authenticate(mechanism, response));
      }
      case "response":
        return this.#login(this.#visit.respond(question.response));
      case "open":
        return andThen(
          this.#messages.open(question.envelope, state),
          () => question.via === "DATA" ? replies.START_MAIL : replies.OK,
        );
      case "commit": {
        const { envelope } = question;
        const accepted = this.#accepted;
        return this.#messages.commit({ envelope, accepted, state });
      }
      default:
        return question satisfies never;
    }
  }

  /** Failed logins are in the log already. */
  async #login(answer: Promise<Reply>): Promise<Reply> {
    const reply = await answer;
    if (reply === replies.AUTHENTICATED) {
      this.#log.info("logged in", this.#messages.credit);
    }
    return reply.code === 421 ? this.#log.told("login refused", reply) : reply;
  }

  #sender(mailbox: Mailbox | null): Awaitable<Reply> {
    this.#accepted = [];
    return andThen(this.#visit.mail(mailbox), (reply) => {
      if (isPositive(reply)) return reply;
      const from = formatReversePath(mailbox);
      return this.#log.told("sender refused", reply, { from });
    });
  }

  #recipient(
    { to, parameters, envelope }: Question & { readonly ask: "rcpt" },
  ): Awaitable<Reply> {
    const mailbox = this.#atFirstDomain(to);
    return andThen(this.#visit.recipient(mailbox, envelope), (verdict) => {
      if (verdict.kind === "accepted") {
        const { destinations, reply } = verdict;
        this.#accepted.push({ original: to, destinations, ...parameters });
        return reply;
      }
      return this.#log.told("recipient refused", verdict.reply, {
        from: formatReversePath(envelope.from),
        to: formatMailbox(to),
      });
    });
  }

  /** RFC 5321 §4.1.3: the literal of the address that was connected to stands for us. */
  #atFirstDomain(to: Mailbox): Mailbox {
    const { firstDomain } = this.#services;
    const literal = addressLiteral(this.#local.address);
    return firstDomain && to.domain.toLowerCase() === literal.toLowerCase()
      ? { ...to, domain: firstDomain }
      : to;
  }
}
