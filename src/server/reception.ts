import { makeSubmission, type Submission } from "../message/submission.ts";
import {
  addressLiteral,
  type Encryption,
  formatReceived,
} from "../message/trace.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Visit } from "../policy/visit.ts";
import type { Clock } from "../ports/clock.ts";
import { isDiskFull } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Message, Put, Recipient } from "../queue/queue.ts";
import type { Spool } from "../queue/spool.ts";
import {
  formatMailbox,
  formatReversePath,
  type Mailbox,
} from "../smtp/address.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";
import type { RcptParameters } from "../smtp/extensions.ts";
import type { Envelope, Question, State } from "../smtp/state.ts";
import { Incoming } from "./incoming.ts";

/** What receiving mail takes. */
export interface ReceptionServices {
  readonly hostname: string;
  /** The domain that an address literal of ours stands for; `undefined` when we have none. */
  readonly firstDomain: string | undefined;
  /** Servers that a message may have been through. */
  readonly maxHops: number;
  readonly spool: Spool;
  readonly nextId: () => string;
  /** Makes a message durable and sees to its delivery. */
  readonly enqueue: (put: Put) => Promise<void>;
  readonly clock: Pick<Clock, "now">;
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

/** A recipient that was accepted, and where its mail goes. */
interface Accepted extends RcptParameters {
  readonly original: Mailbox;
  readonly destinations: readonly Mailbox[];
}

/**
 * One session's side of receiving mail: answers its questions, and carries each message from its
 * first octet to the queue.
 */
export class Reception {
  readonly #services: ReceptionServices;
  readonly #session: ReceptionSession;
  readonly #visit: Visit;
  #tls: Encryption | undefined;
  #accepted: Accepted[] = [];
  #incoming: Incoming | undefined;
  /** What went wrong with storing the message; said when the client has sent it all. */
  #failure: Reply | undefined;

  constructor(services: ReceptionServices, session: ReceptionSession) {
    this.#services = services;
    this.#session = session;
    this.#visit = session.visit;
  }

  /** The connection is under TLS now, and the client starts over. */
  secured(tls: Encryption): void {
    this.#tls = tls;
    this.#visit.secured();
  }

  /** Answers a question. Our own failures become a temporary reply and a line in the log. */
  async answer(question: Question, state: State): Promise<Reply> {
    try {
      return await this.#decide(question, state);
    } catch (cause) {
      return this.#failed(`cannot answer ${question.ask}`, cause);
    }
  }

  /** Adds to the message that is coming in. Never throws: what fails is said at the end. */
  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#incoming === undefined || this.#failure) return;
    try {
      await this.#incoming.append(bytes);
    } catch (cause) {
      this.#failure = this.#failed("cannot store message", cause);
    }
  }

  /** Drops the message that is coming in, if there is one. Never throws. */
  async discard(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    await incoming?.discard();
  }

  /** The client is gone. Never throws. */
  async end(): Promise<void> {
    this.#visit.end();
    await this.discard();
  }

  /** Passes on what a client is greeted with, and says in the log if that is a refusal. */
  greet(reply: Reply): Reply {
    return this.#told("connection refused", reply);
  }

  /** Says in the log why a message goes nowhere, unless its client wished so. */
  refused(reply: Reply): void {
    if (isPositive(reply)) return;
    this.#logRefusal("message refused", reply, { id: this.#incoming?.id });
  }

