import { placesIn } from "../../src/config/places.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Endpoint, Transport } from "../../src/net/transport.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Disk } from "../../src/ports/disk.ts";
import type { Log } from "../../src/ports/log.ts";
import { makeIds } from "../../src/queue/id.ts";
import type { Door } from "../../src/server/doors.ts";
import { openIntake } from "../../src/server/intake.ts";
import { openMailFlow, type Surroundings } from "../../src/server/mail_flow.ts";
import { noTranscripts } from "../../src/server/transcript.ts";
import { openAliases } from "../../src/store/aliases.ts";
import { openDirectory } from "../../src/store/directory.ts";
import { loginsOf } from "../../src/store/logins.ts";
import { openSecret } from "../../src/store/secret.ts";
import { openUsers } from "../../src/store/users.ts";

/** The program, running. */
export interface Program {
  /** Serves a client. */
  serve(transport: Transport): void;
  /** Stops it as SIGTERM does. */
  stop(): Promise<void>;
}

/** What the program is given in place of the real world. */
export interface ProgramOptions extends Required<Surroundings> {
  readonly listens: readonly Endpoint[];
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

/** The door that clients come in by. */
const DOOR: Door = {
  setting: "port",
  port: 25,
  implicitTls: false,
  login: "no",
};

/** Starts all of the program but its listeners and its record, as `startServer()` does. */
export async function startProgram(
  settings: Settings,
  options: ProgramOptions,
): Promise<Program> {
  const { clock, disk, random } = options;
  const places = placesIn(settings.mailDir);
  const { domains, accept } = settings;
  await using starting = new AsyncDisposableStack();
  await disk.makeFolder(places.state);
  const users = await openUsers({ ...options, path: places.users });
  const aliases = await openAliases({ ...options, path: places.aliases });
  const secret = await openSecret({
    path: places.secret,
    disk,
    random: (length) => new Uint8Array(length),
  });
  const shared = {
    ...options,
    logins: loginsOf({ users, secret, domain: domains[0] }),
    directory: openDirectory({ domains, accept, users, aliases }),
    transcripts: noTranscripts,
    nextId: makeIds({ clock, random }),
  };
  const flow = starting.use(
    await openMailFlow(settings, { ...shared, folder: places.state }),
  );
  const { sessions } = starting.use(
    await openIntake(settings, { ...shared, flow }),
  );
  flow.resume();
  const started = starting.move();
  return {
    serve: (transport) => sessions.serve(transport, DOOR),
    stop: () => started.disposeAsync(),
  };
}
