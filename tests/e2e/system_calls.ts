/** What `strace -f -y -xx` saw of a server, and whether things were done in the right order. */
import { formatId } from "../../src/queue/id.ts";
import {
  type BtreePage,
  PAGE_SIZE,
  readBtreePage,
} from "../../src/queue/sqlite/btree_page.ts";

/** A system call. Times are lines of the trace. */
export interface SystemCall {
  readonly name: string;
  readonly began: number;
  readonly ended: number;
  /** Paths of the files that it is about, as the trace has them. */
  readonly paths: readonly string[];
  /** The octets that it gives to the system, if any. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads a trace; calls that failed are left out. */
export function readTrace(trace: string): readonly SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { text: string; began: number }>();
  for (const [at, line] of trace.split("\n").entries()) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, start] = /^(.*) <unfinished \.\.\.>$/.exec(text) ?? [];
    if (start !== undefined) {
      unfinished.set(thread, { text: start, began: at });
      continue;
    }
    const [, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
    const before = end === undefined ? undefined : unfinished.get(thread);
    const whole = (before?.text ?? "") + (end ?? text);
    const [, name, args, result] =
      /^(\w+)\((.*)\) += (-?\d+)(?:<.*>)?(?: .*)?$/.exec(whole) ?? [];
    if (name === undefined || Number(result) < 0) continue;
    calls.push({
      name,
      began: before?.began ?? at,
      ended: at,
      paths: pathsIn(name, args!),
      bytes: octets(/"((?:\\x..)*)"/.exec(args!)?.[1] ?? ""),
    });
  }
  return calls;
}

/** The files of open descriptors, or those that are named. */
function pathsIn(name: string, args: string): readonly string[] {
  if (/^(?:openat|rename|unlink)/.test(name)) {
    const named = args.matchAll(/"((?:\\x..)*)"/g);
    return [...named].map(([, path]) => text(octets(path!)));
  }
  return [...args.matchAll(/^\d+<(.*?)>/g)].map(([, path]) =>
    path!.includes("\\x") ? text(octets(path!)) : path!
  );
}

function octets(escapes: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    escapes.matchAll(/\\x(..)/g),
    ([, digits]) => parseInt(digits!, 16),
  );
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * What is in the wrong order, a line each. That of a message that is delivered at once is right when
 *
 * - its file in the Maildir is synced after it was written, then renamed, then the folder synced;
 * - then it is acknowledged.
 *
 * That of a message that enters the queue is right when
 *
 * - its file in the spool, if it has one, is synced after it was written, and the folder after that;
 * - then its row is written to the queue's log, and the log synced;
 * - then it is acknowledged;
 * - its file in the Maildir is synced after it was written, then renamed, then the folder synced;
 * - then its row is taken away, and the log synced, and its file in the spool removed.
 *
 * Every message acknowledged must have been delivered when the trace ends.
 */
export function faultsOf(calls: readonly SystemCall[]): readonly string[] {
  const transactions = transactionsOf(calls);
  return acknowledgements(calls).flatMap(({ id, call: acknowledged }) => {
    const put = transactions.find(({ added }) => added.has(id));
    const gone = transactions.find(({ removed }) => removed.has(id));
    const faults: string[] = [];
    const inOrder = (what: string, ...steps: readonly Step[]) => {
      for (const [at, step] of steps.entries()) {
        const before = steps[at - 1];
        if (step && (at === 0 || (before && before.ended < step.began))) {
          continue;
        }
        faults.push(`${id}: ${what}: step ${at + 1} of ${steps.length}`);
        return;
      }
    };
    const delivered = fileSteps(calls, (path) => path.includes(`.Q${id}R`));
    const inMaildir = [
      ...[delivered?.made, delivered?.written, delivered?.synced],
      ...[delivered?.renamed, delivered?.folder],
    ];
    if (put === undefined) {
      inOrder("delivered at once", ...inMaildir, acknowledged);
      return faults;
    }
    const spooled = fileSteps(calls, (path) => path.endsWith(`/spool/${id}`));
    const synced = next(calls, "sync", "/queue.db-wal", put.call);
    if (spooled) {
      const { made, written, synced: file, folder } = spooled;
      inOrder("spool", made, written, file, folder, put.call);
    }
    inOrder("acknowledged", put.call, synced, acknowledged);
    inOrder("delivered", ...inMaildir, gone?.call);
    const removed = calls.find(({ name, paths }) =>
      name.startsWith("unlink") && paths[0]?.endsWith(`/spool/${id}`)
    );
    if (spooled) {
      const forgotten = gone && next(calls, "sync", "/queue.db-wal", gone.call);
      inOrder("removed", gone?.call, forgotten, removed);
    }
    return faults;
  });
}

