import type { Transport } from "../net/transport.ts";
import {
  type ConnectionCounter,
  type ConnectionLimits,
  countConnections,
} from "../policy/connections.ts";
import type { Clock } from "../ports/clock.ts";
import { formatReply } from "../smtp/reply.ts";
import { shuttingDown, tooManyConnections } from "../smtp/replies.ts";
import { type ConnectionServices, serveConnection } from "./connection.ts";

/** Milliseconds that messages on their way in have to arrive while the server stops. */
const GRACE = 4000;

/** Milliseconds that a client who is turned away may take to hear it. */
const LAST_WORD = 1000;

/** All clients that are connected now. */
export class Sessions {
  readonly #services: ConnectionServices;
  readonly #counter: ConnectionCounter;
  readonly #clock: Clock;
  readonly #running = new Set<Promise<void>>();
  #ending = false;

  constructor(
    { services, limits, clock }: {
      readonly services: ConnectionServices;
      readonly limits: ConnectionLimits;
      readonly clock: Clock;
    },
  ) {
    this.#services = services;
    this.#counter = countConnections(limits);
    this.#clock = clock;
  }

  /** Serves a client, or turns it away when there are too many or the server stops. */
  serve(transport: Transport): void {
    const { hostname } = this.#services.config;
    const leave = this.#counter.admit(transport.peer.address);
    if (this.#ending) {
      this.#track(
        this.#turnAway(transport, formatReply(shuttingDown(hostname))),
      );
      leave?.();
    } else if (leave === undefined) {
      this.#services.log.warn("connection refused", {
        peer: transport.peer.address,
        reason: "too many connections",
      });
      this.#track(
        this.#turnAway(transport, formatReply(tooManyConnections(hostname))),
      );
    } else {
      this.#track(serveConnection(transport, this.#services).finally(leave));
    }
  }

  /**
   * Ends all sessions: at once those that wait for a command, within {@linkcode GRACE} those in the
   * middle of a message.
   */
  async end(): Promise<void> {
    const { timeLimits } = this.#services;
    this.#ending = true;
    timeLimits.stop();
    const cancel = this.#clock.after(GRACE, () => timeLimits.hurry());
    await Promise.all(this.#running);
    cancel();
  }

  async #turnAway(transport: Transport, text: string): Promise<void> {
    using waiter = this.#services.timeLimits.waiter();
    using _ = transport;
    await waiter.wait(
      transport.write(new TextEncoder().encode(text)),
      LAST_WORD,
    );
  }

  #track(session: Promise<void>): void {
    const tracked: Promise<void> = session.finally(() =>
      this.#running.delete(tracked)
    );
    this.#running.add(tracked);
  }
}
