/**
 * The thread of the mail flow: the queue and all deliveries, beside the main thread with its sessions.
 * Imported by the program it does nothing; the program starts a worker from it.
 */
import { logInto } from "../log.ts";
import type { Log } from "../ports/log.ts";
import { makeIds } from "../queue/id.ts";
import type { Put } from "../queue/queue.ts";
import { clock } from "../system/clock.ts";
import { promptDisk as disk } from "../system/disk.ts";
import { type Starter, starterOf, type ThreadCode } from "../system/thread.ts";
import { eachTurn } from "./each_turn.ts";
import {
  failureOf,
  type FlowEvent,
  type FlowNews,
  type FlowRequest,
  packEvents,
  unpackPuts,
} from "./flow_talk.ts";
import { type MailFlow, openMailFlow } from "./mail_flow.ts";
import { openMembers } from "./members.ts";
import type { Transcripts } from "./transcript.ts";

/** Where the thread begins, and what it is called. */
export const FLOW_THREAD: ThreadCode = {
  url: import.meta.url,
  name: "mail flow",
};

const starter = starterOf<FlowRequest, FlowNews>(FLOW_THREAD);
if (starter) serveMainThread(starter);

/** Does what the main thread asks for. */
function serveMainThread(main: Starter<FlowRequest, FlowNews>): void {
  const events = eachTurn<FlowEvent>((events) =>
    main.say({ tell: "events", events: packEvents(events) })
  );
  let flow: MailFlow | undefined;

  main.listen((request) => {
    switch (request.ask) {
      case "open":
        return void open(request);
      case "enqueue":
        return unpackPuts(request.puts).forEach((put) => void enqueue(put));
      case "resume":
        return flow?.resume();
      case "stop":
        return void stop();
      default:
        request satisfies never;
    }
  });

  async function open(request: OpenRequest): Promise<void> {
    try {
      flow = await openFlow(request, events.add);
      tell({ tell: "opened" });
    } catch (cause) {
      tell({ tell: "failed", failure: failureOf(cause) });
    }
  }

  async function enqueue(put: Put): Promise<void> {
    const { id } = put.message;
    try {
      if (flow === undefined) throw new Error("Cannot queue: it isn't open");
      await flow.enqueue(put);
      events.add({ what: "queued", id });
    } catch (cause) {
      events.add({ what: "not queued", id, failure: failureOf(cause) });
    }
  }

  async function stop(): Promise<void> {
    await flow?.[Symbol.asyncDispose]();
    tell({ tell: "stopped" });
  }

  /** Tells something after all that has happened. */
  function tell(news: FlowNews): void {
    events.flush();
    main.say(news);
  }
}

type OpenRequest = FlowRequest & { readonly ask: "open" };

async function openFlow(
  { settings, folder, listens }: OpenRequest,
  tell: (event: FlowEvent) => void,
): Promise<MailFlow> {
  const log = logInto({
    add: (line, grave) => tell({ what: "log", line, grave }),
  }, { level: settings.logLevel, format: settings.logFormat, clock });
  const { directory } = await openMembers(settings, {
    disk,
    clock,
    log: SILENT, // The main thread reads the same files, and says what is wrong with them.
  });
  return await openMailFlow(settings, {
    folder,
    listens,
    directory,
    transcripts: distantTranscripts(tell),
    nextId: makeIds({ clock, random: Math.random, parity: "odd" }),
    clock,
    disk,
    log,
  });
}

/** The main thread's record of dialogues. */
function distantTranscripts(
  tell: (event: FlowEvent) => void,
): Pick<Transcripts, "open"> {
  return {
    open(session) {
      const { id } = session;
      tell({ what: "dialogue opened", session });
      return {
        add(lines) {
          if (lines.length > 0) tell({ what: "said", id, lines });
        },
        close: () => tell({ what: "dialogue closed", id }),
      };
    },
  };
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
