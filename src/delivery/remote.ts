import type { Deliver, Delivery, Outcome } from "../queue/delivery.ts";
import type { Recipient } from "../queue/queue.ts";
import type { Outcome as Verdict } from "../smtp/client_outcome.ts";
import { type Reply, replyLines } from "../smtp/reply.ts";
import type { Access } from "./access.ts";
import { nameOf, type Stop, stopsOf } from "./remote_stop.ts";
import {
  type Obstacle,
  type Said,
  visit,
  type VisitOptions,
} from "./remote_visit.ts";
import { badRoute, cannotConnect, loopsBack } from "./replies.ts";
import type { NoRoute, Route, RouteHost } from "./route.ts";

/** What relaying takes. */
export interface RemoteOptions extends VisitOptions {
  /** Finds the way to a domain or address literal. Never throws. */
  readonly findRoute: (destination: string) => Promise<Route>;
  /** How to speak to the servers of a domain or address literal. */
  readonly accessTo: (destination: string) => Access;
}

/**
 * Delivers to other servers: finds the way, tries host after host and address after address until
 * one takes the message or refuses it for good, and reuses connections that are open (RFC 5321 §5).
 * The recipients of a delivery must have their way and their access in common.
 */
export function remoteDelivery(options: RemoteOptions): Deliver {
  return async (delivery) => {
    const { domain } = delivery.recipients[0]!.address;
    const route = await options.findRoute(domain);
    return route.kind === "hosts"
      ? await new Journey(delivery, options).along(route.hosts)
      : delivery.recipients.map(({ number }) => ({
        recipient: number,
        ...withoutRoute(route),
      }));
  };
}

/** What recipients are told. */
type Fate = Omit<Outcome, "recipient">;

/** One message's way along the hosts of its route. */
class Journey {
  readonly #delivery: Delivery;
  readonly #options: RemoteOptions;
  readonly #outcomes = new Map<number, Outcome>();
  /** What recipients are told whom no host decided upon. */
  #excuse: Fate | undefined;
  /** Whether the hosts that are left wouldn't do better. */
  #over = false;

  constructor(delivery: Delivery, options: RemoteOptions) {
    this.#delivery = delivery;
    this.#options = options;
  }

  async along(hosts: readonly RouteHost[]): Promise<readonly Outcome[]> {
    const access = this.#options.accessTo(this.#domain);
    for (const stop of stopsOf(hosts)) {
      const recipients = this.#undecided();
      if (this.#over || recipients.length === 0) break;
      const { said, obstacle } = await visit(
        { stop, access },
        { ...this.#delivery, recipients },
        this.#options,
      );
      for (const each of said) this.#hear(each, stop);
      if (obstacle) this.#runInto(obstacle, stop);
    }
    return this.#delivery.recipients.map(({ number }) =>
      this.#outcomes.get(number) ?? { recipient: number, ...this.#excuse! }
    );
  }

  get #domain(): string {
    return this.#delivery.recipients[0]!.address.domain;
  }

  #undecided(): readonly Recipient[] {
    return this.#delivery.recipients.filter(({ number }) =>
      !this.#outcomes.has(number)
    );
  }

  /** What is about a host alone decides nothing: another one may do better. */
  #hear(said: Said, stop: Stop): void {
    const { recipient, status, scope } = said.verdict;
    const fate = fateOf(said, stop);
    if (status === "delivered" || scope !== "host") {
      this.#outcomes.set(recipient, { recipient, ...fate });
    } else {
      this.#excuseWith(fate);
      this.#over ||= isOurPassword(said.verdict);
    }
  }

  #runInto(obstacle: Obstacle, stop: Stop): void {
    switch (obstacle.kind) {
      case "unreachable":
        this.#excuseWith({
          ...ourWords(cannotConnect(nameOf(stop), obstacle.why), "deferred"),
          scope: "lane",
        });
        break;
      case "ourselves":
        // RFC 5321 §5.1: nor is mail sent to hosts that are worse than we.
        this.#over = true;
        this.#excuse ??= loop(this.#domain, stop.host);
        break;
      default:
        obstacle satisfies never;
    }
  }

  /** A host that fails for good doesn't outweigh one that fails for now. */
  #excuseWith(fate: Fate): void {
    if (this.#excuse?.status !== "deferred" || fate.status === "deferred") {
      this.#excuse = fate;
    }
  }
}

/** What a recipient is told of what was said. */
function fateOf({ verdict, session }: Said, stop: Stop): Fate {
  const { status, reply, by } = verdict;
  const text = formatLines(reply);
  const { dsn } = session.state.extensions;
  return {
    status,
    ...(by === "server"
      ? { reply: text, host: stop.host.name }
      : { reply: `${text} (${nameOf(stop)})`, host: "" }),
    address: stop.address,
    session: session.id,
    ...(status === "delivered" && { relayed: dsn ? "dsn" : "no dsn" }),
    ...(isTrouble(verdict) && { scope: "lane" }),
  };
}

/**
 * Whether other messages would fare no better at the host. One that fails in its text or after it
 * may itself be the reason.
 */
function isTrouble({ status, scope, at }: Verdict): boolean {
  return status === "deferred" && scope === "host" &&
    at !== "text" && at !== "dot";
}

/** Whether our name or password was refused: to try it all over locks accounts. */
function isOurPassword({ at, by, reply }: Verdict): boolean {
  return at === "auth" && by === "server" && reply.code >= 500;
}

function withoutRoute({ kind, reply }: NoRoute): Fate {
  return {
    ...ourWords(reply, kind),
    ...(kind === "deferred" && { scope: "lane" }),
  };
}

/** The host turned out to be this server. */
function loop(domain: string, { name, mx }: RouteHost): Fate {
  return mx ? ourWords(loopsBack(domain), "failed") : {
    ...ourWords(badRoute(name, "it is this server"), "deferred"),
    scope: "lane",
  };
}

function ourWords(reply: Reply, status: Fate["status"]): Fate {
  return { status, reply: formatLines(reply), host: "" };
}

/** A reply as the queue keeps it: a line of text for each line of the wire. */
function formatLines(reply: Reply): string {
  return replyLines(reply).join("\n");
}
