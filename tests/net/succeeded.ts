import type { Failed } from "../../src/net/dial.ts";

/** What was to be had, where failing is a test's failure. */
export function succeeded<Outcome extends object>(
  outcome: Outcome | Failed,
): Outcome {
  if ("failed" in outcome) throw new Error(`Cannot go on: ${outcome.failed}`);
  return outcome;
}
