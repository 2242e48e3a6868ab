/** Puts the parts together: the one place that knows all of them. */
import { placesIn } from "../config/places.ts";
import type { Settings } from "../config/settings.ts";
import { listen } from "../net/listener.ts";
import type { Endpoint } from "../net/transport.ts";
import { containedIn } from "../policy/relay.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { TimeLimits } from "../ports/time_limits.ts";
import { makeIds } from "../queue/id.ts";
import { openAliases } from "../store/aliases.ts";
import { type Directory, openDirectory } from "../store/directory.ts";
import { openUsers } from "../store/users.ts";
import { clock as systemClock } from "../system/clock.ts";
import { disk as systemDisk } from "../system/disk.ts";
import { BufferPool } from "./buffers.ts";
import { type MailFlow, openMailFlow } from "./mail_flow.ts";
import { Sessions } from "./sessions.ts";
import {
  noTranscripts,
  openTranscripts,
  type Transcripts,
} from "./transcript.ts";

/** A server that runs. */
export interface RunningServer {
  /** Where it listens. */
  readonly addresses: readonly Endpoint[];
  /**
   * Stops it within some 8 seconds: no more connections, sessions end with 421 or are given a
   * moment to finish their message, deliveries end or stay in the queue. Twice is once.
   */
  stop(): Promise<void>;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
}

/** What a server runs on, for those who simulate it. */
export interface ServerOptions {
  readonly log: Log;
  readonly clock?: Clock;
  readonly disk?: Disk;
}

/** Protocol faults a client may make. */
const MAX_FAULTS = 20;

/**
 * Starts a server.
 *
 * @throws {Error} With a message for people when the port, the mail folder or a file in it can't be
 * used; nothing is left open then.
 */
export async function startServer(
  settings: Settings,
  { log, clock = systemClock, disk = systemDisk }: ServerOptions,
): Promise<RunningServer> {
  const system = { log, clock, disk };
  await using starting = new AsyncDisposableStack();
  const { host, port } = settings;
  const listener = listen({ host, port, clock, log });
  starting.defer(() => listener.close());

  const { state: folder } = placesIn(settings.mailDir);
  await disk.makeFolder(folder);
  const transcripts = starting.use(openRecord(settings, system));
  const directory = await openMembers(settings, system);
  const nextId = makeIds({ clock, random: Math.random });
  const flow = starting.use(
    await openMailFlow(settings, {
      ...system,
      folder,
      listens: listener.addresses,
      directory,
      transcripts,
      nextId,
    }),
  );
  const sessions = openSessions(settings, {
    ...system,
    transcripts,
    directory,
    nextId,
    flow,
  });
  starting.defer(() => sessions.end());

  flow.resume();
  const accepting = listener.accept((transport) => sessions.serve(transport));
  starting.defer(async () => {
    listener.close();
    await accepting;
  });
  return running(listener.addresses, starting.move());
}

/** What everything runs on. */
type System = Required<ServerOptions>;

function openRecord(
  { mailDir, transcript }: Settings,
  system: System,
): Transcripts {
  const { transcripts: folder } = placesIn(mailDir);
  return transcript ? openTranscripts({ ...system, folder }) : noTranscripts;
}

async function openMembers(
  { mailDir, domains, accept }: Settings,
  system: System,
): Promise<Directory> {
  const places = placesIn(mailDir);
  return openDirectory({
    domains,
    accept,
    users: await openUsers({ ...system, path: places.users }),
    aliases: await openAliases({ ...system, path: places.aliases }),
  });
}

function openSessions(
  settings: Settings,
  { transcripts, directory, nextId, flow, clock, log }: System & {
    readonly transcripts: Transcripts;
    readonly directory: Directory;
    readonly nextId: () => string;
    readonly flow: MailFlow;
  },
): Sessions {
  const { hostname, domains, relayFrom, timeout } = settings;
  const { maxSize, maxRecipients, maxConnections, maxConnectionsPerIp } =
    settings;
  return new Sessions({
    services: {
      config: {
        hostname,
        maxSize,
        maxRecipients,
        maxFaults: MAX_FAULTS,
        tls: false,
        mechanisms: [],
      },
      reception: {
        hostname,
        firstDomain: domains[0],
        directory,
        mayRelay: containedIn(relayFrom),
        spool: flow.spool,
        nextId,
        enqueue: (put) => flow.enqueue(put),
        clock,
        log,
      },
      transcripts,
      timeLimits: new TimeLimits(clock),
      buffers: new BufferPool(),
      timeout,
      log,
    },
    limits: { total: maxConnections, perAddress: maxConnectionsPerIp },
    clock,
  });
}

/** A server that is stopped by undoing all that started it, the last thing first. */
function running(
  addresses: RunningServer["addresses"],
  started: AsyncDisposableStack,
): RunningServer {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  let stopping = false;
  return {
    addresses,
    finished,
    stop() {
      if (!stopping) started.disposeAsync().then(resolve, reject);
      stopping = true;
      return finished;
    },
  };
}
