import { type Content, pieces } from "../ports/content.ts";
import { joined } from "../ports/octets.ts";
import type { Transport } from "../net/transport.ts";
import type { Waiter } from "../ports/time_limits.ts";
import type { ClientStep } from "../smtp/client_step.ts";
import type { Transaction } from "../smtp/client_envelope.ts";
import type { Outcome } from "../smtp/client_outcome.ts";
import type { ClientConfig } from "../smtp/client_opening.ts";
import { ClientSession, type ClientState } from "../smtp/client.ts";
import { reply } from "../smtp/reply.ts";
import { CLIENT_MECHANISMS, saslClient } from "../sasl/client.ts";
import type { SaslClient } from "../sasl/exchange.ts";
import type { Access } from "./access.ts";
import type {
  RemoteDialogue,
  RemotePeer,
  RemoteServices,
} from "./remote_services.ts";

/** A connection to another server, in use for one transaction after the other. */
export class RemoteSession {
  /** Names its record: what `smtpd transcript` finds it by. */
  readonly id: string;
  readonly peer: RemotePeer;
  readonly #services: RemoteServices;
  readonly #session: ClientSession;
  readonly #dialogue: RemoteDialogue;
  readonly #access: Access;
  readonly #waiter: Waiter;
  #transport: Transport;
  readonly #buffer = new Uint8Array(REPLY_BUFFER);
  /** The exchange of authentication, once it has begun. */
  #sasl: SaslClient | undefined;
  /** The message on its way. */
  #pieces: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  /** The last of it that was read, if it is short. */
  #held: Uint8Array<ArrayBuffer> | undefined;
  #closed = false;

  /** `hostname` is the name we give. Nothing is said before the first message. */
  constructor(
    peer: RemotePeer,
    { hostname, access }: {
      readonly hostname: string;
      readonly access: Access;
    },
    services: RemoteServices,
  ) {
    this.id = services.nextId();
    this.peer = peer;
    this.#transport = peer.transport;
    this.#services = services;
    this.#access = access;
    this.#session = new ClientSession(clientConfig(hostname, access));
    this.#waiter = services.timeLimits.waiter();
    this.#dialogue = services.record({ id: this.id, peer: peer.name });
  }

  /** What is known of the server, and how far the session has come. */
  get state(): ClientState {
    return this.#session.state;
  }

  /** Whether another transaction can be sent. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /**
   * Sends a message; resolves to one outcome for each of its recipients, whatever happens.
   *
   * @throws {TypeError} When the session is over, and when the transaction can't be written down as
   * commands.
   */
  async send(
    transaction: Transaction,
    content: Content,
  ): Promise<readonly Outcome[]> {
    this.#session.send(transaction);
    this.#pieces = pieces(content, this.#services.disk);
    try {
      return await this.#run() ?? [];
    } finally {
      await this.#pieces?.return?.();
      this.#pieces = undefined;
    }
  }

  /** Takes leave of the server, and lets go of the connection in any case. Never throws. */
  async quit(): Promise<void> {
    if (this.#closed) return;
    this.#session.quit();
    await this.#run();
  }

  /** Lets go of the connection at once. Twice is once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#record();
    this.#dialogue.close();
    this.#waiter[Symbol.dispose]();
    this.#transport[Symbol.dispose]();
  }

  /** Does what the session asks for until it has nothing left to do, or is over. */
  async #run(): Promise<readonly Outcome[] | undefined> {
    let outcomes: readonly Outcome[] | undefined;
    for (;;) {
      const effect = this.#session.next();
      this.#record();
      switch (effect.type) {
        case "read":
          // After BDAT no dot comes that the end of a message could wait for.
          if (this.#held) await this.#write(NOTHING);
          else await this.#read(effect.wait);
          break;
        case "write":
          await this.#write(encoder.encode(effect.text));
          break;
        case "body":
          await this.#sendPiece();
          break;
        case "handshake":
          await this.#handshake();
          break;
        case "auth":
          this.#authenticate(effect.mechanism, effect.challenge);
          break;
        case "outcome":
          outcomes = effect.outcomes;
          break;
        case "idle":
          return outcomes;
        case "close":
          this.close();
          return outcomes;
        default:
          effect satisfies never;
      }
    }
  }

  async #read(wait: ClientStep): Promise<void> {
    const limit = this.#services.limits[wait];
    const count = await this.#wait(this.#transport.read(this.#buffer), limit);
    if (count === "timeout") this.#session.timeout();
    else if (typeof count === "string") this.#session.abort(STOPPING);
    else if (count === null) this.#session.lost("closed by the server");
    else this.#session.receive(this.#buffer.subarray(0, count));
  }

