import type { DatabaseSync } from "node:sqlite";

/**
 * The steps from an empty file to today's schema; `PRAGMA user_version` counts those taken. A step
 * that was released is never edited: what changes is a new step.
 */
const STEPS: readonly string[] = [
  // `due` is the earliest time a waiting recipient is due. `content` is NULL when the octets are in
  // the file spool/<id>; it comes last so that reading the rest never touches its pages.
  `CREATE TABLE message (
     id INTEGER PRIMARY KEY,
     due INTEGER NOT NULL,
     envelope TEXT NOT NULL,
     states TEXT NOT NULL,
     content BLOB
   ) STRICT;
   CREATE INDEX message_due ON message (due);`,
];

/** The schema this program writes. */
export const SCHEMA_VERSION = STEPS.length;

/**
 * Brings a database to today's schema, each step a transaction.
 * Throws when it was written by a newer version or isn't a queue.
 */
export function migrate(database: DatabaseSync): void {
  const version = readVersion(database);
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `it was written by a newer smtpd: schema ${version}, this one knows up to ${SCHEMA_VERSION}`,
    );
  }
  if (version === 0 && !isEmpty(database)) {
    throw new Error("file is another program's database");
  }
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    database.exec(
      `BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT;`,
    );
  }
}

function readVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
}
