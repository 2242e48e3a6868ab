import manifest from "../../deno.json" with { type: "json" };
import { GROUPS, type Setting, SETTINGS } from "./table.ts";

/** What the help text says of a subcommand. */
export interface Usage {
  /** What is typed after `smtpd`: `user list`. */
  readonly synopsis: string;
  /** What it does, in a few words. */
  readonly help: string;
}

/** The program's version, `MAJOR.MINOR.PATCH`. */
export const VERSION: string = manifest.version;

/** The help text, at most 80 columns wide. */
export function helpText(usages: readonly Usage[]): string {
  const groups = GROUPS.map((group) =>
    section(
      group,
      Object.values<Setting>(SETTINGS).filter((row) => row.group === group)
        .map((row) => [synopsis(row), explanation(row)]),
    )
  );
  return [
    "smtpd receives mail and keeps it in a folder per user.\n",
    "Try it: smtpd --port 2525 --accept all\n",
    section("Usage", usages.map((row) => [`smtpd ${row.synopsis}`, row.help])),
    ...groups,
    section("Program", [
      [
        "--config FILE",
        "Settings as JSON, comments allowed, named as the " +
        "flags; a flag goes before its line there",
      ],
      ["--help", "This text"],
      ["--version", "The version"],
    ]),
    section("Exit codes", [
      ["0", "Done"],
      ["1", "Failed while running"],
      ["2", "Wrong flags, arguments or settings"],
    ]),
  ].join("\n").trimEnd();
}

const WIDTH = 80;
/** Where the explanations start. */
const COLUMN = 32;

function synopsis(row: Setting): string {
  return `--${row.flag} ${row.kind.placeholder}`.trimEnd();
}

function explanation(row: Setting): string {
  const absent = row.default ?? row.absent;
  const notes = [
    ...(row.repeatable ? ["repeatable"] : []),
    ...(absent ? [`default: ${absent}`] : []),
  ];
  return notes.length > 0 ? `${row.help} (${notes.join("; ")})` : row.help;
}

function section(
  title: string,
  rows: readonly (readonly [left: string, right: string])[],
): string {
  return `${title}:\n${
    rows.map(([left, right]) => entry(left, right)).join("")
  }`;
}

function entry(left: string, right: string): string {
  const head = `  ${left}`;
  const lines = wrap(right, WIDTH - COLUMN);
  // What leaves no gap before the explanation has a line of its own.
  const [first, rest] = head.length < COLUMN - 1
    ? [head.padEnd(COLUMN) + lines[0], lines.slice(1)]
    : [head, lines];
  const indented = rest.map((line) => " ".repeat(COLUMN) + line);
  return [first, ...indented].join("\n") + "\n";
}

/** Breaks a text between words into lines of at most `width` characters. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  // `default:` stays with what it announces.
  for (const word of text.split(/(?<!:) /)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
