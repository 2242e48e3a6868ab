/** Puts the parts together: the one place that knows all of them. */
import { randomBytes } from "node:crypto";
import { placesIn } from "../config/places.ts";
import type { Settings } from "../config/settings.ts";
import { listen, type Listener } from "../net/listener.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { makeIds } from "../queue/id.ts";
import { type Logins, loginsOf } from "../store/logins.ts";
import { openSecret } from "../store/secret.ts";
import type { Users } from "../store/users.ts";
import { clock as systemClock } from "../system/clock.ts";
import { disk as systemDisk } from "../system/disk.ts";
import { type Door, doorsOf } from "./doors.ts";
import { openIntake } from "./intake.ts";
import { openMailFlow } from "./mail_flow.ts";
import { openMembers } from "./members.ts";
import {
  noTranscripts,
  openTranscripts,
  type Transcripts,
} from "./transcript.ts";

/** A server that runs. */
export interface RunningServer {
  /** Where it listens: for servers first. */
  readonly doors:
    readonly (Door & { readonly addresses: readonly Endpoint[] })[];
  /**
   * Stops it within some 8 seconds: no more connections, sessions end with 421 or are given a
   * moment to finish their message, deliveries end or stay in the queue. Twice is once.
   */
  stop(): Promise<void>;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
}

/** What a server runs on. */
export interface ServerOptions {
  readonly log: Log;
  /** The system's by default; others are for those who simulate it. */
  readonly clock?: Clock;
  readonly disk?: Disk;
  /** Opens the way of a message; by default in the thread that asks. */
  readonly openFlow?: typeof openMailFlow;
}

/**
 * Starts a server.
 *
 * @throws {Error} With a message for people when the port, the mail folder or a file in it can't be
 * used; nothing is left open then.
 */
export async function startServer(
  settings: Settings,
  { log, clock = systemClock, disk = systemDisk, openFlow = openMailFlow }:
    ServerOptions,
): Promise<RunningServer> {
  const system = { log, clock, disk };
  await using starting = new AsyncDisposableStack();
  const doors = listenAt(doorsOf(settings), settings.host, system);
  starting.defer(() => doors.forEach(({ listener }) => listener.close()));

  const { state: folder } = placesIn(settings.mailDir);
  await disk.makeFolder(folder);
  const transcripts = starting.use(openRecord(settings, system));
  const { users, directory } = await openMembers(settings, system);
  const logins = await openLogins(settings, { users, disk });
  const nextId = makeIds({ clock, random: Math.random, parity: "even" });
  const shared = { ...system, directory, transcripts, nextId };
  const flow = starting.use(
    await openFlow(settings, {
      ...shared,
      folder,
      listens: doors.flatMap(({ listener }) => listener.addresses),
    }),
  );
  const { sessions } = starting.use(
    await openIntake(settings, { ...shared, logins, flow }),
  );

  flow.resume();
  const accepting = doors.map((door) =>
    door.listener.accept((transport) => sessions.serve(transport, door))
  );
  starting.defer(async () => {
    doors.forEach(({ listener }) => listener.close());
    await Promise.all(accepting);
  });
  return running(
    doors.map(({ listener: { addresses }, ...door }) => ({
      ...door,
      addresses,
    })),
    starting.move(),
  );
}

/** What everything runs on. */
type System = Required<Pick<ServerOptions, "log" | "clock" | "disk">>;

/** A door that stands open. */
type OpenDoor = Door & { readonly listener: Listener };

function openRecord(
  { mailDir, transcript }: Settings,
  system: System,
): Transcripts {
  const { transcripts: folder } = placesIn(mailDir);
  return transcript ? openTranscripts({ ...system, folder }) : noTranscripts;
}

async function openLogins(
  { mailDir, domains }: Settings,
  { users, disk }: { readonly users: Users; readonly disk: Disk },
): Promise<Logins> {
  const { secret: path } = placesIn(mailDir);
  return loginsOf({
    users,
    secret: await openSecret({ path, disk, random: randomBytes }),
    domain: domains[0],
  });
}

/** Listens at every door there is, or at none. */
function listenAt(
  doors: readonly Door[],
  host: string,
  { clock, log }: System,
): readonly OpenDoor[] {
  using opening = new DisposableStack();
  const open = doors.map((door) => {
    const { port, setting } = door;
    const listener = listen({ host, port, setting, clock, log });
    opening.defer(() => listener.close());
    return { ...door, listener };
  });
  opening.move();
  return open;
}

/** A server that is stopped by undoing all that started it, the last thing first. */
function running(
  doors: RunningServer["doors"],
  started: AsyncDisposableStack,
): RunningServer {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  let stopping = false;
  return {
    doors,
    finished,
    stop() {
      if (!stopping) started.disposeAsync().then(resolve, reject);
      stopping = true;
      return finished;
    },
  };
}