  async #write(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    const all = this.#held ? joined(this.#held, octets) : octets;
    this.#held = undefined;
    if (all.length === 0) return;
    const { text } = this.#services.limits;
    const written = await this.#wait(this.#transport.write(all), text);
    if (written === "timeout") this.#session.timeout();
    else if (typeof written === "string") this.#session.abort(STOPPING);
    else if (!written) await this.#hearLastWords();
  }

  /** A server that closes in the middle of our words may have said why. */
  async #hearLastWords(): Promise<void> {
    const read = this.#transport.read(this.#buffer);
    const count = await this.#wait(read, LAST_WORDS);
    if (typeof count === "number") {
      this.#session.receive(this.#buffer.subarray(0, count));
    } else {
      this.#session.lost("closed by the server");
    }
  }

  async #sendPiece(): Promise<void> {
    let piece: IteratorResult<Uint8Array<ArrayBuffer>>;
    try {
      piece = await this.#pieces!.next();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#session.abort(
        reply(451, "4.3.0", `Cannot read the message: ${why}`),
      );
      return;
    }
    if (piece.done) this.#session.bodyDone();
    else await this.#sendSoon(this.#session.stuff(piece.value));
  }

  /** Sends part of a message, or keeps it for what is sent next: after the last, that is the dot. */
  async #sendSoon(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    const held = this.#held ?? NOTHING;
    if (held.length + octets.length > SHORT) await this.#write(octets);
    else this.#held = joined(held, octets);
  }

  async #handshake(): Promise<void> {
    const { secure, limits } = this.#services;
    const { verified } = this.#access;
    const secured = await this.#wait(
      secure(this.#transport, { host: this.peer.host, verified }),
      limits.handshake,
    );
    if (secured === "timeout") this.#session.timeout();
    else if (typeof secured === "string") this.#session.abort(STOPPING);
    else if ("failed" in secured) this.#session.handshakeFailed(secured.failed);
    else {
      this.#transport = secured.transport;
      this.#session.secured(secured);
    }
  }

  #authenticate(mechanism: string, challenge: string | undefined): void {
    this.#sasl ??= saslClient(mechanism, this.#access.credentials!);
    const answer = this.#sasl(challenge);
    if ("cancel" in answer) this.#session.cancel(answer.cancel);
    else this.#session.response(answer.response);
  }

  /** Each wait has a limit of its own. */
  #wait<Result>(work: Promise<Result>, limit: number) {
    this.#waiter.progress();
    return this.#waiter.wait(work, limit);
  }

  #record(): void {
    this.#dialogue.add(this.#session.takeDialogue());
  }
}

function clientConfig(
  hostname: string,
  { tls, credentials }: Access,
): ClientConfig {
  const inTheClear = tls === "never";
  return {
    hostname,
    tls,
    ...(credentials && { auth: { mechanisms: CLIENT_MECHANISMS, inTheClear } }),
  };
}

/** Octets of replies read at a time. */
const REPLY_BUFFER = 4 * 1024;

const NOTHING = new Uint8Array(0);

/** Octets of a message that are worth copying to spare the system a call. */
const SHORT = 16 * 1024;

/** Milliseconds to listen for why a server closed the connection. */
const LAST_WORDS = 1000;

/** What recipients are deferred with whose message was on its way when the server stopped. */
const STOPPING = reply(451, "4.3.2", "This server is shutting down");

const encoder = new TextEncoder();
