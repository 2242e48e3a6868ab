/** Puts the parts together: the one place that knows all of them. */
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { localDelivery } from "../delivery/local.ts";
import { listen } from "../net/listener.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { makeDispatcher } from "../queue/dispatcher.ts";
import { makeGroupCommit } from "../queue/group_commit.ts";
import { makeIds } from "../queue/id.ts";
import { openSpool } from "../queue/spool.ts";
import { openSqliteQueue } from "../queue/sqlite.ts";
import { openAliases } from "../store/aliases.ts";
import { openDirectory } from "../store/directory.ts";
import type { MailStore } from "../store/mail_store.ts";
import { openMaildir } from "../store/maildir.ts";
import { openMbox } from "../store/mbox.ts";
import { openUsers } from "../store/users.ts";
import { clock as systemClock } from "../system/clock.ts";
import { disk as systemDisk } from "../system/disk.ts";
import { BufferPool } from "./buffers.ts";
import { Sessions } from "./sessions.ts";
import { TimeLimits } from "./time_limits.ts";
import { noTranscripts, openTranscripts } from "./transcript.ts";

/** A server that runs. */
export interface RunningServer {
  /** Where it listens. */
  readonly addresses: readonly Deno.NetAddr[];
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

/** Messages written to the mail folders at the same time. */
const LOCAL_DELIVERIES = 64;

/** Milliseconds that deliveries under way have to end while the server stops. */
const DELIVERY_GRACE = 3000;

/** The folder of everything that isn't mail: queue, users, record. */
export function stateFolder(mailDir: string): string {
  return join(mailDir, ".smtpd");
}

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
  await using starting = new AsyncDisposableStack();
  const folder = stateFolder(settings.mailDir);
  await disk.makeFolder(folder);

  const transcripts = settings.transcript
    ? openTranscripts({ folder: join(folder, "transcripts"), disk, clock, log })
    : noTranscripts;
  starting.use(transcripts);

  const directory = openDirectory({
    domains: settings.domains,
    accept: settings.accept,
    users: await openUsers({ path: join(folder, "users"), disk, clock, log }),
    aliases: await openAliases({
      path: join(folder, "aliases"),
      disk,
      clock,
      log,
    }),
  });

  const queue = await openSqliteQueue({ folder, disk, log });
  starting.defer(() => queue.close());
  const spool = await openSpool({ folder: join(folder, "spool"), disk, log });
  await spool.sweep(async (id) => await queue.get(id) !== undefined);

  const commits = makeGroupCommit({ queue, clock, log, turn: setImmediate });
  starting.defer(() => commits.close());
  const dispatcher = makeDispatcher({
    queue,
    commits,
    clock,
    log,
    laneOf: () => "local",
    laneLimit: () => LOCAL_DELIVERIES,
    deliver: localDelivery(openStore(settings, { disk, clock })),
    undeliverable: () => Promise.resolve([]),
    patience: { retry: settings.retry, giveUp: settings.giveUp },
  });
  starting.defer(() => dispatcher.stop(DELIVERY_GRACE));

  const sessions = new Sessions({
    services: {
      config: {
        hostname: settings.hostname,
        maxSize: settings.maxSize,
        maxRecipients: settings.maxRecipients,
        maxFaults: MAX_FAULTS,
        tls: false,
        mechanisms: [],
      },
      reception: {
        hostname: settings.hostname,
        firstDomain: settings.domains[0],
        directory,
        spool,
        nextId: makeIds({ clock, random: Math.random }),
        enqueue: async (put) => {
          await commits.put(put.message, put.content);
          dispatcher.take(put);
        },
        clock,
        log,
      },
      transcripts,
      timeLimits: new TimeLimits(clock),
      buffers: new BufferPool(),
      timeout: settings.timeout,
      log,
    },
    limits: {
      total: settings.maxConnections,
      perAddress: settings.maxConnectionsPerIp,
    },
    clock,
  });
  const { host, port } = settings;
  const listener = listen({ host, port, clock, log });
  starting.defer(() => sessions.end());
  dispatcher.kick();
  const accepting = listener.accept((transport) => sessions.serve(transport));
  starting.defer(async () => {
    listener.close();
    await accepting;
  });
  return running(listener.addresses, starting.move());
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

function openStore(
  { store, mailDir, hostname }: Settings,
  { disk, clock }: { readonly disk: Disk; readonly clock: Clock },
): MailStore {
  switch (store) {
    case "maildir":
      return openMaildir({ root: mailDir, hostname, disk, clock });
    case "mbox":
      return openMbox({ root: mailDir, disk, clock });
    default:
      return store satisfies never;
  }
}
