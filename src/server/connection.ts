import { formatEndpoint, type Transport } from "../net/transport.ts";
import type { Log } from "../ports/log.ts";
import { type Effect, ServerSession } from "../smtp/server.ts";
import type { ServerConfig } from "../smtp/state.ts";
import { type BufferPool, COMMAND_BUFFER } from "./buffers.ts";
import { Reception, type ReceptionServices } from "./reception.ts";
import type { TimeLimits, Waiter } from "../ports/time_limits.ts";
import type { Dialogue, Transcripts } from "./transcript.ts";

/** What serving a connection takes. */
export interface ConnectionServices {
  readonly config: ServerConfig;
  readonly reception: ReceptionServices;
  readonly transcripts: Transcripts;
  readonly timeLimits: TimeLimits;
  readonly buffers: BufferPool;
  /** Milliseconds that a client may keep us waiting for octets or for room to send. */
  readonly timeout: number;
  readonly log: Log;
}

/**
 * Serves one connection to its end: one loop, one switch, at most one await per effect. Never
 * throws; the transport is closed when it resolves.
 */
export async function serveConnection(
  transport: Transport,
  services: ConnectionServices,
): Promise<void> {
  const { log, reception, transcripts } = services;
  const { peer, local } = transport;
  const id = reception.nextId();
  const dialogue = transcripts.open({ id, peer: formatEndpoint(peer) });
  const connection = new Connection(transport, services, {
    reception: new Reception(reception, { id, peer, local }),
    dialogue,
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

class Connection {
  readonly #transport: Transport;
  readonly #services: ConnectionServices;
  readonly #session: ServerSession;
  readonly #reception: Reception;
  readonly #dialogue: Dialogue;
  readonly #waiter: Waiter;
  readonly #commandBuffer = new Uint8Array(COMMAND_BUFFER);
  /** Lent while a message comes in; the session may still look at it between two reads. */
  #bodyBuffer: Uint8Array<ArrayBuffer> | undefined;

  constructor(
    transport: Transport,
    services: ConnectionServices,
    { reception, dialogue }: {
      readonly reception: Reception;
      readonly dialogue: Dialogue;
    },
  ) {
    this.#transport = transport;
    this.#services = services;
    this.#session = new ServerSession(services.config);
    this.#reception = reception;
    this.#dialogue = dialogue;
    this.#waiter = services.timeLimits.waiter();
  }

  /** Does what the session says has to be done, until it is over or the peer is gone. */
  async run(): Promise<void> {
    const session = this.#session;
    for (;;) {
      const effect = session.next();
      switch (effect.type) {
        case "read":
          if (!await this.#read(effect.wait)) return;
          break;
        case "write":
          if (!await this.#write(effect.text)) return;
          break;
        case "ask":
          session.answer(
            await this.#reception.answer(effect.question, session.state),
          );
          break;
        case "body":
          await this.#reception.append(effect.bytes);
          break;
        case "discard":
          this.#reception.refused(effect.reply);
          await this.#reception.discard();
          break;
        case "handshake":
          throw new TypeError("Cannot do a TLS handshake: it is not offered");
        case "close":
          return;
        default:
          effect satisfies never;
      }
    }
  }

  /** Lets go of everything, whatever state it is in. */
  async end(): Promise<void> {
    this.#record();
    this.#dialogue.close();
    this.#waiter[Symbol.dispose]();
    this.#transport[Symbol.dispose]();
    this.#giveBack();
    await this.#reception.discard();
  }

  /** Returns whether the session goes on. */
  async #read(wait: (Effect & { type: "read" })["wait"]): Promise<boolean> {
    this.#record();
    const buffer = this.#buffer(wait);
    const count = await this.#waiter.wait(
      this.#transport.read(buffer),
      this.#services.timeout,
      // A message that is on its way may still arrive while the server stops.
      { stoppable: wait === "command" },
    );
    switch (count) {
      case null:
        return false;
      case "timeout":
      case "stop":
        // The read goes on until the connection is closed and may write into the buffer.
        this.#bodyBuffer = undefined;
        if (count === "timeout") this.#session.timeout();
        else this.#session.shutdown();
        return true;
      default:
        this.#session.receive(buffer.subarray(0, count));
        return true;
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
  async #write(text: string): Promise<boolean> {
    this.#record();
    const written = await this.#waiter.wait(
      this.#transport.write(encoder.encode(text)),
      this.#services.timeout,
    );
    return written === true;
  }

  #record(): void {
    this.#dialogue.add(this.#session.takeDialogue());
  }
}

const encoder = new TextEncoder();
