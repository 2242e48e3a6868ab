/** What many runs come down to. */
import { type Measure, MEASURES, timesBetter } from "./measures.ts";
import type { Run } from "./run.ts";
import { median } from "./statistics.ts";

/** The medians of the good runs of a server at a workload. */
export interface Summary {
  readonly workload: string;
  readonly server: string;
  /** Runs that were good, and all that were made. */
  readonly good: number;
  readonly made: number;
  /** What went wrong in the others, each thing once. */
  readonly errors: readonly string[];
  readonly medians: Readonly<Partial<Record<Measure, number>>>;
}

/** Sums up runs, in the order in which each pair of workload and server first comes. */
export function summarize(runs: readonly Run[]): readonly Summary[] {
  const groups = Map.groupBy(runs, (run) => `${run.workload} ${run.server}`);
  return [...groups.values()].map((group) => {
    const { workload, server } = group[0]!;
    const good = group.filter(({ errors }) => errors.length === 0);
    return {
      workload,
      server,
      good: good.length,
      made: group.length,
      errors: [...new Set(group.flatMap(({ errors }) => errors))],
      medians: mediansOf(good),
    };
  });
}

/** The median of a measure of a server at a workload, where there is one. */
export function medianIn(
  summaries: readonly Summary[],
  workload: string,
  server: string,
  measure: Measure,
): number | undefined {
  return summaries
    .find((each) => each.workload === workload && each.server === server)
    ?.medians[measure];
}

/** How many times better `ours` is than each other server at a workload, by one measure. */
export function ratio(
  measure: Measure,
  ours: Summary | undefined,
  theirs: Summary,
): number | undefined {
  const [mine, other] = [ours?.medians[measure], theirs.medians[measure]];
  return mine === undefined || other === undefined
    ? undefined
    : timesBetter(measure, mine, other);
}

function mediansOf(runs: readonly Run[]): Summary["medians"] {
  const names = Object.keys(MEASURES) as Measure[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = runs.map(({ figures }) => figures[name])
        .filter((value) => value !== undefined);
      return values.length > 0 ? [[name, median(values)]] : [];
    }),
  );
}
