/** The command line of the load bench. */
import { type Flag, readFlags } from "../../../src/config/flags.ts";
import { nearest } from "../../../src/config/nearest.ts";

/** What is to be run. */
export interface Options {
  /** How often each server does each workload. */
  readonly rounds: number;
  /** Messages of each workload, in place of its own number. */
  readonly messages: number | undefined;
  /** Names of workloads. */
  readonly only: readonly string[];
  /** Names of servers that ours is compared with. */
  readonly peers: readonly string[];
  /** The file of the summary; the results in JSON go beside it. */
  readonly save: string;
}

/** The names that there are. */
export interface Names {
  readonly workloads: readonly string[];
  /** Those of them that are done unless others are named. */
  readonly usual: readonly string[];
  readonly peers: readonly string[];
}

const FLAGS: readonly Flag[] = ["rounds", "messages", "only", "peers", "save"]
  .map((name) => ({ name, takes: "one" }));

/** Where results go unless told otherwise, below the project's folder. */
const SAVE = "tests/bench/load/latest.md";

/**
 * Reads the command line; gives what is wrong with it, a line for each fault, when anything is.
 *
 * `--peers none` leaves our program by itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readOptions } from "./options.ts";
 *
 * const workloads = ["delivered"];
 * const names = { workloads, usual: workloads, peers: ["postfix"] };
 * assertEquals(readOptions(["--only", "deliverd"], names), {
 *   problems: ["--only deliverd: unknown; did you mean delivered?"],
 * });
 * ```
 */
export function readOptions(
  args: readonly string[],
  names: Names,
): Options | { readonly problems: readonly string[] } {
  const { given, problems: wrong } = readFlags(args, FLAGS);
  const problems = [...wrong];
  const value = (flag: string) => given.get(flag)?.[0];
  const count = (flag: string) => {
    const text = value(flag);
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
    problems.push(`--${flag} ${text}: give a whole number from 1`);
    return undefined;
  };
  const choice = (
    flag: string,
    known: readonly string[],
    usual: readonly string[] = known,
  ) => {
    const chosen = value(flag)?.split(",") ?? usual;
    for (const name of chosen.filter((name) => !known.includes(name))) {
      const meant = nearest(name, known);
      const hint = meant === undefined
        ? `one of ${known.join(", ")}`
        : `did you mean ${meant}?`;
      problems.push(`--${flag} ${name}: unknown; ${hint}`);
    }
    return known.filter((name) => chosen.includes(name));
  };
  const options: Options = {
    rounds: count("rounds") ?? 3,
    messages: count("messages"),
    only: choice("only", names.workloads, names.usual),
    peers: value("peers") === "none" ? [] : choice("peers", names.peers),
    save: value("save") ?? SAVE,
  };
  if (!options.save.endsWith(".md")) {
    problems.push(`--save ${options.save}: give a name that ends in .md`);
  }
  return problems.length > 0 ? { problems } : options;
}
