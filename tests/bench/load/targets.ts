/** How fast is fast enough: the targets, and how far the medians meet them. */
import { type Measure, MEASURES, timesBetter } from "./measures.ts";

/** A row of the table. */
export interface Target {
  readonly what: string;
  /** Where the figure comes from: a workload and what it measures. */
  readonly workload: string;
  readonly measure: Measure;
  /** The server that ours is compared with; without one, the figure itself counts. */
  readonly against?: string;
  /** The least that will do: the least ratio, or the least or greatest figure. */
  readonly bound: number;
  /** What is aimed at. */
  readonly aim: number;
}

/** Every target: 2 cores, loopback, synced; ratios between servers measured in turn. */
export const TARGETS: readonly Target[] = [
  {
    what: "delivered to Maildir, connections reused",
    workload: "delivered",
    measure: "delivered",
    against: "postfix",
    bound: 5,
    aim: 8,
  },
  {
    what: "delivered to Maildir, a connection each",
    workload: "connections",
    measure: "delivered",
    against: "postfix",
    bound: 4,
    aim: 6,
  },
  {
    what: "relayed through the queue",
    workload: "relayed",
    measure: "relayed",
    against: "postfix",
    bound: 5,
    aim: 8,
  },
  {
    what: "accepted durably, against throwing away",
    workload: "accepted",
    measure: "accepted",
    against: "smtp-sink",
    bound: 0.5,
    aim: 0.9,
  },
  {
    what: "p99 at 1,000 messages/s",
    workload: "latency",
    measure: "p99",
    bound: 50,
    aim: 15,
  },
  {
    what: "memory of an idle session",
    workload: "idle-10000",
    measure: "session",
    bound: 12,
    aim: 8,
  },
  {
    what: "messages of 20 MiB",
    workload: "large",
    measure: "throughput",
    bound: 150,
    aim: 300,
  },
  {
    what: "memory for messages of 20 MiB",
    workload: "large",
    measure: "growth",
    bound: 64,
    aim: 64,
  },
  {
    what: "start to first greeting",
    workload: "start",
    measure: "start",
    bound: 400,
    aim: 200,
  },
  {
    what: "octets through the framer",
    workload: "framer",
    measure: "framed",
    bound: 500,
    aim: 1_500,
  },
];

/** Whether more is better: of a ratio always, of a figure it depends. */
export function wantsMore({ against, measure }: Target): boolean {
  return against !== undefined || MEASURES[measure].better === "more";
}

/** How far a target is met. */
export type Verdict = "aim met" | "met" | "not met" | "not measured";

/** The figure that a target is about, and what it is worth. */
export interface Judgement {
  readonly target: Target;
  /** The ratio or the figure; absent when it was not measured. */
  readonly value: number | undefined;
  readonly verdict: Verdict;
}

/**
 * Holds a target against medians.
 *
 * @param medianOf The median of what a workload measured of a server, where it has one.
 */
export function judge(
  target: Target,
  ours: string,
  medianOf: (workload: string, server: string, measure: Measure) =>
    | number
    | undefined,
): Judgement {
  const { workload, measure, against } = target;
  const mine = medianOf(workload, ours, measure);
  const theirs = against && medianOf(workload, against, measure);
  if (mine === undefined || (against !== undefined && !theirs)) {
    return { target, value: undefined, verdict: "not measured" };
  }
  const value = theirs ? timesBetter(measure, mine, theirs) : mine;
  const reaches = (limit: number) =>
    wantsMore(target) ? value >= limit : value <= limit;
  const verdict = reaches(target.aim)
    ? "aim met"
    : reaches(target.bound)
    ? "met"
    : "not met";
  return { target, value, verdict };
}
