import type { Attempt, Queued } from "../queue.ts";
import { freshStates } from "../state.ts";
import { type BtreePage, type Cell, readBtreePage } from "./btree_page.ts";
import { decodeAttempt, decodeOrder } from "./encoding.ts";
import { readFreePages, readRoots } from "./first_page.ts";
import type { Pages } from "./pages.ts";
import { readRecord, type Value } from "./record.ts";
import { readEnvelope, readStates } from "./rows.ts";

/** A message that was found in a damaged database. */
export interface Found extends Queued {
  /** The key of its row. */
  readonly key: number;
  /** The octets that are left of its content; `null` when that is in a file. */
  readonly content: Uint8Array<ArrayBuffer> | null;
  /** What the checksum of the content has to be, if one was kept. */
  readonly sum: string | undefined;
}

/** Whether what was found of a message is newer than what was found of it before, if anything was. */
export function isNewer(
  { states }: Pick<Queued, "states">,
  before: Pick<Queued, "states"> | undefined,
): boolean {
  return before === undefined || triesIn(states) > triesIn(before.states);
}

/** Tries are only ever added. */
function triesIn(states: Queued["states"]): number {
  return states.reduce((sum, { attempts }) => sum + attempts, 0);
}

/** What is left of a damaged database. Each part can be read once, in this order. */
export interface Salvage {
  /**
   * Every message on a page that makes sense, wherever that page is. One may come twice, as it is and
   * as it was: see {@linkcode isNewer}.
   */
  messages(): AsyncIterable<Found>;
  /** The tries of a message, and the key of its row. */
  attempts(): AsyncIterable<Attempt & { readonly key: number }>;
  /** The keys of all messages known to have been there, once the others have been read. */
  keys(): ReadonlySet<number>;
}

/**
 * Reads what is left of a damaged database, which may be nothing.
 *
 * Rows are looked for in their table's tree, and what hung on a page of it that is lost, on all pages
 * that are in no tree. A page that SQLite has freed still has its old rows. It is known by the list of
 * free pages, and where that is in doubt, by the index, which has the key of every row. When both are
 * damaged as well, a message can come back that was settled long ago: twice is better than not at all.
 */
