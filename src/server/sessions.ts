import type { Failed } from "../net/dial.ts";
import { behindProxy } from "../net/proxied.ts";
import type { Transport } from "../net/transport.ts";
import {
  type ConnectionCounter,
  type ConnectionLimits,
  countConnections,
} from "../policy/connections.ts";
import type { Clock } from "../ports/clock.ts";
import { formatReply, type Reply } from "../smtp/reply.ts";
import { shuttingDown, tooManyConnections } from "../smtp/replies.ts";
import { type ConnectionServices, serveConnection } from "./connection.ts";
import type { Door } from "./doors.ts";
import { givenUp } from "./interruption.ts";
import { LAST_WORD } from "./link.ts";

/** Milliseconds that messages on their way in have to arrive while the server stops. */
const GRACE = 4000;

/** Milliseconds after which a client that holds up a full server has to make room. */
const SLOW = 5000;

/** Milliseconds that a proxy may take to say who the client is. */
const INTRODUCTION = 5000;

/** What all sessions share. */
export interface SessionsOptions {
  readonly services: ConnectionServices;
  readonly limits: ConnectionLimits;
  /** Whether a connection from this IP address is a proxy's, which says who the client is. */
  readonly isProxy: (address: string) => boolean;
  readonly clock: Clock;
}

/** All clients that are connected now. */
export class Sessions {
  readonly #services: ConnectionServices;
  readonly #counter: ConnectionCounter;
  readonly #isProxy: (address: string) => boolean;
  readonly #clock: Clock;
  readonly #running = new Set<Promise<void>>();
  #ending = false;

  constructor({ services, limits, isProxy, clock }: SessionsOptions) {
    this.#services = services;
    this.#counter = countConnections(limits);
    this.#isProxy = isProxy;
    this.#clock = clock;
  }

  /** Serves a client, or turns it away when there are too many or the server stops. */
  serve(transport: Transport, door: Door): void {
    this.#track(
      this.#isProxy(transport.peer.address)
        ? this.#serveIntroduced(transport, door)
        : this.#admit(transport, door),
    );
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

  /** Serves the client that a proxy tells of. */
  async #serveIntroduced(proxy: Transport, door: Door): Promise<void> {
    const client = await this.#introduced(proxy);
    if ("failed" in client) {
      const { failed: reason } = client;
      const peer = proxy.peer.address;
      this.#services.log.warn("proxy not understood", { peer, reason });
      proxy[Symbol.dispose]();
    } else {
      await this.#admit(client, door);
    }
  }

  async #introduced(proxy: Transport): Promise<Transport | Failed> {
    using waiter = this.#services.timeLimits.waiter();
    const client = await waiter.wait(behindProxy(proxy), INTRODUCTION, {
      stoppable: true,
      // It takes no place yet that it could make room of.
      evictable: false,
    });
    return typeof client === "string" ? givenUp(client) : client;
  }

  #admit(transport: Transport, door: Door): Promise<void> {
    const { hostname } = this.#services.reception;
    if (this.#ending) {
      return this.#turnAway(transport, door, shuttingDown(hostname));
    }
    const { address } = transport.peer;
    let admission = this.#counter.admit(address);
    if (admission === "full" && this.#services.timeLimits.evict(SLOW)) {
      // Who has to make room is on the way out.
      admission = this.#counter.admit(address, { squeeze: true });
    }
    if (typeof admission === "function") {
      return serveConnection(transport, door, this.#services)
        .finally(admission);
    }
    this.#services.log.warn("connection refused", {
      peer: address,
      reason: "too many connections",
    });
    return this.#turnAway(transport, door, tooManyConnections(hostname));
  }

  /** What can't be said in the clear isn't said. */
  async #turnAway(
    transport: Transport,
    { implicitTls }: Door,
    reply: Reply,
  ): Promise<void> {
    using waiter = this.#services.timeLimits.waiter();
    using _ = transport;
    if (implicitTls) return;
    const text = new TextEncoder().encode(formatReply(reply));
    await waiter.wait(transport.write(text), LAST_WORD);
  }

  #track(session: Promise<void>): void {
    const tracked: Promise<void> = session.finally(() =>
      this.#running.delete(tracked)
    );
    this.#running.add(tracked);
  }
}
