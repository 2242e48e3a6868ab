import { type ChooseCertificate, secureServer } from "../net/tls_server.ts";
import { formatEndpoint, type Transport } from "../net/transport.ts";
import { Visit, type VisitServices } from "../policy/visit.ts";
import type { Log } from "../ports/log.ts";
import type { TimeLimits, Waiter } from "../ports/time_limits.ts";
import type { Reply } from "../smtp/reply.ts";
import { EARLY_TALKER, makingRoom } from "../smtp/replies.ts";
import { type Effect, ServerSession } from "../smtp/server.ts";
import type { Question, ServerConfig } from "../smtp/state.ts";
import { type BufferPool, COMMAND_BUFFER } from "./buffers.ts";
import type { Door } from "./doors.ts";
import { Reception, type ReceptionServices } from "./reception.ts";
import type { Dialogue, Transcripts } from "./transcript.ts";

/** What serving a connection takes. */
export interface ConnectionServices {
  /** What the protocol has to know of a door. */
  readonly configOf: (door: Door) => Promise<ServerConfig>;
  /** The certificates; `undefined` when there are none, and no TLS. */
  readonly certificates: ChooseCertificate | undefined;
  readonly visits: VisitServices;
  readonly reception: ReceptionServices;
  readonly transcripts: Transcripts;
  readonly timeLimits: TimeLimits;
  readonly buffers: BufferPool;
  /** Milliseconds that a client may take over a command, {@linkcode PACE} octets or a reply. */
  readonly timeout: number;
  /** Milliseconds that strangers wait for the greeting. */
  readonly bannerDelay: number;
  readonly log: Log;
}

/** Octets of message that a client must send within the time limit, to be heard any longer. */
const PACE = 4096;

/** Milliseconds that a TLS handshake may take. */
const HANDSHAKE_LIMIT = 30_000;

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
  using waiter = services.timeLimits.waiter();
  const connection = new Connection(transport, door, services, {
    id,
    dialogue,
    waiter,
  });
  try {
    await connection.run();
  } catch (cause) {
    log.error("session failed", {
      session: id,
      error: cause instanceof Error
        ? cause.stack ?? cause.message
        : String(cause),
    });
  } finally {
    await connection.end();
  }
}

/** What belongs to one connection. */
interface Belongings {
  readonly id: string;
  readonly dialogue: Dialogue;
  readonly waiter: Waiter;
}

class Connection {
  #transport: Transport;
  readonly #door: Door;
  readonly #services: ConnectionServices;
  readonly #belongings: Belongings;
  readonly #visit: Visit;
  readonly #reception: Reception;
  readonly #commandBuffer = new Uint8Array(COMMAND_BUFFER);
  /** Lent while a message comes in; the session may still look at it between two reads. */
  #bodyBuffer: Uint8Array<ArrayBuffer> | undefined;
  /** A read into the command buffer that began before the greeting. */
  #earlyRead: Promise<number | null> | undefined;
  /** Octets of message since the client was last seen to get on. */
  #pace = 0;