/** The IDs of the messages that entered the queue. */
export function queuedIn(calls: readonly SystemCall[]): readonly string[] {
  return transactionsOf(calls).flatMap(({ added }) => [...added]);
}

/** The messages that were acknowledged. */
export function acknowledgements(
  calls: readonly SystemCall[],
): readonly { readonly id: string; readonly call: SystemCall }[] {
  return calls.flatMap((call) => {
    if (!/^(?:send|write)/.test(call.name)) return [];
    const ids = text(call.bytes).matchAll(/^250 2\.0\.0 OK: queued as (\w+)/gm);
    return [...ids].map(([, id]) => ({ id: id!, call }));
  });
}

/** What has to come after the step before, and wasn't found if it is `undefined`. */
type Step = SystemCall | undefined;

/** What was done with a file that was made, as far as it was done. */
function fileSteps(
  calls: readonly SystemCall[],
  isMeant: (path: string) => boolean,
) {
  const about = calls.filter(({ paths }) => paths.some(isMeant));
  const made = about.find(({ name }) => name === "openat");
  if (made === undefined) return undefined;
  const [path = ""] = made.paths;
  const written = about.findLast(({ name }) => name.startsWith("write"));
  const synced = written && next(calls, "sync", path, written);
  const renamed = about.find(({ name }) => name.startsWith("rename"));
  const name = renamed?.paths[1] ?? path;
  const folder = name.slice(0, name.lastIndexOf("/"));
  const named = renamed ?? synced;
  return {
    ...{ made, written, synced, renamed },
    folder: named && next(calls, "sync", folder, named),
  };
}

/** The first sync of a file that began after another call was over. */
function next(
  calls: readonly SystemCall[],
  kind: "sync",
  path: string,
  after: SystemCall,
): Step {
  return calls.find(({ name, paths, began }) =>
    name.endsWith(kind) && paths[0]?.endsWith(path) && began > after.ended
  );
}

/** A transaction that is written to the queue's log. */
interface Transaction {
  /** From its first octet to its last. */
  readonly call: SystemCall;
  /** IDs of messages that are in the queue since, and of those that aren't any more. */
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/** What is written to the queue's log: pages, each after a header with its number. */
function transactionsOf(calls: readonly SystemCall[]): readonly Transaction[] {
  const pages = new Map<number, BtreePage | undefined>();
  const transactions: Transaction[] = [];
  let before: ReadonlySet<string> = new Set();
  let begun: SystemCall | undefined;
  let header = { number: 0, committed: 0 };
  for (const call of calls) {
    const { name, paths: [path], bytes } = call;
    if (name !== "pwrite64" || !path?.endsWith("/queue.db-wal")) continue;
    const view = new DataView(bytes.buffer);
    if (bytes.length === FRAME_HEADER_SIZE) {
      begun ??= call;
      header = { number: view.getUint32(0), committed: view.getUint32(4) };
    }
    if (bytes.length !== PAGE_SIZE) continue;
    pages.set(header.number, readBtreePage(bytes));
    if (header.committed === 0 || begun === undefined) continue;
    const after = new Set(messagesOn(pages, MESSAGES));
    transactions.push({
      call: { ...call, began: begun.began },
      added: after.difference(before),
      removed: before.difference(after),
    });
    before = after;
    begun = undefined;
  }
  return transactions;
}

/** The IDs of the messages on a page and those below it. */
function messagesOn(
  pages: ReadonlyMap<number, BtreePage | undefined>,
  number: number,
): readonly string[] {
  const page = pages.get(number);
  if (page?.tree !== "table") return [];
  return page.leaf
    ? page.cells.map(({ key }) => formatId(key))
    : page.children.flatMap((child) => messagesOn(pages, child));
}

const FRAME_HEADER_SIZE = 24;

/** The page that the table of messages begins on. */
const MESSAGES = 2;
