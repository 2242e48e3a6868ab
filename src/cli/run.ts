import type { Usage } from "../config/help.ts";
import { helpText, VERSION } from "../config/help.ts";
import { nearest } from "../config/nearest.ts";
import { alias } from "./alias.ts";
import { check } from "./check.ts";
import { failureText } from "./failure.ts";
import { queue } from "./queue.ts";
import { serve } from "./serve.ts";
import type { Subcommand, Terminal } from "./terminal.ts";
import { WrongUse } from "./terminal.ts";
import { tls } from "./tls.ts";
import { transcript } from "./transcript.ts";
import { user } from "./user.ts";

/** A row of the table of subcommands. */
interface Row {
  readonly run: Subcommand;
  readonly usages: readonly Usage[];
}

const SUBCOMMANDS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["serve", {
    run: serve,
    usages: [{
      synopsis: "[serve] [flags]",
      help: "Receive mail until stopped with Ctrl+C",
    }],
  }],
  ["check", {
    run: check,
    usages: [{
      synopsis: "check [flags]",
      help: "Try the settings of a server, and name the permissions it needs",
    }],
  }],
  ["user", {
    run: user,
    usages: [
      {
        synopsis: "user add|passwd ADDRESS",
        help: "Add a user or set a password; --password-stdin reads it from " +
          "standard input",
      },
      { synopsis: "user remove ADDRESS", help: "Remove a user, not the mail" },
      { synopsis: "user list", help: "Print the users, one per line" },
    ],
  }],
  ["alias", {
    run: alias,
    usages: [
      {
        synopsis: "alias add ADDRESS TARGET…",
        help: "Hand mail for an address, or a whole @domain, to others",
      },
      {
        synopsis: "alias remove ADDRESS [TARGET…]",
        help: "Stop doing so, for some targets or for all",
      },
      { synopsis: "alias list", help: "Print the aliases, one per line" },
    ],
  }],
  ["queue", {
    run: queue,
    usages: [
      {
        synopsis: "queue list",
        help: "Print the messages on their way; --json, here and below, " +
          "prints JSON, its times in ISO 8601",
      },
      {
        synopsis: "queue show ID",
        help: "Print all that is known of a message, each try of it included",
      },
      {
        synopsis: "queue retry ID|--all",
        help: "Try a message, or all that are not held, now",
      },
      {
        synopsis: "queue hold|release ID",
        help: "Keep a message without trying it, until its release",
      },
      {
        synopsis: "queue bounce ID",
        help: "Give a message up now, with a report to its sender",
      },
      {
        synopsis: "queue remove ID",
        help: "Take a message out of the queue, and tell nobody",
      },
    ],
  }],
  ["tls", {
    run: tls,
    usages: [{
      synopsis: "tls self-signed",
      help: "Make a certificate for tests, for --hostname and each --domain; " +
        "--force replaces the last one",
    }],
  }],
  ["transcript", {
    run: transcript,
    usages: [{
      synopsis: "transcript [ID]",
      help: "Print the dialogue of a session or by which a message came; " +
        "without ID, list the last sessions",
    }],
  }],
]);

/** Runs the subcommand that the command line names, `serve` if none, and answers the exit code. */
export async function run(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (cause) {
    if (cause instanceof WrongUse) {
      cause.problems.forEach((problem) => terminal.error(`smtpd: ${problem}`));
      return 2;
    }
    terminal.error(`smtpd: ${failureText(cause, { stack: wantsStack(args) })}`);
    return 1;
  }
}

function dispatch(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> | number {
  if (args.includes("--help") || args.includes("-h")) {
    const usages = [...SUBCOMMANDS.values()].flatMap((row) => row.usages);
    terminal.out(helpText(usages));
    return 0;
  }
  const [name = "serve", ...rest] = args;
  if (name === "--version") {
    terminal.out(`smtpd ${VERSION}`);
    return 0;
  }
  if (name.startsWith("-")) return serve(args, terminal);
  const row = SUBCOMMANDS.get(name);
  if (row) return row.run(rest, terminal);
  const meant = nearest(name, [...SUBCOMMANDS.keys()]);
  const hint = meant === undefined
    ? "smtpd --help lists them"
    : `did you mean ${meant}?`;
  throw new WrongUse([`${JSON.stringify(name)}: unknown subcommand; ${hint}`]);
}

/** Told from the command line itself, for what failed may be the reading of it. */
function wantsStack(args: readonly string[]): boolean {
  return /(^|\n)--log-level[=\n]debug(\n|$)/.test(args.join("\n"));
}
