/** Whether a server that was soaked is as it was. */
import type { Sample, Soaked } from "./soak.ts";

/** What has to be flat: what it is, how it is read, and how much it may rise. */
interface Measure {
  readonly name: string;
  readonly of: (sample: Sample) => number;
  /** The last third's mean may be so many times the first's, and so much more. */
  readonly factor: number;
  readonly slack: number;
}

const MEASURES: readonly Measure[] = [
  { name: "files", of: ({ files }) => files, factor: 1.1, slack: 10 },
  { name: "sockets", of: ({ sockets }) => sockets, factor: 1.1, slack: 10 },
  { name: "threads", of: ({ threads }) => threads, factor: 1.1, slack: 4 },
  { name: "resident", of: ({ resident }) => resident, factor: 1.1, slack: 16 },
  { name: "heap", of: ({ heap }) => heap ?? NaN, factor: 1.1, slack: 4 },
];

/** What a measure came to. */
export interface Trend {
  readonly name: string;
  /** Means of the first and of the last third after the warm-up; NaN where nothing was measured. */
  readonly first: number;
  readonly last: number;
  readonly isFlat: boolean;
}

/** Of the time, the part in which caches fill and code is compiled. */
const WARM_UP = 0.1;

/** The measures: flat if the last third is no more than the first and a little. */
export function trendsOf(samples: readonly Sample[]): readonly Trend[] {
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP));
  const third = Math.floor(warm.length / 3);
  return MEASURES.map(({ name, of, factor, slack }) => {
    const first = mean(warm.slice(0, third).map(of));
    const last = mean(warm.slice(-third).map(of));
    return { name, first, last, isFlat: !(last > first * factor + slack) };
  });
}

function mean(numbers: readonly number[]): number {
  const known = numbers.filter(Number.isFinite);
  return known.reduce((sum, number) => sum + number, 0) / known.length;
}

/** What must be right however long it took, and isn't, a line each. */
export function faultsOf(soaked: Soaked): readonly string[] {
  const { before, after, lost, queue, litter, errors, exit } = soaked;
  return [
    ...soaked.surprises.map((surprise) => `surprised: ${surprise}`),
    ...lost.map((mark) => `lost: ${mark}`),
    ...litter.map((path) => `litter: ${path}`),
    ...errors.map((line) => `logged: ${line}`),
    ...(queue === "[]" ? [] : [`queue: ${queue}`]),
    ...(exit === 0 ? [] : [`exit code ${exit}`]),
    ...(after.files <= before.files
      ? []
      : [`files: ${before.files} before, ${after.files} after`]),
    ...(after.sockets <= before.sockets
      ? []
      : [`sockets: ${before.sockets} before, ${after.sockets} after`]),
  ];
}
