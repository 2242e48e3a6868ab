import { reasonOf } from "../reason.ts";

/**
 * Runs `read` at once and promises its result, as an adapter over a network would. What it throws
 * says what couldn't be done: `Cannot list the queue: …`.
 */
export async function promised<Result>(
  action: string,
  read: () => Result,
): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw queueError(action, cause);
  }
}

/** An error that says what couldn't be done. It keeps SQLite's code, by which a full disk is known. */
export function queueError(action: string, cause: unknown): Error {
  const remedy = isCorrupt(cause) ? ": restart smtpd, which will mend it" : "";
  const error = new Error(`Cannot ${action}: ${reasonOf(cause)}${remedy}`, {
    cause,
  });
  const { errcode } = Object(cause);
  return errcode === undefined ? error : Object.assign(error, { errcode });
}

/** Whether SQLite says that the database is damaged. */
export function isCorrupt(cause: unknown): boolean {
  return primaryCode(cause) === CORRUPT;
}

const CORRUPT = 11;

/** SQLite's code of the kind of an error that it threw; `undefined` of any other. */
export function primaryCode(cause: unknown): number | undefined {
  const { errcode } = Object(cause);
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}
