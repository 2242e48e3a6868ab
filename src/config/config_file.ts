import { parse } from "@std/jsonc";
import { isObject, type JsonObject, shown, typed } from "./json_value.ts";
import { nearest } from "./nearest.ts";
import { type Setting, SETTINGS } from "./table.ts";

/** A config file's name and what it holds. */
export interface ConfigFile {
  /** Its name as the person gave it, for messages. */
  readonly path: string;
  /** JSON, with comments and trailing commas allowed. */
  readonly text: string;
}

/** A value as it was found, not yet read. */
export interface GivenValue {
  /** What to read, as it would be typed after a flag; `undefined` for what no flag can say. */
  readonly text: string | undefined;
  /** How it was written, for messages. */
  readonly shown: string;
  /** An object, and where it stands if that is in a list: `[1]`. */
  readonly object?: { readonly fields: JsonObject; readonly place: string };
}

/** What a config file says. */
export interface ConfigValues {
  /** The values of each key it has. */
  readonly given: ReadonlyMap<string, readonly GivenValue[]>;
  /** What is wrong with the file, a line for each fault. */
  readonly problems: readonly string[];
}

/**
 * Takes a config file apart: its keys are the flags' names, its values what one would type after a
 * flag, or the natural number, boolean or array.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readConfig } from "./config_file.ts";
 *
 * const { given } = readConfig({ path: "smtpd.json", text: '{ "transcript": false }' });
 * assertEquals(given.get("transcript"), [{ text: "off", shown: "false" }]);
 * ```
 */
export function readConfig(file: ConfigFile): ConfigValues {
  const text = file.text.replace(/^\uFEFF/, "");
  const refuse = (problem: string): ConfigValues => ({
    given: new Map(),
    problems: [`${file.path}: ${problem}`],
  });
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    // What is nested very deep, the parser has no room for.
    const tooDeep = cause instanceof RangeError;
    return refuse(tooDeep ? TOO_DEEP : syntaxProblem(text, cause));
  }
  if (!isNestedInside(content, DEEPEST)) return refuse(TOO_DEEP);
  if (!isObject(content)) {
    return refuse(
      'not an object of settings (such as { "domain": "test.ru" })',
    );
  }
  const given = new Map<string, readonly GivenValue[]>();
  const problems: string[] = [];
  for (const [key, value] of Object.entries(content)) {
    const row = ROWS.get(key);
    if (row === undefined) problems.push(unknownKey(file, key));
    else given.set(key, row.repeatable ? each(value) : [whole(value)]);
  }
  return { given, problems };
}

/** How deep values may be nested. Settings need three levels. */
const DEEPEST = 10;

const TOO_DEEP = `nested deeper than ${DEEPEST} levels`;

function isNestedInside(value: unknown, levels: number): boolean {
  return typeof value !== "object" || value === null || levels > 0 &&
      Object.values(value).every((each) => isNestedInside(each, levels - 1));
}

const ROWS: ReadonlyMap<string, Setting> = new Map(
  Object.values(SETTINGS).map((row) => [row.flag, row]),
);

function each(value: unknown): readonly GivenValue[] {
  return Array.isArray(value)
    ? value.map((item, index) => whole(item, `[${index}]`))
    : [whole(value)];
}

function whole(value: unknown, place = ""): GivenValue {
  return {
    text: typed(value),
    shown: shown(value),
    ...(isObject(value) && { object: { fields: value, place } }),
  };
}

function unknownKey(file: ConfigFile, key: string): string {
  const meant = nearest(key, [...ROWS.keys()]);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return `${file.path}: ${key}: unknown setting${hint}`;
}

/**
 * What @std/jsonc says of a text, with a line and a column for its position. Words are left out, for
 * one may be a password.
 */
function syntaxProblem(text: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const what = message.replace(/^Cannot parse JSONC: /, "")
    .replace(/token "..+"(?= in JSONC)/s, "text")
    .replace(" in JSONC", "")
    .replace("JSONC input", "the file")
    .replace(/position (\d+)$/, (_, position) => place(text, Number(position)));
  return `not JSON: ${what}`;
}

function place(text: string, position: number): string {
  const lines = text.slice(0, position).split("\n");
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}
