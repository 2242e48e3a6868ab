/** What the generator is told, and what it tells. Both are JSON. */
import type { GeneratedMail } from "./workloads.ts";

/** What the generator is to do. */
export type Plan =
  | {
    readonly kind: "send";
    readonly port: number;
    readonly mail: GeneratedMail;
    /** The addresses of each message. */
    readonly to: readonly string[];
  }
  /** Hold sessions until the next plan, or the end of them. */
  | {
    readonly kind: "crowd";
    readonly port: number;
    readonly sessions: number;
  };

/** What came of it. */
export interface Outcome {
  /** When it began, milliseconds since the Unix epoch. */
  readonly from: number;
  /** When the last message was acknowledged or had failed, or the last session stood. */
  readonly to: number;
  /** What went wrong, each thing once. */
  readonly errors: readonly string[];
  /** Milliseconds a message took, from MAIL, or from when MAIL was due, to the last reply. */
  readonly latency?: Latency;
}

/** Latency in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}
