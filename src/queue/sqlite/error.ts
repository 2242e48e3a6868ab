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
  const error = new Error(`Cannot ${action}: ${reasonOf(cause)}`, { cause });
  const { errcode } = Object(cause);
  return errcode === undefined ? error : Object.assign(error, { errcode });
}
