/** What remote delivery works with, small enough for tests. */
import type { Access } from "../../src/delivery/access.ts";
import { remoteDelivery } from "../../src/delivery/remote.ts";
import { makeRemotePool } from "../../src/delivery/remote_pool.ts";
import type { RemoteServices } from "../../src/delivery/remote_services.ts";
import type { RemoteSession } from "../../src/delivery/remote_session.ts";
import type { Route, RouteHost } from "../../src/delivery/route.ts";
import type { Endpoint } from "../../src/net/transport.ts";
import { dial } from "../../src/net/dial.ts";
import { secureClient } from "../../src/net/tls_client.ts";
import type { Content } from "../../src/ports/content.ts";
import { TimeLimits } from "../../src/ports/time_limits.ts";
import type { Delivery, Outcome } from "../../src/queue/delivery.ts";
import type { Message } from "../../src/queue/queue.ts";
import { CLIENT_TIME_LIMITS } from "../../src/smtp/client_effect.ts";
import { clock as systemClock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";
import { AUTHORITY } from "../net/certificates.ts";
import { bytes, letter } from "../queue/fakes.ts";
import type { ScriptedServer } from "./scripted_server.ts";

/** The record of one session, kept. */
export interface Record {
  readonly id: string;
  readonly peer: string;
  readonly lines: string[];
  closed: boolean;
}

/** A sender of mail, and what it leaves behind. */
export interface Relay extends AsyncDisposable {
  /** Sends mail to the hosts, and resolves to the outcomes. */
  send(delivery?: Partial<Delivery>): Promise<readonly Outcome[]>;
  readonly records: readonly Record[];
  readonly services: RemoteServices;
  readonly timeLimits: TimeLimits;
}

/** How it differs from a plain one. */
export interface RelayChanges {
  readonly access?: Access;
  readonly listens?: readonly Endpoint[];
  /** Milliseconds that connections wait for more mail. */
  readonly patience?: number;
  /** Connections that wait at most. */
  readonly most?: number;
  readonly services?: Partial<RemoteServices>;
}

export const OPPORTUNISTIC: Access = { tls: "opportunistic", verified: false };

/** What sends mail along a route, or to hosts named in their order. */
export function relayTo(
  route: Route | readonly RouteHost[],
  { access = OPPORTUNISTIC, listens = [], services: changes, ...waiting }:
    RelayChanges = {},
): Relay {
  const clock = systemClock;
  const timeLimits = new TimeLimits(clock, { tick: 20 });
  const records: Record[] = [];
  const services: RemoteServices = {
    dial,
    secure: (transport, { host, verified }) =>
      secureClient(transport, {
        host,
        verify: verified ? "required" : "opportunistic",
        caCerts: [AUTHORITY],
      }),
    record({ id, peer }) {
      const record: Record = { id, peer, lines: [], closed: false };
      records.push(record);
      return {
        add: (lines) => void record.lines.push(...lines),
        close: () => void (record.closed = true),
      };
    },
    nextId: () => `S${records.length}`,
    timeLimits,
    limits: { ...CLIENT_TIME_LIMITS, connect: 10_000 },
    disk,
    ...changes,
  };
  const pool = makeRemotePool<RemoteSession>({ clock, ...waiting });
  const deliver = remoteDelivery({
    hostname: "me.test",
    findRoute: () =>
      Promise.resolve(
        "kind" in route ? route : { kind: "hosts", hosts: route },
      ),
    accessTo: () => access,
    listens,
    pool,
    services,
  });
  return {
    send: (delivery = {}) => deliver({ ...parcel(), ...delivery }),
    records,
    services,
    timeLimits,
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

/** A mail exchanger that is reached by way of these servers. */
export function mx(
  name: string,
  ...servers: readonly ScriptedServer[]
): RouteHost {
  return {
    name,
    addresses: servers.map(({ address }) => address),
    port: servers[0]!.port,
    mx: true,
  };
}

/** A host from the settings. */
export function smarthost(
  server: ScriptedServer,
  name = "mx.test.ru",
): RouteHost {
  return { ...mx(name, server), mx: false };
}

/** A message for some addresses, to be delivered to all of them. */
export function parcel(
  {
    to = ["petya@test.ru"],
    content = bytes("Subject: Hi\r\n\r\nHi\r\n"),
    ...changes
  }:
    & { readonly to?: readonly string[]; readonly content?: Content }
    & Partial<Message> = {},
): Delivery {
  const { message } = letter(to, { content });
  return {
    lane: "test.ru",
    message: { ...message, ...changes },
    content,
    recipients: message.recipients,
    again: false,
  };
}

/** Outcomes in short: `deferred 451 4.4.1 mx.test.ru`, with `lane` behind where it is about that. */
export function brief(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map(({ status, reply, host, scope }) => {
    const codes = /^\d{3}(?:[ -]\d\.\d+\.\d+)?/.exec(reply)?.[0] ?? reply;
    return [status, codes, host || "(we)", ...(scope ? [scope] : [])].join(" ");
  });
}
