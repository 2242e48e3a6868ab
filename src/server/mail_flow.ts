/** Puts together what a message goes through from its commit to its last delivery. */
import { basename, dirname, join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { LOCAL_LANE } from "../delivery/lanes.ts";
import type { Endpoint } from "../net/transport.ts";
import type { Directory } from "../policy/recipients.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { makeAttempt } from "../queue/attempt.ts";
import { type Dispatcher, makeDispatcher } from "../queue/dispatcher.ts";
import { type FirstTry, makeFirstTry } from "../queue/first_try.ts";
import { type GroupCommit, makeGroupCommit } from "../queue/group_commit.ts";
import type { Put, Queue } from "../queue/queue.ts";
import { openSpool, type Spool } from "../queue/spool.ts";
import { openSqliteQueue } from "../queue/sqlite/open.ts";
import { watchOrders } from "../queue/watch.ts";
import { makeDurableFolder } from "../store/durable_folder.ts";
import type { MailStore } from "../store/mail_store.ts";
import { openMaildir } from "../store/maildir.ts";
import { openMbox } from "../store/mbox.ts";
import { openRelay, type OtherServers } from "./relay.ts";
import { keepTidy } from "./tidying.ts";
import type { Transcripts } from "./transcript.ts";
import { type Ways, waysOf } from "./ways.ts";

/** The way of a message once it is whole. Disposing of it ends deliveries and closes the queue. */
export interface MailFlow extends AsyncDisposable {
  /** Where messages are gathered on their way in. */
  readonly spool: Spool;
  /** Makes a message durable and sees to its delivery. Throws when it is not in the queue. */
  enqueue(put: Put): Promise<void>;
  /** Starts to deliver what an earlier run left in the queue. */
  resume(): void;
}

/** What lies around the way of a message, for those who simulate it: by default the real world. */
export interface Surroundings extends OtherServers {
  readonly openQueue?: typeof openSqliteQueue;
  /** Runs a task after the event loop has looked at what came in. */
  readonly turn?: (task: () => void) => void;
}

/** What the way of a message leads through. */
export interface MailFlowOptions extends Surroundings {
  /** The folder of everything that isn't mail. */
  readonly folder: string;
  /** Where we listen, so that no mail is sent round to ourselves. */
  readonly listens: readonly Endpoint[];
  readonly directory: Directory;
  readonly transcripts: Pick<Transcripts, "open">;
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

/** The folder, in the one of everything that isn't mail, of contents too large for a row of the queue. */
export const SPOOL = "spool";

/** Messages written to the mail folders at the same time, or waiting for their wave. */
const LOCAL_DELIVERIES = 256;

/** Connections to the servers of one destination. */
const REMOTE_CONNECTIONS = 20;

/** A first try is made whatever became of others. */
const NONE_RESTS = { of: () => undefined, learn() {} };

/** Milliseconds that deliveries under way have to end while the server stops. */
const GRACE = 3000;

/**
 * Opens the queue and all that lies behind it.
 *
 * @throws {Error} With a message for people when a file or folder can't be used; nothing is left
 * open then.
 */
export async function openMailFlow(
  settings: Settings,
  options: MailFlowOptions,
): Promise<MailFlow> {
  const { folder, clock, disk, log } = options;
  const { openQueue = openSqliteQueue, turn = setImmediate } = options;
  await using opening = new AsyncDisposableStack();
  await makeDurableFolder(dirname(folder), [basename(folder), SPOOL], disk);
  const queue = await openQueue({ folder, disk, log });
  opening.defer(() => queue.close());
  const isQueued = async (id: string) => await queue.get(id) !== undefined;
  const spool = await openSpool({ folder: join(folder, SPOOL), disk, log });
  await spool.sweep(isQueued);
  const relay = await openRelay(settings, options);
  opening.defer(() => relay.close());
  const commits = makeGroupCommit({ queue, clock, log, turn });
  opening.defer(() => commits.close());
  const store = openStore(settings, { disk, clock });
  const ways = waysOf(settings, { ...options, store, relay });
  const dispatcher = makeDispatcher({
    ...ways,
    queue,
    commits,
    clock,
    log,
    laneLimit: (lane) =>
      lane === LOCAL_LANE ? LOCAL_DELIVERIES : REMOTE_CONNECTIONS,
    patience: settings,
  });
  opening.defer(() => dispatcher.stop(GRACE));
  const { recall } = dispatcher;
  const watch = watchOrders({ queue, clock, log, recall });
  opening.defer(() => watch.stop());
  const firstTry = firstTryOf(settings, options, {
    ways,
    queue,
    commits,
    dispatcher,
  });
  const tidying = keepTidy({
    tidy: (signal) => store.tidy(isQueued, signal),
    clock,
    log,
  });
  opening.defer(() => tidying.stop());

  const open = opening.move();
  return {
    spool,
    async enqueue(put) {
      if (ways.isPrompt(put)) return await firstTry(put, LOCAL_LANE);
      await commits.put(put.message, put.content);
      handOver(put, dispatcher, log);
    },
    resume() {
      dispatcher.kick();
      tidying.start();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What a message on its way goes through. */
interface Parts {
  readonly ways: Ways;
  readonly queue: Queue;
  readonly commits: GroupCommit;
  readonly dispatcher: Dispatcher;
}

function firstTryOf(
  patience: Settings,
  { clock, log }: MailFlowOptions,
  { ways, queue, commits, dispatcher }: Parts,
): FirstTry {
  const attempt = makeAttempt({
    queue,
    clock,
    log,
    deliver: ways.deliverPromptly,
    report: ways.report,
    patience,
    restingLanes: NONE_RESTS,
  });
  const { kick } = dispatcher;
  return makeFirstTry({ queue, commits, attempt, clock, log, kick });
}

/** Has a message delivered that we have taken on: whatever fails now must not become a refusal. */
function handOver(put: Put, dispatcher: Dispatcher, log: Log): void {
  try {
    dispatcher.take(put);
  } catch (cause) {
    log.error("message left to a later look at the queue", {
      id: put.message.id,
      error: cause instanceof Error ? cause.message : String(cause),
    });
  }
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
