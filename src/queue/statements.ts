import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Every statement the queue runs on its `message` table, prepared once. */
export function prepareStatements(
  database: DatabaseSync,
): Readonly<Record<StatementName, StatementSync>> {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    insert: database.prepare(
      "INSERT INTO message (id, due, envelope, states, content) VALUES (?, ?, ?, ?, ?)",
    ),
    states: database.prepare(
      "SELECT states, content IS NULL AS spooled FROM message WHERE id = ?",
    ),
    update: database.prepare(
      "UPDATE message SET due = ?, states = ? WHERE id = ?",
    ),
    remove: database.prepare("DELETE FROM message WHERE id = ?"),
    due: database.prepare(
      "SELECT id FROM message WHERE due <= ? ORDER BY due, id LIMIT ?",
    ),
    first: database.prepare(
      "SELECT id, due FROM message ORDER BY due, id LIMIT ?",
    ),
    row: database.prepare("SELECT envelope, states FROM message WHERE id = ?"),
    content: database.prepare(
      "SELECT envelope, content FROM message WHERE id = ?",
    ),
    list: database.prepare(
      "SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?",
    ),
  };
}

type StatementName =
  | "begin"
  | "commit"
  | "rollback"
  | "insert"
  | "states"
  | "update"
  | "remove"
  | "due"
  | "first"
  | "row"
  | "content"
  | "list";
