import { hasEightBit } from "../message/eight_bit.ts";
import { HopCounter, MAX_HOPS } from "../message/hops.ts";
import { addressLiteral, formatReceived } from "../message/trace.ts";
import type { Endpoint } from "../net/transport.ts";
import { type Directory, judgeRecipient } from "../policy/recipients.ts";
import type { Clock } from "../ports/clock.ts";
import { isDiskFull } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Message, Put, Recipient } from "../queue/queue.ts";
import type { Draft, Spool } from "../queue/spool.ts";
import {
  formatMailbox,
  formatReversePath,
  type Mailbox,
} from "../smtp/address.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";
import type { RcptParameters } from "../smtp/extensions.ts";
import type { Envelope, Question, State } from "../smtp/state.ts";

/** What receiving mail takes. */
export interface ReceptionServices {
  readonly hostname: string;
  /** The domain that an address literal of ours stands for; `undefined` when we have none. */
  readonly firstDomain: string | undefined;
  readonly directory: Directory;
  readonly spool: Spool;
  readonly nextId: () => string;
  /** Whether a client at this IP address is one of ours, who may send to any domain. */
  readonly mayRelay: (address: string) => boolean;
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
}

/** A recipient that was accepted, and where its mail goes. */
interface Accepted extends RcptParameters {
  readonly original: Mailbox;
  readonly destinations: readonly Mailbox[];
}

/** A message on its way in. */
interface Incoming {
  readonly id: string;
  readonly receivedAt: number;
  readonly draft: Draft;
  readonly hops: HopCounter;
  /** Whether the SMTPUTF8 parameter was given. */
  readonly smtputf8: boolean;
  /** Whether it has octets beyond ASCII, as far as SMTPUTF8 makes that matter. */
  eightBit: boolean;
  /** Octets so far, our trace line included. */
  size: number;
  /** What went wrong with storing it; said when the client has sent it all. */
  failure?: Reply;
}

/**
 * One session's side of receiving mail: answers its questions, and carries each message from its
 * first octet to the queue.
 */
export class Reception {
  readonly #services: ReceptionServices;
  readonly #session: ReceptionSession;
  /** Whether the client is one of ours. */
  readonly #trusted: boolean;
  #accepted: Accepted[] = [];
  #incoming: Incoming | undefined;

  constructor(services: ReceptionServices, session: ReceptionSession) {
    this.#services = services;
    this.#session = session;
    this.#trusted = services.mayRelay(session.peer.address);
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
    const incoming = this.#incoming;
    if (incoming === undefined || incoming.failure) return;
    incoming.hops.scan(bytes);
    try {
      await this.#store(incoming, bytes);
    } catch (cause) {
      incoming.failure = this.#failed("cannot store message", cause);
    }
  }

  /** Drops the message that is coming in, if there is one. Never throws. */
  async discard(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    await incoming?.draft.discard();
  }

  /** Says in the log why a message goes nowhere, unless its client wished so. */
  refused(reply: Reply): void {
    if (isPositive(reply)) return;
    this.#logRefusal("message refused", reply, { id: this.#incoming?.id });
  }

  async #decide(question: Question, state: State): Promise<Reply> {
    switch (question.ask) {
      case "connect":
        return replies.greeting(this.#services.hostname);
      case "mail":
        this.#accepted = [];
        return replies.SENDER_OK;
      case "rcpt":
        return await this.#recipient(question);
      case "auth":
        throw new TypeError("Cannot authenticate: no mechanism is offered");
      case "open":
        return await this.#open(question.envelope, question.via, state);
      case "commit":
        return await this.#commit(question.envelope, state);
      default:
        return question satisfies never;
    }
  }

  async #recipient(
    { to, parameters, envelope }: Question & { readonly ask: "rcpt" },
  ): Promise<Reply> {
    const { directory } = this.#services;
    const verdict = await judgeRecipient(this.#atFirstDomain(to), {
      directory,
      mayRelay: this.#trusted,
    });
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
    { to, parameters }: Envelope,
    via: "DATA" | "BDAT",
    state: State,
  ): Promise<Reply> {
    const { hostname, spool, nextId, clock } = this.#services;
    const id = nextId();
    const receivedAt = clock.now();
    const incoming: Incoming = {
      id,
      receivedAt,
      draft: spool.draft(id),
      hops: new HopCounter(),
      smtputf8: parameters.smtputf8,
      eightBit: false,
      size: 0,
    };
    this.#incoming = incoming;
    const [recipient, ...others] = to;
    const received = formatReceived({
      helo: state.helo ?? "",
      peer: this.#session.peer.address,
      hostname,
      id,
      esmtp: state.esmtp,
      secure: state.secure,
      authenticated: state.authenticated,
      smtputf8: parameters.smtputf8,
      ...(recipient && others.length === 0 && { recipient: recipient.mailbox }),
      receivedAt,
    });
    await this.#store(incoming, encoder.encode(received));
    return via === "DATA" ? replies.START_MAIL : replies.OK;
  }

  /** Throws when the disk does; what it holds of the message is given back at once then. */
  async #store(
    incoming: Incoming,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    incoming.size += bytes.length;
    incoming.eightBit ||= incoming.smtputf8 && hasEightBit(bytes);
    try {
      await incoming.draft.append(bytes);
    } catch (cause) {
      await incoming.draft.discard();
      throw cause;
    }
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
    if (incoming.failure) return incoming.failure;
    if (incoming.hops.hops >= MAX_HOPS) return replies.TOO_MANY_HOPS;
    const message = this.#message(incoming, envelope, state);
    try {
      const content = await incoming.draft.finish();
      await this.#services.enqueue({ message, content });
    } catch (cause) {
      return this.#failed("cannot queue message", cause);
    }
    this.#services.log.info("message accepted", {
      id: message.id,
      session: this.#session.id,
      peer: this.#session.peer.address,
      from: formatReversePath(message.from),
      to: envelope.to.map(({ mailbox }) => formatMailbox(mailbox)).join(","),
      size: message.size,
    });
    return replies.queued(message.id);
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
      ...(this.#trusted && { trusted: true }),
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
