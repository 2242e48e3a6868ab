/** What can be measured, and how it is written. */

/** A row of the table. */
interface MeasureRow {
  /** Heading of its column. */
  readonly title: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** Digits after the point. */
  readonly digits: 0 | 1 | 2;
}

/** Every measure, by its name in the results. */
export const MEASURES = {
  accepted: { title: "accepted/s", unit: "/s", better: "more", digits: 0 },
  delivered: { title: "delivered/s", unit: "/s", better: "more", digits: 0 },
  relayed: { title: "relayed/s", unit: "/s", better: "more", digits: 0 },
  connections: {
    title: "connections/s",
    unit: "/s",
    better: "more",
    digits: 0,
  },
  throughput: { title: "MiB/s", unit: "MiB/s", better: "more", digits: 0 },
  p50: { title: "p50 ms", unit: "ms", better: "less", digits: 1 },
  p99: { title: "p99 ms", unit: "ms", better: "less", digits: 1 },
  max: { title: "max ms", unit: "ms", better: "less", digits: 1 },
  cpu: { title: "CPU ms/message", unit: "ms", better: "less", digits: 2 },
  cpuEarly: { title: "CPU ms early", unit: "ms", better: "less", digits: 2 },
  cpuLate: { title: "CPU ms late", unit: "ms", better: "less", digits: 2 },
  systemEarly: {
    title: "system ms early",
    unit: "ms",
    better: "less",
    digits: 2,
  },
  systemLate: {
    title: "system ms late",
    unit: "ms",
    better: "less",
    digits: 2,
  },
  p99Early: { title: "p99 ms early", unit: "ms", better: "less", digits: 1 },
  p99Late: { title: "p99 ms late", unit: "ms", better: "less", digits: 1 },
  residentEarly: { title: "MiB early", unit: "MiB", better: "less", digits: 0 },
  residentLate: { title: "MiB late", unit: "MiB", better: "less", digits: 0 },
  peak: { title: "peak MiB", unit: "MiB", better: "less", digits: 0 },
  growth: { title: "MiB beyond idle", unit: "MiB", better: "less", digits: 0 },
  session: { title: "KiB/session", unit: "KiB", better: "less", digits: 1 },
  start: { title: "start ms", unit: "ms", better: "less", digits: 0 },
  list: { title: "list ms", unit: "ms", better: "less", digits: 0 },
  framed: { title: "MB/s", unit: "MB/s", better: "more", digits: 0 },
} as const satisfies Readonly<Record<string, MeasureRow>>;

/** The name of a measure. */
export type Measure = keyof typeof MEASURES;

/** What was measured. */
export type Figures = Readonly<Partial<Record<Measure, number>>>;

/** How many times better `ours` is than `theirs`: above 1 we are ahead, whichever way is better. */
export function timesBetter(
  measure: Measure,
  ours: number,
  theirs: number,
): number {
  return MEASURES[measure].better === "more" ? ours / theirs : theirs / ours;
}

/** A figure as it stands in a table, thousands apart. */
export function formatFigure(measure: Measure, value: number): string {
  const { digits } = MEASURES[measure];
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
