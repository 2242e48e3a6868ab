import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "./nearest.ts";
import { SETTING_NAMES, type SettingName } from "./settings.ts";
import { type Setting, SETTINGS } from "./table.ts";

/** A flag that a subcommand takes. */
export interface Flag {
  /** Its name, without `--`. */
  readonly name: string;
  /** Nothing, one value, or a value each time it is given. */
  readonly takes: "nothing" | "one" | "many";
}

/** A command line taken apart, its values still unread. */
export interface Flags {
  /** What followed each flag that was given, in order; nothing for a flag that takes nothing. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** The arguments that belong to no flag. */
  readonly operands: readonly string[];
  /** What is wrong with the command line, a line for each fault. */
  readonly problems: readonly string[];
}

/** `--config FILE`: where settings may stand, and so not itself a setting. */
export const CONFIG_FLAG: Flag = { name: "config", takes: "one" };

/** The flags of a server: every setting, and `--config`. */
export const SERVER_FLAGS: readonly Flag[] = settingFlags(SETTING_NAMES);

/**
 * The flags of a subcommand that needs these settings only. Each takes `--config`, and `--log-level`
 * for what is shown of a failure.
 */
export function settingFlags(names: readonly SettingName[]): readonly Flag[] {
  const flags = [...new Set<SettingName>([...names, "logLevel"])].map(
    (name) => {
      const row: Setting = SETTINGS[name];
      if (row.kind.bare) return { name: row.flag, takes: "nothing" } as const;
      const takes = row.repeatable ? "many" : "one";
      return { name: row.flag, takes } as const;
    },
  );
  return [...flags, CONFIG_FLAG];
}

/**
 * Takes a command line apart. More operands than `operands` are a problem, as is a flag not among
 * `flags` or given too often.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readFlags, SERVER_FLAGS } from "./flags.ts";
 *
 * const flags = readFlags(["--port=2525", "--prot", "25"], SERVER_FLAGS);
 * assertEquals(flags.given, new Map([["port", ["2525"]]]));
 * assertEquals(flags.problems, ["--prot: unknown flag; did you mean --port?"]);
 * ```
 */
export function readFlags(
  args: readonly string[],
  flags: readonly Flag[],
  operands = 0,
): Flags {
  const names = flags.map((flag) => flag.name);
  const valued = flags.filter((flag) => flag.takes !== "nothing")
    .map((flag) => flag.name);
  const problems: string[] = [];
  const known = withoutUnderscores(args, (arg, key) => {
    problems.push(complaint(arg, key, names));
  });
  const parsed: Readonly<Record<string, unknown>> = parseArgs([...known], {
    string: ["_", ...valued],
    collect: valued,
    boolean: names.filter((name) => !valued.includes(name)),
    unknown(arg: string, key?: string) {
      if (key === undefined) return true;
      problems.push(complaint(arg, key, names));
      return false;
    },
  });
  const given = new Map<string, readonly string[]>();
  for (const { name, takes } of flags) {
    const values = texts(parsed[name]);
    if (values.length > 0 || parsed[name] === true) given.set(name, values);
    // parseArgs would take `--json=off` for `--json`.
    if (takes === "nothing" && args.some((a) => a.startsWith(`--${name}=`))) {
      problems.push(`--${name}: takes no value`);
    }
    if (takes === "one" && values.length > 1) {
      problems.push(`--${name}: given ${values.length} times, allowed once`);
    }
  }
  const rest = texts(parsed._);
  for (const extra of rest.slice(operands)) {
    problems.push(`${JSON.stringify(extra)}: unexpected argument`);
  }
  return { given, operands: rest, problems };
}

/**
 * The arguments without the flag `_`, alone or among letters. There is none, but it is what parseArgs
 * calls the operands, and to give it makes it throw.
 */
function withoutUnderscores(
  args: readonly string[],
  unknown: (arg: string, key: string) => void,
): readonly string[] {
  const end = args.indexOf("--");
  return args.filter((arg, index) => {
    const isFlag = end < 0 || index < end;
    if (!isFlag || !/^--_(?:=|$)|^-(?!-)[^=]*_/.test(arg)) return true;
    unknown(arg, arg.replace(/^-+|=.*$/gs, ""));
    return false;
  });
}

/** Why parseArgs didn't know what to do with an argument that starts with a hyphen. */
function complaint(arg: string, key: string, names: readonly string[]): string {
  // `--port=` is a flag of ours without its value, though parseArgs says otherwise.
  const name = key.replace(/=$/, "");
  if (names.includes(name)) return `--${name}: no value given`;
  const meant = nearest(name, names);
  const hint = meant === undefined
    ? "; smtpd --help lists those there are"
    : `; did you mean --${meant}?`;
  return `${arg.replace(/=.*$/s, "")}: unknown flag${hint}`;
}

function texts(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.map(String) : [];
}
