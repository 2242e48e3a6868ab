/** Results as people read them, in a terminal and in Markdown. */
import type { Machine } from "./machine.ts";
import { formatFigure, MEASURES } from "./measures.ts";
import { OURS } from "./peer_smtpd.ts";
import type { Sought } from "./peers.ts";
import { medianIn, ratio, summarize, type Summary } from "./summary.ts";
import type { Run } from "./run.ts";
import { markdownTable, plainTable, type Table } from "./table.ts";
import { judge, type Judgement, TARGETS, wantsMore } from "./targets.ts";
import type { Workload } from "./workloads.ts";

/** All that is known in the end. */
export interface Results {
  /** How it was started. */
  readonly command: string;
  /** When, in ISO 8601. */
  readonly date: string;
  readonly rounds: number;
  readonly machine: Machine;
  /** Versions of the servers that were measured, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Why the others were not, by name. */
  readonly absent: Readonly<Record<string, string>>;
  readonly runs: readonly Run[];
}

/** The servers that were looked for, as {@linkcode Results} name them. */
export function serversIn(
  sought: readonly Sought[],
): Pick<Results, "versions" | "absent"> {
  const named = (key: "version" | "absent") =>
    Object.fromEntries(
      sought.flatMap(({ peer, found }) => {
        const text = (found as Readonly<Record<string, string>>)[key];
        return text === undefined ? [] : [[peer.name, text]];
      }),
    );
  return { versions: named("version"), absent: named("absent") };
}

/** What one workload came to, as lines for a terminal. */
export function plainWorkload(
  workload: Workload,
  runs: readonly Run[],
): readonly string[] {
  const summaries = of(workload, runs);
  return [
    `${workload.name}: ${workload.what}`,
    ...plainTable(tableOf(workload, summaries)).map((line) => `  ${line}`),
    ...failures(summaries).map((line) => `  ${line}`),
  ];
}

/** Which targets are met, as lines for a terminal. */
export function plainTargets(runs: readonly Run[]): readonly string[] {
  return plainTable(targetTable(runs));
}

/** Everything in Markdown. */
export function markdown(
  results: Results,
  workloads: readonly Workload[],
): string {
  const { machine, versions, absent, runs } = results;
  return [
    "# Load bench",
    "",
    `- Command: \`${results.command}\``,
    `- Date: ${results.date}`,
    `- Machine: ${machine.cores} cores, ${machine.cpu}, ${machine.memory}`,
    `- System: ${machine.kernel}, ${machine.fileSystem}`,
    ...Object.entries(versions).map(([name, text]) => `- ${name}: ${text}`),
    ...Object.entries(absent).map(([name, why]) =>
      `- ${name}: left out, ${why}`
    ),
    `- Medians of ${results.rounds} rounds, the servers in turn`,
    "",
    "## Targets",
    "",
    ...markdownTable(targetTable(runs)),
    ...workloads.flatMap((workload) => {
      const summaries = of(workload, runs);
      if (summaries.length === 0) return [];
      const failed = failures(summaries).map((line) => `- ${line}`);
      return [
        ...["", `## ${workload.name}`, "", `${workload.what}.`, ""],
        ...markdownTable(tableOf(workload, summaries)),
        ...(failed.length > 0 ? ["", ...failed] : []),
      ];
    }),
    "",
  ].join("\n");
}

function of({ name }: Workload, runs: readonly Run[]): readonly Summary[] {
  return summarize(runs.filter(({ workload }) => workload === name));
}

/** A row for each server; the last column says how far ahead of it ours is. */
function tableOf({ shows }: Workload, summaries: readonly Summary[]): Table {
  const ours = summaries.find(({ server }) => server === OURS);
  const heading = shows.map((name) => MEASURES[name].title);
  return [
    ["server", ...heading, "runs", `${OURS} ahead`],
    ...summaries.map((summary) => {
      const times = summary === ours
        ? undefined
        : ratio(shows[0], ours, summary);
      return [
        summary.server,
        ...shows.map((name) => {
          const value = summary.medians[name];
          return value === undefined ? "" : formatFigure(name, value);
        }),
        summary.good === summary.made
          ? `${summary.made}`
          : `${summary.good} of ${summary.made}`,
        times === undefined ? "" : formatTimes(times),
      ];
    }),
  ];
}

function failures(summaries: readonly Summary[]): readonly string[] {
  return summaries.flatMap(({ server, errors }) =>
    errors.map((error) => `${server} failed: ${error.replace(/\s+/g, " ")}`)
  );
}

function targetTable(runs: readonly Run[]): Table {
  const summaries = summarize(runs);
  return [
    ["target", "bound", "aim", "measured", "verdict"],
    ...TARGETS.map((target) => {
      const judgement = judge(
        target,
        OURS,
        (...which) => medianIn(summaries, ...which),
      );
      return targetRow(judgement);
    }),
  ];
}

function targetRow({ target, value, verdict }: Judgement): readonly string[] {
  const { what, measure, against, bound, aim } = target;
  const { unit } = MEASURES[measure];
  const format = (value: number) =>
    against === undefined
      ? `${formatFigure(measure, value)} ${unit}`
      : formatTimes(value);
  const sign = wantsMore(target) ? "≥" : "≤";
  return [
    against === undefined ? what : `${what}, to ${against}`,
    `${sign} ${format(bound)}`,
    `${sign} ${format(aim)}`,
    value === undefined ? "" : format(value),
    verdict,
  ];
}

function formatTimes(value: number): string {
  return `${value.toFixed(2)} ×`;
}
