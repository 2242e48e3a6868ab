import { DatabaseSync } from "node:sqlite";

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

  // What few messages have is in tables of its own: a message that is delivered at once stays one
  // insert and one delete, and a column after `content` could only be read through its pages.
  // `attempt` holds the tries that ended since this step.
  // `standing_order` holds what the postmaster ordered; while it is 'hold', `due` is NEVER.
  // `changed` names the messages that were touched by it, until the queue's owner has heard of them.
  `CREATE TABLE attempt (
     message INTEGER NOT NULL,
     recipient INTEGER NOT NULL,
     number INTEGER NOT NULL,
     at INTEGER NOT NULL,
     status TEXT NOT NULL,
     reply TEXT NOT NULL,
     host TEXT NOT NULL,
     address TEXT NOT NULL,
     session TEXT NOT NULL,
     PRIMARY KEY (message, recipient, number)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE standing_order (
     message INTEGER PRIMARY KEY,
     word TEXT NOT NULL
   ) STRICT;
   CREATE TABLE changed (message INTEGER PRIMARY KEY) STRICT;`,

  // No table changes: envelopes and states that are written since this step begin with checksums,
  // which older programs would take for damage. Since it, `application_id` repeats the version.
  "",
];

/** The schema this program writes. */
export const SCHEMA_VERSION = STEPS.length;

/** When a message is due that is held. No clock ever gets there. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * Brings a database to today's schema, each step a transaction.
 * Throws when it was written by a newer version or isn't a queue.
 */
export function migrate(database: DatabaseSync): void {
  stepUp(database, SCHEMA_VERSION);
}

function stepUp(database: DatabaseSync, target: number): void {
  const version = schemaVersion(database);
  for (const [index, step] of STEPS.slice(0, target).entries()) {
    if (index < version) continue;
    const now = index + 1;
    database.exec(
      `BEGIN IMMEDIATE;
       ${step}
       PRAGMA application_id = ${applicationId(now)};
       PRAGMA user_version = ${now};
       COMMIT;`,
    );
  }
}

/** What a queue of some version calls itself: `smt` and the version, or nothing. */
function applicationId(version: number): number {
  return version < 3 ? 0 : 0x736d7400 + version;
}

/**
 * Whether the version of a queue is damaged: it has today's tables, but was given another version.
 * A newer program's queue, or another program's database, is no such thing.
 */
export function isVersionDamaged(database: DatabaseSync): boolean {
  const [version = 0, id] = ["user_version", "application_id"].map((name) =>
    Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
  );
  // At first, schema 3 had none.
  const fits = id === applicationId(version) || (id === 0 && version === 3);
  return !fits && hasTablesOf(database, SCHEMA_VERSION);
}

/**
 * Whether a database has the tables that go with its schema's version.
 * Throws when it was written by a newer version or isn't a queue.
 */
export function hasItsTables(database: DatabaseSync): boolean {
  return hasTablesOf(database, schemaVersion(database));
}

function hasTablesOf(database: DatabaseSync, version: number): boolean {
  using model = new DatabaseSync(":memory:");
  stepUp(model, version);
  return tablesOf(database) === tablesOf(model);
}

function tablesOf(database: DatabaseSync): string {
  const rows = database.prepare(
    "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
  ).all();
  return JSON.stringify(rows);
}

/**
 * The schema that a database has; 0 for an empty one.
 * Throws when it was written by a newer version or isn't a queue.
 */
export function schemaVersion(database: DatabaseSync): number {
  const version = Number(
    database.prepare("PRAGMA user_version").get()?.user_version,
  );
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `it was written by a newer smtpd: schema ${version}, this one knows up to ${SCHEMA_VERSION}`,
    );
  }
  if (version === 0 && !isEmpty(database)) {
    throw new Error("file is another program's database");
  }
  return version;
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
}