export async function salvage(pages: Pages): Promise<Salvage> {
  const roots = await readRoots(pages);
  const free = await readFreePages(pages);

  const keys = new Set<number>();
  let indexIsWhole = true;
  for await (const { cell } of cellsOf(roots.message_due, "index")) {
    const key = cell && (await valuesOf(cell))[1];
    if (isKey(key)) keys.add(key);
    else indexIsWhole = false;
  }
  const indexed: ReadonlySet<number> = new Set(keys);

  const words = new Map<number, Value | undefined>();
  for await (const { cell } of cellsOf(roots.standing_order, "table")) {
    if (cell) words.set(cell.key, (await valuesOf(cell))[1]);
  }

  return { messages, attempts, keys: () => keys };

  async function* messages(): AsyncGenerator<Found> {
    const read = new Set<number>();
    let whole = true;
    for await (
      const { cell, doubted } of cellsOf(roots.message, "table", read)
    ) {
      if (cell === undefined) whole = false;
      else if (!doubted || isLive(cell, true)) yield* messageIn(cell);
    }
    if (!whole) yield* messagesElsewhere(read);
  }

  /** The messages on pages other than these. */
  async function* messagesElsewhere(
    read: ReadonlySet<number>,
  ): AsyncGenerator<Found> {
    for (let number = 2; number <= pages.count; number++) {
      const page = read.has(number) ? undefined : await treePage(number);
      if (page?.tree !== "table") continue;
      const isFree = free.numbers.has(number);
      for (const cell of page.cells) {
        if ((free.complete && !isFree) || isLive(cell, !isFree)) {
          yield* messageIn(cell);
        }
      }
    }
  }

  /** Whether the row of a page that may be free, or is damaged, is of today. */
  function isLive({ key }: Cell, otherwise: boolean): boolean {
    return indexIsWhole ? indexed.has(key) : otherwise;
  }

  async function* messageIn(cell: Cell): AsyncGenerator<Found> {
    const values = await valuesOf(cell);
    const found = foundIn(cell.key, values, words.get(cell.key));
    if (found === undefined) return;
    keys.add(cell.key);
    yield found;
  }

  async function* attempts(): AsyncGenerator<
    Attempt & { readonly key: number }
  > {
    for await (const { cell } of cellsOf(roots.attempt, "index")) {
      const attempt = cell && attemptIn(await valuesOf(cell));
      if (attempt) yield attempt;
    }
  }

  /**
   * The cells of a tree, each with whether it may be an old one; none for what is lost. The pages that
   * are of the tree are added to `read`.
   */
  async function* cellsOf(
    root: number,
    tree: BtreePage["tree"],
    read: Set<number> = new Set(),
  ): AsyncGenerator<{ readonly cell?: Cell; readonly doubted: boolean }> {
    for (const stack = [root]; stack.length > 0;) {
      const number = stack.pop()!;
      const page = read.has(number) ? undefined : await treePage(number);
      if (page?.tree !== tree) {
        yield { doubted: true };
        continue;
      }
      read.add(number);
      if (page.damaged) yield { doubted: true };
      const doubted = page.damaged || free.numbers.has(number);
      for (const cell of page.cells) yield { cell, doubted };
      stack.push(...page.children.toReversed());
    }
  }

  async function treePage(number: number): Promise<BtreePage | undefined> {
    const page = await pages.page(number);
    return page && readBtreePage(page);
  }

  async function valuesOf(cell: Cell): Promise<readonly Value[]> {
    try {
      return readRecord(await recordOf(cell));
    } catch (cause) {
      if (cause instanceof RangeError) return [];
      throw cause;
    }
  }

  /** A row's record, as much of it as can be read. */
  async function recordOf(
    { size, start, next }: Cell,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const parts = new Map([[0, start]]);
    let length = start.length;
    for (let number = next; length < size && !parts.has(number);) {
      const page = await pages.page(number);
      if (page === undefined) break;
      const part = page.subarray(4, 4 + size - length);
      parts.set(number, part);
      length += part.length;
      number = new DataView(page.buffer, page.byteOffset).getUint32(0);
    }
    return joined([...parts.values()], length);
  }
}

function isKey(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The message in a row; `undefined` when it can't be known whose it is and where it goes. */
function foundIn(
  key: number,
  values: readonly Value[],
  word: Value | undefined,
): Found | undefined {
  const [, due, envelope, states, content] = values;
  if (values.length !== 5) return undefined;
  try {
    const { message, sum } = readEnvelope({ envelope }, key);
    return {
      key,
      message,
      states: statesOf(key, states, message),
      order: decodeOrder(word, due),
      content: content instanceof Uint8Array ? content : null,
      sum,
    };
  } catch {
    return undefined;
  }
}

/** How the recipients fare. When that is lost all are tried again: twice is better than not at all. */
function statesOf(
  key: number,
  text: unknown,
  message: Queued["message"],
): Queued["states"] {
  try {
    const states = readStates({ states: text }, key);
    if (states.length === message.recipients.length) return states;
  } catch {
    // As below.
  }
  return freshStates(message);
}

function attemptIn(
  values: readonly Value[],
): (Attempt & { readonly key: number }) | undefined {
  const [key, recipient, number, at, status, reply, host, address, session] =
    values;
  const row = { recipient, number, at, status, reply, host, address, session };
  try {
    return typeof key === "number" && values.length === 9
      ? { key, ...decodeAttempt(row) }
      : undefined;
  } catch {
    return undefined;
  }
}

function joined(
  parts: readonly Uint8Array<ArrayBuffer>[],
  length: number,
): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
