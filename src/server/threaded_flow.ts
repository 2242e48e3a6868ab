import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { LogLines } from "../log.ts";
import type { Put } from "../queue/queue.ts";
import { openSpool } from "../queue/spool.ts";
import { startThread, type Thread } from "../system/thread.ts";
import { eachTurn } from "./each_turn.ts";
import {
  errorOf,
  type FlowEvent,
  type FlowNews,
  type FlowNote,
  type FlowRequest,
  packPuts,
  unpackEvents,
} from "./flow_talk.ts";
import { FLOW_THREAD } from "./flow_thread.ts";
import {
  type MailFlow,
  type MailFlowOptions,
  openMailFlow,
  SPOOL,
} from "./mail_flow.ts";
import type { Dialogue } from "./transcript.ts";

/** What a mail flow in a thread of its own takes. */
export interface ThreadedFlowOptions extends MailFlowOptions {
  /** Takes the lines of that thread's log, which are finished there. */
  readonly logLines: LogLines;
}

/**
 * Opens the mail flow in a thread of its own: one talks to clients while another syncs, delivers and
 * relays, and no disk that is slow keeps a client from being heard. That thread has the system's own
 * clock and disk.
 *
 * Where the sandbox doesn't let the program read where its own code is, all is done in this thread.
 *
 * @throws {Error} As {@linkcode openMailFlow} does.
 */
export async function openThreadedFlow(
  settings: Settings,
  options: ThreadedFlowOptions,
): Promise<MailFlow> {
  const { folder, listens, disk, log } = options;
  const answers = makeAnswers(options);
  const thread = await startThread<FlowRequest, FlowNews>(FLOW_THREAD, answers);
  if (thread === undefined) return await openMailFlow(settings, options);
  await using opening = new AsyncDisposableStack();
  opening.defer(() => thread.end());
  thread.say({ ask: "open", settings, folder, listens });
  await answers.opened;
  opening.defer(() => {
    thread.say({ ask: "stop" });
    return answers.stopped;
  });
  const spool = await openSpool({ folder: join(folder, SPOOL), disk, log });
  const puts = eachTurn<Put>((puts) => enqueueIn(thread, puts));
  opening.defer(() => puts.flush());
  const open = opening.move();
  return {
    spool,
    enqueue(put) {
      puts.add(put);
      return answers.answer(put.message.id);
    },
    resume: () => thread.say({ ask: "resume" }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Has the thread take messages on. Their octets aren't copied. */
function enqueueIn(thread: Thread<FlowRequest>, puts: readonly Put[]): void {
  const octets = puts.flatMap(({ content }) =>
    content.kind === "bytes" ? [content.bytes.buffer] : []
  );
  thread.say({ ask: "enqueue", puts: packPuts(puts) }, octets);
}

/** Where what the thread tells is written down. */
type NoteOptions = Pick<ThreadedFlowOptions, "logLines" | "transcripts">;

/** What becomes of what the thread was asked for. */
interface Answers {
  /** To be called with all that the thread says. */
  heard(news: FlowNews): void;
  /** To be called when the thread is no more. Once it was open, that is a bug and ends the program. */
  broken(why: string): void;
  readonly opened: Promise<void>;
  readonly stopped: Promise<void>;
  /** Resolves when the message is in the queue; throws when it isn't. */
  answer(id: string): Promise<void>;
}

function makeAnswers(
  options: NoteOptions,
): Answers {
  const opened = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  /** What is to be written down waits a turn, so that who is answered writes first. */
  const write = noteWriter(options);
  const notes = eachTurn<FlowNote>((notes) => notes.forEach(write));
  let isOpen = false;

  function happened(event: FlowEvent): void {
    if (event.what === "queued") answered(event.id)?.resolve();
    else if (event.what !== "not queued") notes.add(event);
    else answered(event.id)?.reject(errorOf(event.failure));
  }

  function answered(id: string): PromiseWithResolvers<void> | undefined {
    const waiter = waiting.get(id);
    waiting.delete(id);
    return waiter;
  }

  return {
    opened: opened.promise,
    stopped: stopped.promise,
    heard(news) {
      switch (news.tell) {
        case "opened":
          isOpen = true;
          return opened.resolve();
        case "failed":
          notes.flush();
          return opened.reject(errorOf(news.failure));
        case "events":
          return unpackEvents(news.events).forEach(happened);
        case "stopped":
          notes.flush();
          return stopped.resolve();
        default:
          news satisfies never;
      }
    },
    broken(why) {
      const error = new Error(`Mail flow broke down: ${why}`);
      for (const { reject } of waiting.values()) reject(error);
      stopped.resolve();
      if (isOpen) void Promise.reject(error);
      else opened.reject(error);
    },
    answer(id) {
      const answer = Promise.withResolvers<void>();
      waiting.set(id, answer);
      return answer.promise;
    },
  };
}

/** Writes down what is to be written down, in this thread. */
function noteWriter(
  { logLines, transcripts }: NoteOptions,
): (note: FlowNote) => void {
  const dialogues = new Map<string, Dialogue>();
  return (note) => {
    switch (note.what) {
      case "log":
        return logLines.add(note.line, note.grave);
      case "dialogue opened": {
        const { session } = note;
        dialogues.set(session.id, transcripts.open(session));
        return;
      }
      case "said":
        return dialogues.get(note.id)?.add(note.lines);
      case "dialogue closed":
        dialogues.get(note.id)?.close();
        dialogues.delete(note.id);
        return;
      default:
        note satisfies never;
    }
  };
}