  constructor(
    transport: Transport,
    door: Door,
    services: ConnectionServices,
    belongings: Belongings,
  ) {
    const { peer, local } = transport;
    this.#transport = transport;
    this.#door = door;
    this.#services = services;
    this.#belongings = belongings;
    this.#visit = new Visit(services.visits, {
      address: peer.address,
      mustLogIn: door.login === "required",
    });
    this.#reception = new Reception(services.reception, {
      ...{ id: belongings.id, peer, local, visit: this.#visit },
    });
  }

  /** Does what the session says has to be done, until it is over or the peer is gone. */
  async run(): Promise<void> {
    const { implicitTls } = this.#door;
    if (implicitTls && !await this.#handshake()) return;
    const session = new ServerSession(
      await this.#services.configOf(this.#door),
      { secure: implicitTls },
    );
    try {
      await this.#runSession(session);
    } finally {
      this.#record(session);
    }
  }

  async #runSession(session: ServerSession): Promise<void> {
    for (;;) {
      const effect = session.next();
      switch (effect.type) {
        case "read":
          if (!await this.#read(session, effect.wait)) return;
          break;
        case "write":
          if (!await this.#write(session, effect.text)) return;
          break;
        case "ask":
          session.answer(await this.#answer(session, effect.question));
          break;
        case "body":
          this.#count(effect.bytes.length);
          await this.#reception.append(effect.bytes);
          break;
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
  async end(): Promise<void> {
    this.#belongings.dialogue.close();
    this.#transport[Symbol.dispose]();
    this.#giveBack();
    await this.#reception.end();
  }

  async #answer(session: ServerSession, question: Question): Promise<Reply> {
    const hasty = question.ask === "connect" && await this.#waitForHaste();
    return hasty || await this.#reception.answer(question, session.state);
  }

  /**
   * RFC 5321 §3.1: a client waits for the greeting; a program in a hurry to send spam doesn't. Returns
   * what to say instead of the greeting, if anything.
   */
  async #waitForHaste(): Promise<Reply | undefined> {
    const { bannerDelay, reception: { hostname } } = this.#services;
    if (bannerDelay === 0 || this.#visit.isSpared) return undefined;
    this.#earlyRead = this.#transport.read(this.#commandBuffer);
    const count = await this.#belongings.waiter.wait(
      this.#earlyRead,
      bannerDelay,
      { stoppable: true },
    );
    if (count === "room") return makingRoom(hostname);
    return typeof count === "number"
      ? this.#reception.greet(EARLY_TALKER)
      : undefined;
  }

  /** Returns whether the session goes on. */
  async #read(
    session: ServerSession,
    wait: (Effect & { type: "read" })["wait"],
  ): Promise<boolean> {
    this.#record(session);
    const buffer = this.#buffer(wait);
    const reading = this.#earlyRead ?? this.#transport.read(buffer);
    this.#earlyRead = undefined;
    const count = await this.#belongings.waiter.wait(
      reading,
      this.#services.timeout,
      // A message that is on its way may still arrive while the server stops.
      { stoppable: wait === "command" },
    );
    if (count === null) return false;
    if (typeof count === "number") {
      session.receive(buffer.subarray(0, count));
      return true;
    }
    // The read goes on until the connection is closed and may write into the buffer.
    this.#bodyBuffer = undefined;
    switch (count) {
      case "timeout":
        session.timeout();
        return true;
      case "stop":
        session.shutdown();
        return true;
      case "room":
        session.dismiss(makingRoom(this.#services.reception.hostname));
        return true;
      default:
        return count satisfies never;
    }
  }

  #buffer(wait: "command" | "body"): Uint8Array<ArrayBuffer> {
    if (wait === "body") {
      return this.#bodyBuffer ??= this.#services.buffers.lend();
    }
    this.#giveBack();
    return this.#commandBuffer;
  }

  #giveBack(): void {
    if (this.#bodyBuffer) this.#services.buffers.takeBack(this.#bodyBuffer);
    this.#bodyBuffer = undefined;
  }

  /** Returns whether the peer took it. */
  async #write(session: ServerSession, text: string): Promise<boolean> {
    this.#record(session);
    const { waiter } = this.#belongings;
    // There is an answer only to what came whole.
    waiter.progress();
    const written = await waiter.wait(
      this.#transport.write(encoder.encode(text)),
      this.#services.timeout,
    );
    waiter.progress();
    return written === true;
  }

  #count(octets: number): void {
    this.#pace += octets;
    if (this.#pace < PACE) return;
    this.#pace = 0;
    this.#belongings.waiter.progress();
  }

  /** Returns whether the connection is under TLS now. */
  async #handshake(): Promise<boolean> {
    const { certificates, log } = this.#services;
    const { id, dialogue, waiter } = this.#belongings;
    if (certificates === undefined) {
      throw new TypeError("Cannot do a TLS handshake: there is no certificate");
    }
    waiter.progress();
    const secured = await waiter.wait(
      secureServer(this.#transport, certificates),
      HANDSHAKE_LIMIT,
      { stoppable: true },
    );
    waiter.progress();
    if (typeof secured === "string" || "failed" in secured) {
      const reason = typeof secured === "string" ? secured : secured.failed;
      dialogue.add([`-- TLS handshake failed: ${reason}`]);
      const peer = this.#transport.peer.address;
      log.info("TLS handshake failed", { session: id, peer, reason });
      return false;
    }
    const { transport, protocol, cipher } = secured;
    this.#transport = transport;
    this.#reception.secured({ protocol, cipher });
    dialogue.add([`-- ${protocol} ${cipher}`]);
    return true;
  }

  #record(session: ServerSession): void {
    this.#belongings.dialogue.add(session.takeDialogue());
  }
}

const encoder = new TextEncoder();
