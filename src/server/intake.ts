/** Puts together what a client meets: certificates, policy, sessions. */
import { randomBytes } from "node:crypto";
import { placesIn } from "../config/places.ts";
import type { Settings } from "../config/settings.ts";
import { dnsResolver } from "../net/resolver.ts";
import { cachedResolver } from "../net/resolver_cache.ts";
import { openTlsFiles } from "../net/tls_files.ts";
import type { ChooseCertificate } from "../net/tls_server.ts";
import { makeAuthenticator } from "../policy/authentication.ts";
import { makeBlockLists } from "../policy/block_lists.ts";
import { type Greylist, makeGreylist } from "../policy/greylist.ts";
import type { Logins } from "../policy/login_attempt.ts";
import { makeLoginFailures } from "../policy/login_failures.ts";
import { containedIn } from "../policy/networks.ts";
import { makeRate } from "../policy/rates.ts";
import { sparingLog } from "../policy/sparing_log.ts";
import type { Directory } from "../policy/recipients.ts";
import type { VisitServices } from "../policy/visit.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { TimeLimits } from "../ports/time_limits.ts";
import { canonicalMailbox } from "../store/canonical.ts";
import { openGreylistFile } from "../store/greylist_file.ts";
import { scramMeans } from "../store/scram_means.ts";
import type { ConnectionServices } from "./connection.ts";
import { configOf } from "./door_config.ts";
import { makeLinkBuffers } from "./link.ts";
import type { MailFlow } from "./mail_flow.ts";
import { Sessions } from "./sessions.ts";
import type { Transcripts } from "./transcript.ts";

/** What an intake works with. */
export interface IntakeOptions {
  readonly logins: Logins;
  readonly directory: Directory;
  readonly transcripts: Transcripts;
  readonly flow: Pick<MailFlow, "spool" | "enqueue">;
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

/** Where clients are met. Disposing of it ends their sessions. */
export interface Intake extends AsyncDisposable {
  readonly sessions: Pick<Sessions, "serve">;
}

/**
 * Opens the way in.
 *
 * @throws {Error} With a message for people when a certificate can't be used; nothing is left open then.
 */
export async function openIntake(
  settings: Settings,
  options: IntakeOptions,
): Promise<Intake> {
  const { clock } = options;
  await using opening = new AsyncDisposableStack();
  const certificates = settings.tlsFiles.length === 0 ? undefined : opening.use(
    await openTlsFiles({ ...options, files: settings.tlsFiles }),
  ).choose;
  const visits = await openVisits(settings, options, opening);
  const sessions = new Sessions({
    services: connectionServices(
      settings,
      { ...options, log: sparingLog(options.log, clock) },
      { certificates, visits },
    ),
    limits: {
      total: settings.maxConnections,
      perAddress: settings.maxConnectionsPerIp,
    },
    isProxy: containedIn(settings.proxyFrom),
    clock,
  });
  opening.defer(() => sessions.end());
  opening.defer(() => visits.authenticator.stop());
  const open = opening.move();
  return { sessions, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

async function openVisits(
  settings: Settings,
  { logins, directory, clock, disk, log }: IntakeOptions,
  opening: AsyncDisposableStack,
): Promise<VisitServices> {
  const { hostname, blockLists: zones, dns } = settings;
  const failures = makeLoginFailures({
    limit: settings.maxAuthFailures,
    lockout: settings.authLockout,
    secret: randomBytes(32),
    clock,
    log,
  });
  return {
    hostname,
    directory,
    canonical: canonicalMailbox,
    mayRelay: whoMayRelay(settings),
    isAllowed: containedIn(settings.allow),
    isDenied: containedIn(settings.deny),
    connections: makeRate({ perMinute: settings.connectionsPerMinute, clock }),
    messages: makeRate({ perMinute: settings.messagesPerMinute, clock }),
    recipients: {
      all: settings.maxSessionRecipients,
      unknown: settings.maxUnknownRecipients,
    },
    authenticator: makeAuthenticator({
      logins,
      failures,
      hostname,
      means: scramMeans,
      clock,
      log,
    }),
    failures,
    greylist: await openGreylist(settings, { clock, disk, log }, opening),
    blockLists: zones.length === 0 ? undefined : makeBlockLists({
      zones,
      resolver: cachedResolver(
        dnsResolver({ ...(dns && { nameServer: dns }) }),
        clock,
      ),
      clock,
      log,
    }),
  };
}

/** A proxy that speaks for itself has no rights: it might have a stranger behind it. */
function whoMayRelay(
  { relayFrom, proxyFrom }: Settings,
): (address: string) => boolean {
  const isOurs = containedIn(relayFrom);
  const isProxy = containedIn(proxyFrom);
  return (address) => isOurs(address) && !isProxy(address);
}

async function openGreylist(
  { greylist: delay, mailDir }: Settings,
  system: Pick<IntakeOptions, "clock" | "disk" | "log">,
  opening: AsyncDisposableStack,
): Promise<Greylist | undefined> {
  if (delay === 0) return undefined;
  const { greylist: path } = placesIn(mailDir);
  const memory = opening.use(await openGreylistFile({ ...system, path }));
  return makeGreylist({ delay, memory, clock: system.clock });
}

function connectionServices(
  settings: Settings,
  { transcripts, flow, nextId, clock, log }: IntakeOptions,
  { certificates, visits }: {
    readonly certificates: ChooseCertificate | undefined;
    readonly visits: VisitServices;
  },
): ConnectionServices {
  const { hostname, domains, maxHops, timeout, bannerDelay } = settings;
  return {
    configOf: (door) => configOf(door, settings, visits.authenticator),
    certificates,
    visits,
    reception: {
      hostname,
      firstDomain: domains[0],
      maxHops,
      spool: flow.spool,
      nextId,
      enqueue: (put) => flow.enqueue(put),
      clock,
      log,
    },
    transcripts,
    timeLimits: new TimeLimits(clock),
    buffers: makeLinkBuffers(),
    timeout,
    bannerDelay,
    log,
  };
}
