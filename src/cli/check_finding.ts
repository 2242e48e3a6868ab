import { failureText } from "./failure.ts";

/** Something that whoever sets up a server should know: one line, which says what to do. */
export interface Finding {
  /**
   * A problem keeps the server from starting, loses mail or serves strangers; a warning bites
   * later, or others; a note is what there is to know beside that.
   */
  readonly kind: "problem" | "warning" | "note";
  readonly line: string;
}

/** What a check found. */
export type Findings = readonly Finding[];

/** A problem, the only finding. */
export function problem(line: string): Findings {
  return [{ kind: "problem", line }];
}

/** A warning, the only finding. */
export function warning(line: string): Findings {
  return [{ kind: "warning", line }];
}

/** A note, the only finding. */
export function note(line: string): Findings {
  return [{ kind: "note", line }];
}

/** What a check finds; that it fails is a problem. Never throws. */
export async function findingsOf(
  check: () => Promise<Findings> | Findings,
): Promise<Findings> {
  try {
    return await check();
  } catch (cause) {
    return problem(failureText(cause, { stack: false }));
  }
}
