import { makeSubmission, type Submission } from "../message/submission.ts";
import { type Encryption, formatReceived } from "../message/trace.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Visit } from "../policy/visit.ts";
import type { Awaitable } from "../ports/awaitable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Message, Put } from "../queue/queue.ts";
import type { Spool } from "../queue/spool.ts";
import { formatMailbox, formatReversePath } from "../smtp/address.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";
import type { Envelope, State } from "../smtp/state.ts";
import { type Accepted, expand } from "./accepted.ts";
import { Incoming } from "./incoming.ts";
import type { SessionLog } from "./session_log.ts";

/** What receiving messages takes. */
export interface MessageServices {
  readonly hostname: string;
  /** Servers that a message may have been through. */
  readonly maxHops: number;
  readonly spool: Spool;
  readonly nextId: () => string;
  /** Makes a message durable and sees to its delivery. */
  readonly enqueue: (put: Put) => Promise<void>;
  readonly clock: Pick<Clock, "now">;
}

/** The session that messages come in by. */
export interface MessageSession {
  readonly id: string;
  readonly peer: Endpoint;
  readonly visit: Pick<Visit, "login" | "mayRelay">;
  readonly log: SessionLog;
}

/** A transaction whose message is whole. */
export interface Transaction {
  readonly envelope: Envelope;
  /** Those of the envelope, with where their mail goes. */
  readonly accepted: readonly Accepted[];
  readonly state: State;
}

/** What a message is known by from its first octet. */
type Birth = Pick<Incoming, "id" | "receivedAt">;

/** Carries the messages of a session, one after another, from their first octet to the queue. */
export class MessageReception {
  readonly #services: MessageServices;
  readonly #session: MessageSession;
  #tls: Encryption | undefined;
  #incoming: Incoming | undefined;
  /** What went wrong with storing the message; said when the client has sent it all. */
  #failure: Reply | undefined;

  constructor(services: MessageServices, session: MessageSession) {
    this.#services = services;
    this.#session = session;
  }

  /** What comes from now on comes under TLS. */
  secured(tls: Encryption): void {
    this.#tls = tls;
  }

  /** How and by whom mail is sent, for the log. */
  get credit(): Readonly<Record<string, string>> {
    const { login } = this.#session.visit;
    const tls = this.#tls;
    return {
      ...(login && { user: formatMailbox(login) }),
      ...(tls && { tls: `${tls.protocol} ${tls.cipher}` }),
    };
  }

  /** Begins a message with our trace line. Throws when the disk does. */
  open(envelope: Envelope, state: State): Awaitable<void> {
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
    return this.#incoming.trace(encoder.encode(received));
  }

  /** Adds to the message that is coming in. Never throws: what fails is said at the end. */
  append(bytes: Uint8Array<ArrayBuffer>): Awaitable<void> {
    if (this.#incoming === undefined || this.#failure) return;
    return this.#incoming.append(bytes)?.catch((cause: unknown) => {
      this.#failure = this.#session.log.failed("cannot store message", cause);
    });
  }

  /** Drops the message that is coming in, if there is one. Never throws. */
  async discard(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    await incoming?.discard();
  }

  /** Says in the log why a message goes nowhere, unless its client wished so. */
  refused(reply: Reply): void {
    const id = this.#incoming?.id;
    this.#session.log.told("message refused", reply, { id });
  }

  /**
   * Takes responsibility for the message that came in, or drops it.
   *
   * @throws {TypeError} When none did, which is a bug.
   */
  async commit(transaction: Transaction): Promise<Reply> {
    const incoming = this.#incoming;
    if (incoming === undefined) {
      throw new TypeError("Cannot commit: no message is coming in");
    }
    const reply = this.#failure ?? this.#objection(incoming) ??
      await this.#queue(incoming, transaction);
    if (!isPositive(reply)) {
      this.refused(reply);
      await this.discard();
    }
    this.#incoming = undefined;
    return reply;
  }

  #objection({ hops }: Incoming): Reply | undefined {
    return hops >= this.#services.maxHops ? replies.TOO_MANY_HOPS : undefined;
  }

  async #queue(incoming: Incoming, transaction: Transaction): Promise<Reply> {
    const { log } = this.#session;
    let message: Message;
    try {
      const content = await incoming.finish();
      message = this.#message(incoming, transaction);
      await this.#services.enqueue({ message, content });
    } catch (cause) {
      return log.failed("cannot queue message", cause);
    }
    const { to } = transaction.envelope;
    log.info("message accepted", {
      id: message.id,
      ...this.credit,
      from: formatReversePath(message.from),
      to: to.map(({ mailbox }) => formatMailbox(mailbox)).join(","),
      size: message.size,
    });
    return replies.queued(message.id);
  }

  /** RFC 6409 §8: what people's mail clients left out is added for them, not for other servers. */
  #submission(
    { from }: Envelope,
    { id, receivedAt }: Birth,
  ): Submission | undefined {
    const { login } = this.#session.visit;
    return login && makeSubmission({
      from: from ?? login,
      date: receivedAt,
      messageId: `${id}@${this.#services.hostname}`,
    });
  }

  #received(
    { to, parameters }: Envelope,
    state: State,
    { id, receivedAt }: Birth,
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

  #message(
    { id, receivedAt, size, eightBit }: Incoming,
    { envelope, accepted, state }: Transaction,
  ): Message {
    const { from, parameters: { body, ret, envid } } = envelope;
    const { id: session, peer, visit } = this.#session;
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
      ...(visit.mayRelay && { trusted: true }),
      session,
      client: { address: peer.address, helo: state.helo ?? "" },
      recipients: expand(accepted),
    };
  }
}

const encoder = new TextEncoder();
