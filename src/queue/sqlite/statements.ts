import type { DatabaseSync, StatementSync } from "node:sqlite";

const TEXTS = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",

  insert:
    "INSERT INTO message (id, due, envelope, states, content) VALUES (?, ?, ?, ?, ?)",
  states: `SELECT due, states, content IS NULL AS spooled,
       (SELECT word FROM standing_order WHERE message = message.id) AS word
     FROM message WHERE id = ?`,
  update: "UPDATE message SET due = ?, states = ? WHERE id = ?",
  remove: "DELETE FROM message WHERE id = ?",

  due: "SELECT id FROM message WHERE due <= ? ORDER BY due, id LIMIT ?",
  late:
    "SELECT id FROM message WHERE due > ? AND due < ? ORDER BY due, id LIMIT ?",
  first: "SELECT id, due FROM message WHERE due < ? ORDER BY due, id LIMIT ?",
  row: `SELECT due, envelope, states,
       (SELECT word FROM standing_order WHERE message = message.id) AS word
     FROM message WHERE id = ?`,
  content: "SELECT envelope, content FROM message WHERE id = ?",
  list: "SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?",

  remember: `INSERT OR REPLACE INTO attempt
       (message, recipient, number, at, status, reply, host, address, session)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  forgetOld:
    "DELETE FROM attempt WHERE message = ? AND recipient = ? AND number <= ?",
  forget: "DELETE FROM attempt WHERE message = ?",
  attempts:
    "SELECT * FROM attempt WHERE message = ? ORDER BY recipient, number",

  order: "INSERT OR REPLACE INTO standing_order (message, word) VALUES (?, ?)",
  countermand: "DELETE FROM standing_order WHERE message = ?",

  touch: "INSERT OR IGNORE INTO changed (message) VALUES (?)",
  touched: "SELECT message FROM changed",
  untouch: "DELETE FROM changed",
  version: "PRAGMA data_version",
} as const;

type StatementName = keyof typeof TEXTS;

/** The statements that are run on the queue's tables. */
export type Statements = Readonly<Record<StatementName, StatementSync>>;

/** Prepares every statement, once. */
export function prepareStatements(database: DatabaseSync): Statements {
  const entries = Object.entries(TEXTS)
    .map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(entries) as Statements;
}
