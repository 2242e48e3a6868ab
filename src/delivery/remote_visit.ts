import type { Endpoint } from "../net/transport.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Message, Recipient } from "../queue/queue.ts";
import type { Transaction } from "../smtp/client_envelope.ts";
import type { Outcome as Verdict } from "../smtp/client_outcome.ts";
import type { Access } from "./access.ts";
import type { RemotePool } from "./remote_pool.ts";
import type { RemoteServices } from "./remote_services.ts";
import { RemoteSession } from "./remote_session.ts";
import { connectionKey, nameOf, type Stop } from "./remote_stop.ts";
import { reachedOurselves } from "./route_ourselves.ts";

/** What a visit to a server takes. */
export interface VisitOptions {
  /** The name we give to other servers. */
  readonly hostname: string;
  /** Where we listen. */
  readonly listens: readonly Endpoint[];
  readonly pool: RemotePool<RemoteSession>;
  readonly services: RemoteServices;
}

/** A server's address, and how to speak to it. */
export interface Destination {
  readonly stop: Stop;
  readonly access: Access;
}

/** What a visit brought. */
export interface Visit {
  readonly said: readonly Said[];
  /** Why there was no connection for the recipients of whom nothing was said. */
  readonly obstacle?: Obstacle;
}

/** What became of one recipient, and the session that it became clear in. */
export interface Said {
  readonly verdict: Verdict;
  readonly session: RemoteSession;
}

/** Why there is no connection. */
export type Obstacle =
  | { readonly kind: "unreachable"; readonly why: string }
  /** It would lead back to this server. */
  | { readonly kind: "ourselves" };

/**
 * Sends a message to some of its recipients by way of one address: over a connection that waits or
 * a new one, in as many transactions and over as many connections as the server wants.
 *
 * @throws {TypeError} When the envelope can't be written down as commands.
 */
export async function visit(
  { stop, access }: Destination,
  { message, content, recipients }: Delivery,
  options: VisitOptions,
): Promise<Visit> {
  const { pool } = options;
  const key = connectionKey(stop, access);
  const said: Said[] = [];
  let waiting = recipients;
  let withTls = true;
  while (waiting.length > 0) {
    const idle = pool.take(key);
    const session = idle ??
      await connect({ stop, access: withTls ? access : WITHOUT_TLS }, options);
    if (!(session instanceof RemoteSession)) return { said, obstacle: session };
    let verdicts: readonly Verdict[];
    try {
      verdicts = await session.send(transactionOf(message, waiting), content);
    } finally {
      pool.put(key, session);
    }
    if (idle && wasGivenUp(session)) continue;
    if (withTls && canDoWithout(access) && brokeAtHandshake(session)) {
      withTls = false;
      continue;
    }
    // None is put off but beside one that is settled, so that this comes to an end.
    const later = new Set<number>();
    for (const verdict of verdicts) {
      if (verdict.soon) later.add(verdict.recipient);
      else said.push({ verdict, session });
    }
    waiting = waiting.filter(({ number }) => later.has(number));
  }
  return { said };
}

async function connect(
  { stop, access }: Destination,
  { hostname, listens, services }: VisitOptions,
): Promise<RemoteSession | Obstacle> {
  const { host: { name, port }, address } = stop;
  const transport = await services.dial(
    { address, port },
    services.limits.connect,
  );
  if ("failed" in transport) {
    return { kind: "unreachable", why: transport.failed };
  }
  if (reachedOurselves(transport, listens)) {
    transport[Symbol.dispose]();
    return { kind: "ourselves" };
  }
  return new RemoteSession(
    { name: nameOf(stop), host: name, transport },
    { hostname, access },
    services,
  );
}

/**
 * Whether the server had given up a connection before it took anything of a message: that says
 * nothing of a new one.
 */
function wasGivenUp({ state: { failure } }: RemoteSession): boolean {
  return failure?.scope === "host" &&
    (failure.at === "mail" || failure.at === "reset");
}

function brokeAtHandshake({ state: { failure } }: RemoteSession): boolean {
  return failure?.scope === "host" && failure.at === "handshake";
}

/**
 * Whether a handshake that fails must not keep mail from going as it would without TLS
 * (RFC 7435 §3). A password never does.
 */
function canDoWithout({ tls, credentials }: Access): boolean {
  return tls === "opportunistic" && credentials === undefined;
}

const WITHOUT_TLS: Access = { tls: "never", verified: false };

function transactionOf(
  { from, size, body, smtputf8, ret, envid }: Message,
  recipients: readonly Recipient[],
): Transaction {
  return {
    from,
    size,
    body,
    smtputf8,
    ...(ret && { ret }),
    ...(envid !== undefined && { envid }),
    recipients: recipients.map(({ number, address, notify, orcpt }) => ({
      number,
      address,
      ...(notify && { notify }),
      ...(orcpt && { orcpt }),
    })),
  };
}