  async #decide(question: Question, state: State): Promise<Reply> {
    switch (question.ask) {
      case "connect":
        return this.greet(this.#visit.connect());
      case "mail":
        this.#accepted = [];
        return this.#told(
          "sender refused",
          await this.#visit.mail(question.from),
          {
            from: formatReversePath(question.from),
          },
        );
      case "rcpt":
        return await this.#recipient(question);
      case "auth":
        return this.#loggedIn(
          await this.#visit.authenticate(
            question.mechanism,
            question.response,
          ),
        );
      case "response":
        return this.#loggedIn(await this.#visit.respond(question.response));
      case "open":
        return await this.#open(question.envelope, question.via, state);
      case "commit":
        return await this.#commit(question.envelope, state);
      default:
        return question satisfies never;
    }
  }

  #loggedIn(reply: Reply): Reply {
    if (reply === replies.AUTHENTICATED) {
      this.#services.log.info("logged in", {
        session: this.#session.id,
        peer: this.#session.peer.address,
        ...this.#credit(),
      });
    }
    return reply;
  }

  async #recipient(
    { to, parameters, envelope }: Question & { readonly ask: "rcpt" },
  ): Promise<Reply> {
    const verdict = await this.#visit.recipient(
      this.#atFirstDomain(to),
      envelope,
    );
    if (verdict.kind === "accepted") {
      const { destinations } = verdict;
      this.#accepted.push({ original: to, destinations, ...parameters });
    } else {
      this.#logRefusal("recipient refused", verdict.reply, {
        from: formatReversePath(envelope.from),
        to: formatMailbox(to),
      });
    }
    return verdict.reply;
  }

  /** RFC 5321 §4.1.3: the literal of the address that was connected to stands for us. */
  #atFirstDomain(to: Mailbox): Mailbox {
    const { firstDomain } = this.#services;
    const literal = addressLiteral(this.#session.local.address);
    return firstDomain && to.domain.toLowerCase() === literal.toLowerCase()
      ? { ...to, domain: firstDomain }
      : to;
  }

  async #open(
    envelope: Envelope,
    via: "DATA" | "BDAT",
    state: State,
  ): Promise<Reply> {
    const { spool, nextId, clock } = this.#services;
    const id = nextId();
    const receivedAt = clock.now();
    this.#failure = undefined;
    this.#incoming = new Incoming({
      id,
      receivedAt,
      draft: spool.draft(id),
      smtputf8: envelope.parameters.smtputf8,
      submission: this.#submission(envelope, { id, receivedAt }),
    });
    const received = this.#received(envelope, state, { id, receivedAt });
    await this.#incoming.trace(encoder.encode(received));
    return via === "DATA" ? replies.START_MAIL : replies.OK;
  }

  /** RFC 6409 §8: what people's mail clients left out is added for them, not for other servers. */
  #submission(
    { from }: Envelope,
    { id, receivedAt }: Pick<Incoming, "id" | "receivedAt">,
  ): Submission | undefined {
    const { login } = this.#visit;
    return login && makeSubmission({
      from: from ?? login,
      date: receivedAt,
      messageId: `${id}@${this.#services.hostname}`,
    });
  }

  #received(
    { to, parameters }: Envelope,
    state: State,
    { id, receivedAt }: Pick<Incoming, "id" | "receivedAt">,
  ): string {
    const [recipient, ...others] = to;
    return formatReceived({
      helo: state.helo ?? "",
      peer: this.#session.peer.address,
      hostname: this.#services.hostname,
      id,
      esmtp: state.esmtp,
      ...(this.#tls && { encryption: this.#tls }),
      authenticated: state.authenticated,
      smtputf8: parameters.smtputf8,
      ...(recipient && others.length === 0 && { recipient: recipient.mailbox }),
      receivedAt,
    });
  }

  async #commit(envelope: Envelope, state: State): Promise<Reply> {
    const incoming = this.#incoming;
    if (incoming === undefined) {
      throw new TypeError("Cannot commit: no message is coming in");
    }
    const reply = await this.#take(incoming, envelope, state);
    if (!isPositive(reply)) {
      this.refused(reply);
      await this.discard();
    }
    this.#incoming = undefined;
    return reply;
  }

  async #take(
    incoming: Incoming,
    envelope: Envelope,
    state: State,
  ): Promise<Reply> {
    if (this.#failure) return this.#failure;
    const { maxHops, enqueue, log } = this.#services;
    if (incoming.hops >= maxHops) return replies.TOO_MANY_HOPS;
    let message: Message;
    try {
      const content = await incoming.finish();
      message = this.#message(incoming, envelope, state);
      await enqueue({ message, content });
    } catch (cause) {
      return this.#failed("cannot queue message", cause);
    }
    log.info("message accepted", {
      id: message.id,
      session: this.#session.id,
      peer: this.#session.peer.address,
      ...this.#credit(),
      from: formatReversePath(message.from),
      to: envelope.to.map(({ mailbox }) => formatMailbox(mailbox)).join(","),
      size: message.size,
    });
    return replies.queued(message.id);
  }

  /** How and by whom a message was sent, for the log. */
  #credit(): Readonly<Record<string, string>> {
    const { login } = this.#visit;
    const tls = this.#tls;
    return {
      ...(login && { user: formatMailbox(login) }),
      ...(tls && { tls: `${tls.protocol} ${tls.cipher}` }),
    };
  }

  #message(
    { id, receivedAt, size, eightBit }: Incoming,
    { from, parameters: { body, ret, envid } }: Envelope,
    state: State,
  ): Message {
    return {
      id,
      from,
      receivedAt,
      size,
      // Many a client asks for SMTPUTF8 by habit; only what needs it must not go without.
      smtputf8: eightBit,
      body,
      ...(ret !== undefined && { ret }),
      ...(envid !== undefined && { envid }),
      ...(this.#visit.mayRelay && { trusted: true }),
      session: this.#session.id,
      client: { address: this.#session.peer.address, helo: state.helo ?? "" },
      recipients: expand(this.#accepted),
    };
  }

  /** The one place where our own failures become a reply. */
  #failed(event: string, cause: unknown): Reply {
    this.#services.log.error(event, {
      session: this.#session.id,
      error: cause instanceof Error ? cause.message : String(cause),
    });
    return isDiskFull(cause) ? replies.DISK_FULL : replies.LOCAL_ERROR;
  }

  /** Passes a reply on, and says in the log if it is a refusal. */
  #told(
    event: string,
    reply: Reply,
    fields: Readonly<Record<string, string>> = {},
  ): Reply {
    if (!isPositive(reply)) this.#logRefusal(event, reply, fields);
    return reply;
  }

  #logRefusal(
    event: string,
    { code, status, text }: Reply,
    fields: Readonly<Record<string, string | undefined>>,
  ): void {
    this.#services.log.info(event, {
      session: this.#session.id,
      peer: this.#session.peer.address,
      ...fields,
      reply: [code, status, text].join(" "),
    });
  }
}

const encoder = new TextEncoder();

/**
 * A recipient for each destination, none of them twice: who is named by two aliases gets one copy.
 */
function expand(accepted: readonly Accepted[]): readonly Recipient[] {
  const byAddress = new Map<string, Omit<Recipient, "number">>();
  for (const { destinations, ...named } of accepted) {
    for (const address of destinations) {
      const key = formatMailbox(address);
      if (!byAddress.has(key)) byAddress.set(key, { address, ...named });
    }
  }
  return [...byAddress.values()].map((recipient, number) => ({
    number,
    ...recipient,
  }));
}
