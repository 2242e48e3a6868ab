import type { ChooseCertificate } from "../net/tls_server.ts";
import {
  type Endpoint,
  formatEndpoint,
  type Transport,
} from "../net/transport.ts";
import { Visit, type VisitServices } from "../policy/visit.ts";
import { andThen, type Awaitable } from "../ports/awaitable.ts";
import type { Log } from "../ports/log.ts";
import type { Interruption } from "../ports/time_limits.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import { EARLY_TALKER, makingRoom, shuttingDown } from "../smtp/replies.ts";
import { ServerSession } from "../smtp/server.ts";
import type { Question, ServerConfig } from "../smtp/state.ts";
import type { Door } from "./doors.ts";
import { Link, type LinkServices } from "./link.ts";
import { Reception, type ReceptionServices } from "./reception.ts";
import type { Dialogue, Transcripts } from "./transcript.ts";

/** What serving a connection takes. */
export interface ConnectionServices extends LinkServices {
  /** What the protocol has to know of a door. */
  readonly configOf: (door: Door) => Promise<ServerConfig>;
  /** The certificates; `undefined` when there are none, and no TLS. */
  readonly certificates: ChooseCertificate | undefined;
  readonly visits: VisitServices;
  readonly reception: ReceptionServices;
  readonly transcripts: Transcripts;
  /** Milliseconds that strangers wait for the greeting. */
  readonly bannerDelay: number;
  readonly log: Log;
}

/**
 * Serves one connection to its end: one loop, one switch, at most one await per effect. Never
 * throws; the transport is closed when it resolves.
 */
export async function serveConnection(
  transport: Transport,
  door: Door,
  services: ConnectionServices,
): Promise<void> {
  const { log, transcripts } = services;
  const id = services.reception.nextId();
  const dialogue = transcripts.open({
    id,
    peer: formatEndpoint(transport.peer),
  });
  const connection = new Connection(transport, door, services, {
    id,
    dialogue,
  });
  let session: ServerSession | undefined;
  try {
    session = await connection.open();
    if (session) await connection.run(session);
  } catch (cause) {
    log.error("session failed", {
      session: id,
      error: cause instanceof Error
        ? cause.stack ?? cause.message
        : String(cause),
    });
  } finally {
    await connection.end(session);
  }
}

/** What belongs to one connection. */
interface Belongings {
  readonly id: string;
  readonly dialogue: Dialogue;
}

class Connection {
  readonly #door: Door;
  readonly #services: ConnectionServices;
  readonly #belongings: Belongings;
  readonly #peer: Endpoint;
  readonly #link: Link;
  readonly #visit: Visit;
  readonly #reception: Reception;

  constructor(
    transport: Transport,
    door: Door,
    services: ConnectionServices,
    belongings: Belongings,
  ) {
    const { peer, local } = transport;
    const { id } = belongings;
    this.#door = door;
    this.#services = services;
    this.#belongings = belongings;
    this.#peer = peer;
    this.#link = new Link(transport, services);
    const visit = new Visit(services.visits, {
      address: peer.address,
      mustLogIn: door.login === "required",
    });
    this.#visit = visit;
    this.#reception = new Reception(services.reception, {
      id,
      peer,
      local,
      visit,
    });
  }

  /** Begins the session; `undefined` when that fails, and the connection is of no more use. */
  async open(): Promise<ServerSession | undefined> {
    const { implicitTls } = this.#door;
    if (implicitTls && !await this.#handshake()) return undefined;
    const config = await this.#services.configOf(this.#door);
    return new ServerSession(config, { secure: implicitTls });
  }

  /** Does what the session says has to be done, until it is over or the peer is gone. */
  async run(session: ServerSession): Promise<void> {
    for (;;) {
      const effect = session.next();
      switch (effect.type) {
        case "read": {
          this.#record(session);
          const heard = await this.#link.read(effect.wait);
          if (heard === null) return;
          this.#hear(session, heard);
          break;
        }
        case "write":
          this.#record(session);
          if (!await this.#link.write(effect.text)) return;
          break;
        case "ask": {
          const answer = this.#answer(session, effect.question);
          const reply = answer instanceof Promise ? await answer : answer;
          if (isPositive(reply)) this.#link.gotOn();
          session.answer(reply);
          break;
        }
        case "body": {
          const stored = this.#reception.append(effect.bytes);
          if (stored) await stored;
          break;
        }
        case "discard":
          this.#reception.refused(effect.reply);
          await this.#reception.discard();
          break;
        case "handshake":
          this.#record(session);
          if (!await this.#handshake()) return;
          session.secured();
          break;
        case "close":
          return;
        default:
          effect satisfies never;
      }
    }
  }

  /** Lets go of everything, whatever state it is in. */
  async end(session: ServerSession | undefined): Promise<void> {
    if (session) this.#record(session);
    this.#belongings.dialogue.close();
    this.#link[Symbol.dispose]();
    await this.#reception.discard();
  }

  #answer(session: ServerSession, question: Question): Awaitable<Reply> {
    const refusal = question.ask === "connect"
      ? this.#waitForHaste()
      : undefined;
    return andThen(
      refusal,
      (refusal) => refusal ?? this.#reception.answer(question, session.state),
    );
  }

  /** What to say instead of the greeting, if anything. */
  #waitForHaste(): Awaitable<Reply | undefined> {
    const { bannerDelay } = this.#services;
    return bannerDelay > 0 && this.#visit.isStranger
      ? this.#hasty(bannerDelay)
      : undefined;
  }

  /** RFC 5321 §3.1: a client waits for the greeting; a program in a hurry to send spam doesn't. */
  async #hasty(bannerDelay: number): Promise<Reply | undefined> {
    const { hostname } = this.#services.reception;
    const spoke = await this.#link.speaksWithin(bannerDelay);
    if (spoke === "stop") return shuttingDown(hostname);
    return spoke ? this.#reception.greet(EARLY_TALKER) : undefined;
  }

  #hear(
    session: ServerSession,
    heard: Uint8Array<ArrayBuffer> | Interruption,
  ): void {
    switch (heard) {
      case "timeout":
        return session.timeout();
      case "stop":
        return session.shutdown();
      case "room":
        return session.dismiss(makingRoom(this.#services.reception.hostname));
      default:
        return session.receive(heard);
    }
  }

  /** Returns whether the connection is under TLS now. */
  async #handshake(): Promise<boolean> {
    const { certificates, log } = this.#services;
    const { id, dialogue } = this.#belongings;
    if (certificates === undefined) {
      throw new TypeError("Cannot do a TLS handshake: there is no certificate");
    }
    const secured = await this.#link.secure(certificates);
    if ("failed" in secured) {
      const { failed: reason } = secured;
      dialogue.add([`-- TLS handshake failed: ${reason}`]);
      const peer = this.#peer.address;
      log.info("TLS handshake failed", { session: id, peer, reason });
      return false;
    }
    this.#reception.secured(secured);
    dialogue.add([`-- ${secured.protocol} ${secured.cipher}`]);
    return true;
  }

  #record(session: ServerSession): void {
    this.#belongings.dialogue.add(session.takeDialogue());
  }
}
