/** A line of a table: its text and, unless it is blank or a comment, what it says. */
export interface Line<Entry> {
  readonly text: string;
  readonly said?: Said<Entry>;
}

/** What a line says of the thing it is about. */
export interface Said<Entry> {
  /** Names the thing; no two lines of a table have the same. */
  readonly key: string;
  readonly entry: Entry;
}

/** Reads a line that is neither blank nor a comment, or returns what is wrong with it. */
export type LineReader<Entry> = (line: string) => Said<Entry> | string;

/**
 * Reads a table: a line for each entry, `#` before a comment. Throws when it is not UTF-8 or a
 * line is malformed; the message says which line of `path` and why.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { entriesOf, readLines } from "./lines.ts";
 *
 * const contents = new TextEncoder().encode("# colours\nsky blue\n");
 * const lines = readLines(contents, (line) => {
 *   const [key, entry] = line.split(" ");
 *   return key && entry ? { key, entry } : "two words are needed";
 * }, "colours");
 * assertEquals(entriesOf(lines).get("sky"), "blue");
 * ```
 */
export function readLines<Entry>(
  contents: Uint8Array,
  reader: LineReader<Entry>,
  path: string,
): readonly Line<Entry>[] {
  const numbers = new Map<string, number>();
  return textLines(contents, path).map((text, index) => {
    const line = withoutBlanks(text);
    if (line === "" || line.startsWith("#")) return { text };
    const number = index + 1;
    const said = reader(line);
    if (typeof said === "string") throw malformed(path, number, said);
    const before = numbers.get(said.key);
    if (before !== undefined) {
      throw malformed(path, number, `${said.key} has line ${before} already`);
    }
    numbers.set(said.key, number);
    return { text, said };
  });
}

/** The line without the spaces and tabs around it. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function textLines(contents: Uint8Array, path: string): readonly string[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(contents);
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${path}": it is not UTF-8`, { cause });
  }
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function malformed(path: string, number: number, why: string): SyntaxError {
  return new SyntaxError(`Cannot read "${path}": line ${number}: ${why}`);
}

/** What the lines of a table say, by key and in their order. */
export function entriesOf<Entry>(
  lines: readonly Line<Entry>[],
): ReadonlyMap<string, Entry> {
  return new Map(
    lines.flatMap(({ said }) => said ? [[said.key, said.entry] as const] : []),
  );
}

/** A change to a table: what the line with this key is to be; without text, the line goes. */
export interface LineChange {
  readonly key: string;
  readonly text?: string;
}

/** The text of a table after a change. All other lines stay as they are, comments too. */
export function changedText<Entry>(
  lines: readonly Line<Entry>[],
  { key, text }: LineChange,
): string {
  const changed = text === undefined ? [] : [text];
  const at = lines.findIndex((line) => line.said?.key === key);
  const texts = lines.map((line) => line.text);
  if (at < 0) texts.push(...changed);
  else texts.splice(at, 1, ...changed);
  return texts.map((line) => line + "\n").join("");
}
