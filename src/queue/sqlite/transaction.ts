import type { DatabaseSync } from "node:sqlite";
import type { Statements } from "./statements.ts";

/** Runs `work` as one transaction, alone among all who write: all of it is durable or nothing. */
export function inTransaction<Result>(
  database: DatabaseSync,
  sql: Statements,
  work: () => Result,
): Result {
  try {
    sql.begin.run();
    const result = work();
    sql.commit.run();
    return result;
  } catch (cause) {
    // Some errors, a full disk among them, have already rolled it back.
    if (database.isTransaction) sql.rollback.run();
    throw cause;
  }
}
