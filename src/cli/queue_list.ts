import { escaped, quoted } from "../log/escape.ts";
import type { Damage, Oversight } from "../queue/oversight.ts";
import type { Queued } from "../queue/queue.ts";
import { messageJson } from "./queue_json.ts";
import {
  countText,
  durationText,
  lastReply,
  mostAttempts,
  nextTry,
  senderText,
  sizeText,
  waitingAddresses,
} from "./queue_words.ts";
import type { Terminal } from "./terminal.ts";

/** Every message in the queue, in the order they came, a few at a time in memory. */
async function* everyMessage(
  oversight: Oversight,
): AsyncGenerator<Queued | Damage> {
  for await (const page of everyPage(oversight, PAGE)) yield* page;
}

/** The queue, some messages at a time. */
export async function* everyPage(
  oversight: Oversight,
  size: number,
): AsyncGenerator<readonly (Queued | Damage)[]> {
  for (let after: string | undefined = ""; after !== undefined;) {
    const page = await oversight.list(after, size);
    yield page;
    after = page.map(idOf).at(-1);
  }
}

/** The ID of a message, be it one that can't be read; `undefined` of damage to the queue itself. */
function idOf(entry: Queued | Damage): string | undefined {
  return "damage" in entry ? entry.id : entry.message.id;
}

/** Says what can't be read. */
export function tellDamage({ id, damage }: Damage, terminal: Terminal): void {
  terminal.error(
    id === undefined
      ? `smtpd: ${damage}`
      : `smtpd: queued message damaged: ${id}: ${damage}`,
  );
}

/**
 * Prints the queue as a JSON array, a message per line; returns whether all of it could be read, having
 * said what couldn't.
 */
export async function listJson(
  oversight: Oversight,
  terminal: Terminal,
): Promise<boolean> {
  let whole = true;
  // What a line holds is followed by a comma only if there is more.
  let line = "[";
  for await (const entry of everyMessage(oversight)) {
    if ("damage" in entry) {
      tellDamage(entry, terminal);
      whole = false;
      continue;
    }
    terminal.out(line === "[" ? line : `${line},`);
    line = quoted(messageJson(entry));
  }
  if (line !== "[") terminal.out(line);
  terminal.out(line === "[" ? "[]" : "]");
  return whole;
}

/**
 * Prints the queue as a table, a message per line, with a line of totals at its end; returns whether all
 * of it could be read, having said what couldn't.
 */
export async function listTable(
  oversight: Oversight,
  terminal: Terminal,
  now: number,
): Promise<boolean> {
  const widths = columnWidths(terminal.columns);
  const totals = { messages: 0, octets: 0, held: 0, bouncing: 0, damaged: 0 };
  let whole = true;
  for await (const entry of everyMessage(oversight)) {
    if ("damage" in entry) {
      tellDamage(entry, terminal);
      whole = false;
      if (entry.id !== undefined) totals.damaged++;
      continue;
    }
    if (totals.messages === 0) terminal.out(row(HEADINGS, widths));
    terminal.out(row(cells(entry, now), widths));
    totals.messages++;
    totals.octets += entry.message.size;
    if (entry.order === "hold") totals.held++;
    if (entry.order === "bounce") totals.bouncing++;
  }
  if (whole || totals.messages + totals.damaged > 0) {
    terminal.out(totalsText(totals));
  }
  return whole;
}

/** Messages read at a time. */
const PAGE = 500;

const HEADINGS: readonly string[] = [
  ...["ID", "AGE", "SIZE", "TRIES", "NEXT"],
  ...["SENDER", "RECIPIENTS", "LAST REPLY"],
];

/** The columns that are as wide as ever is needed; numbers stand to the right. */
const FIXED: readonly { readonly width: number; readonly right: boolean }[] = [
  { width: 11, right: false },
  { width: 4, right: true },
  { width: 5, right: true },
  { width: 5, right: true },
  { width: 6, right: false },
];

const GAP = "  ";

/** Widths of the columns after the fixed ones; `undefined` for whatever is needed. */
type Widths = readonly (number | undefined)[];

/** Shares out a window's columns. Where there is no window nothing is cut, for `grep`. */
function columnWidths(columns: number | undefined): Widths {
  if (columns === undefined) return [undefined, undefined, undefined];
  const taken = FIXED.reduce((sum, { width }) => sum + width + GAP.length, 0);
  const left = Math.max(columns - taken - 2 * GAP.length, 3 * LEAST);
  const address = Math.max(LEAST, Math.min(MOST, Math.floor(left * 0.3)));
  return [address, address, left - 2 * address];
}

/** The least and the most columns that an address gets. */
const LEAST = 10;
const MOST = 40;
/** Columns that an address is padded to where nothing is cut. */
const USUAL = 28;

function cells(queued: Queued, now: number): readonly string[] {
  const { message } = queued;
  const [first = "", ...more] = waitingAddresses(queued);
  return [
    message.id,
    durationText(now - message.receivedAt),
    sizeText(message.size),
    String(mostAttempts(queued)),
    nextText(queued, now),
    senderText(message),
    escaped(first) + (more.length > 0 ? ` +${more.length}` : ""),
    lastReply(queued),
  ];
}

function nextText(queued: Queued, now: number): string {
  if (queued.order === "bounce") return "bounce";
  const next = nextTry(queued);
  if (next === undefined) return "held";
  return next <= now ? "now" : `in ${durationText(next - now)}`;
}

function row(texts: readonly string[], widths: Widths): string {
  const fixed = FIXED.map(({ width, right }, at) => {
    const text = texts[at] ?? "";
    return right ? text.padStart(width) : text.padEnd(width);
  });
  const others = texts.slice(FIXED.length)
    .map((text, at) => fitted(text, widths[at]));
  return [...fixed, ...others].join(GAP).trimEnd();
}

/** A text as wide as its column, cut if need be; not the count at its end. */
function fitted(text: string, width: number | undefined): string {
  const characters = [...text];
  const missing = (width ?? USUAL) - characters.length;
  if (missing >= 0) return text + " ".repeat(missing);
  if (width === undefined) return text;
  const [count = ""] = / \+\d+$/.exec(text) ?? [];
  const cut = characters.slice(0, width - 1 - count.length).join("");
  return `${cut}…${count}`;
}

function totalsText(
  { messages, octets, held, bouncing, damaged }: {
    readonly messages: number;
    readonly octets: number;
    readonly held: number;
    readonly bouncing: number;
    readonly damaged: number;
  },
): string {
  if (messages + damaged === 0) return "The queue is empty";
  const parts = [
    countText(messages, "message"),
    ...(messages > 0 ? [sizeText(octets)] : []),
    ...(held > 0 ? [`${held.toLocaleString("en-US")} held`] : []),
    ...(bouncing > 0 ? [`${bouncing.toLocaleString("en-US")} to bounce`] : []),
    ...(damaged > 0 ? [`${damaged.toLocaleString("en-US")} damaged`] : []),
  ];
  return parts.join(", ");
}
