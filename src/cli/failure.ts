/**
 * What to say of something thrown: one line, and with `stack` where it came from.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failureText } from "./failure.ts";
 *
 * const cause = new Deno.errors.NotCapable(
 *   'Requires net access to "[::]:25", run again with the --allow-net flag',
 * );
 * assertEquals(
 *   failureText(new Error("Cannot listen", { cause }), { stack: false }),
 *   'Requires net access to "[::]:25": run again with --allow-net (smtpd check lists every flag)',
 * );
 * ```
 */
export function failureText(
  cause: unknown,
  options: { readonly stack: boolean },
): string {
  const lines = failureLine(cause).split("\n").map((line) => line.trim());
  const line = lines.filter((each) => each !== "").join(" ");
  if (!options.stack || !(cause instanceof Error)) return line;
  return `${line}\n${cause.stack ?? ""}`.trimEnd();
}

function failureLine(cause: unknown): string {
  const denied = chain(cause).find((error) =>
    error instanceof Deno.errors.NotCapable
  );
  if (denied !== undefined) {
    const [, what = denied.message, flag = "the permission"] =
      /^(.*?), run again with the (--[\w-]+) flag/.exec(denied.message) ?? [];
    return `${what}: run again with ${flag} (smtpd check lists every flag)`;
  }
  if (!(cause instanceof Error)) return `Unexpected failure: ${String(cause)}`;
  return isBug(cause)
    ? `Unexpected failure: ${cause.message} (a bug; --log-level debug shows where)`
    : inOurWords(cause.message);
}

/** What Deno calls its operations on files, and what is said of one that failed. */
const FAILED: Readonly<Record<string, string>> = {
  chmod: "Cannot change the rights of",
  mkdir: "Cannot make folder",
  open: "Cannot open",
  readdir: "Cannot read",
  readfile: "Cannot read",
  remove: "Cannot remove",
  rename: "Cannot rename",
  stat: "Cannot read",
  writefile: "Cannot write",
};

/** `Permission denied (os error 13): mkdir '/srv'` as action and path, then what is wrong. */
function inOurWords(message: string): string {
  const groups =
    /^(?<why>.*?)\.? \(os error \d+\): (?<operation>\w+) '(?<path>.*?)'(?: -> '.*')?$/
      .exec(message)?.groups;
  const action = groups && FAILED[groups.operation!];
  if (!action) return message;
  const why = groups.why!;
  return `${action} "${groups.path}": ${why.charAt(0).toLowerCase()}${
    why.slice(1)
  }`;
}

/** An error and what caused it, and what caused that. */
function chain(cause: unknown): readonly Error[] {
  const errors: Error[] = [];
  for (let at = cause; at instanceof Error; at = at.cause) errors.push(at);
  return errors;
}

/** The kinds of error that JavaScript throws by itself when code is wrong. */
function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError ||
    error instanceof RangeError;
}
