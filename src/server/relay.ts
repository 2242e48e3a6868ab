/** Puts together what sends mail to other servers. */
import type { Settings } from "../config/settings.ts";
import { accessTo } from "../delivery/access.ts";
import { makeGate } from "../delivery/gate.ts";
import { remoteLane } from "../delivery/lanes.ts";
import { remoteDelivery } from "../delivery/remote.ts";
import { makeRemotePool } from "../delivery/remote_pool.ts";
import type { RemoteServices } from "../delivery/remote_services.ts";
import type { RemoteSession } from "../delivery/remote_session.ts";
import { lookUpRoute } from "../delivery/route_lookup.ts";
import { dial as dialTcp } from "../net/dial.ts";
import { dnsResolver } from "../net/resolver.ts";
import { cachedResolver } from "../net/resolver_cache.ts";
import { secureClient } from "../net/tls_client.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Resolver } from "../ports/resolver.ts";
import { TimeLimits } from "../ports/time_limits.ts";
import type { Deliver } from "../queue/delivery.ts";
import { CLIENT_TIME_LIMITS } from "../smtp/client_effect.ts";
import { canonicalDomain } from "../store/canonical.ts";
import { openRoutes } from "./relay_routes.ts";
import type { Transcripts } from "./transcript.ts";

/** What sends mail to other servers. */
export interface Relay {
  /** Delivers to the recipients of one lane. */
  readonly deliver: Deliver;
  /** The lane of mail for a domain that isn't ours. */
  readonly laneOf: (domain: string) => string;
  /**
   * Ends what is under way and takes leave of servers that wait, within some 2 seconds. What is
   * given to deliver later is deferred.
   */
  close(): Promise<void>;
}

/** The world of other servers, for those who simulate it: by default the real one. */
export interface OtherServers {
  readonly dial?: typeof dialTcp;
  /** In place of the DNS server that the settings name. */
  readonly resolver?: Resolver;
  /** Numbers from 0 up to but not including 1. */
  readonly random?: () => number;
}

/** What a relay works with. */
export interface RelayOptions extends OtherServers {
  /** Where we listen. */
  readonly listens: readonly Endpoint[];
  readonly transcripts: Pick<Transcripts, "open">;
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly disk: Pick<Disk, "read" | "stream">;
  /** Authorities to trust, each in PEM, in place of the default. */
  readonly caCerts?: readonly string[];
}

/** The settings that a relay goes by. */
export type RelaySettings = Pick<
  Settings,
  "hostname" | "routes" | "requireTls" | "dns" | "mxPort"
>;

/** Milliseconds a connection attempt may take: long enough for a lost SYN or two. */
const CONNECT_LIMIT = 30_000;

/** Deliveries to other servers at the same time, each by a connection of its own. */
const MOST_DELIVERIES = 200;

/** Milliseconds that taking leave of servers may take while the server stops. */
const FAREWELL = 1000;

/**
 * Opens the way out.
 *
 * @throws {Error} When a password file can't be read.
 */
export async function openRelay(
  settings: RelaySettings,
  options: RelayOptions,
): Promise<Relay> {
  const { hostname, dns, mxPort, requireTls } = settings;
  const { listens, clock, disk, random = Math.random } = options;
  const resolver = options.resolver ??
    dnsResolver({ ...(dns && { nameServer: dns }) });
  const fixed = await openRoutes(settings.routes, disk);
  const ourselves = { names: [canonicalDomain(hostname)], listens };
  const source = {
    routing: { fixed, mxPort, ourselves },
    resolver: cachedResolver(resolver, clock),
    random,
  };
  const terms = { fixed, requireTls };
  const stop = new AbortController();
  const timeLimits = new TimeLimits(clock);
  const services = remoteServices(options, timeLimits, stop.signal);
  const pool = makeRemotePool<RemoteSession>({ clock });
  const gate = makeGate(MOST_DELIVERIES);
  const underWay = new Set<Promise<unknown>>();
  const deliver = remoteDelivery({
    hostname,
    findRoute: (destination) => lookUpRoute(destination, source),
    accessTo: (destination) => accessTo(canonicalDomain(destination), terms),
    listens,
    pool,
    services,
  });

  return {
    async deliver(delivery) {
      const outcomes = gate(() => deliver(delivery));
      underWay.add(outcomes);
      try {
        return await outcomes;
      } finally {
        underWay.delete(outcomes);
      }
    },
    laneOf: (domain) => remoteLane(canonicalDomain(domain), terms),
    async close() {
      stop.abort();
      await within(FAREWELL, pool.close());
      timeLimits.hurry();
      await within(FAREWELL, Promise.allSettled(underWay));
    },
  };

  /** Waits for `work`, but no longer than `limit` milliseconds. */
  async function within(limit: number, work: Promise<unknown>): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(limit, resolve);
    await Promise.race([work, over]);
    cancel();
  }
}

function remoteServices(
  { transcripts, nextId, disk, caCerts, dial = dialTcp }: RelayOptions,
  timeLimits: TimeLimits,
  stop: AbortSignal,
): RemoteServices {
  return {
    dial: (endpoint, limit) => dial(endpoint, limit, { signal: stop }),
    secure: (transport, { host, verified }) =>
      secureClient(transport, {
        host,
        verify: verified ? "required" : "opportunistic",
        ...(caCerts && { caCerts }),
      }),
    record: (session) => transcripts.open(session),
    nextId,
    timeLimits,
    limits: { ...CLIENT_TIME_LIMITS, connect: CONNECT_LIMIT },
    disk,
  };
}
