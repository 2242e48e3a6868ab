import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { migrate, SCHEMA_VERSION } from "../../src/queue/schema.ts";

function version(database: DatabaseSync): unknown {
  return database.prepare("PRAGMA user_version").get()?.user_version;
}

Deno.test("migrate() brings an empty database up to date, once", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database);
  migrate(database);
  assertEquals(version(database), SCHEMA_VERSION);
  assertEquals(database.prepare("SELECT * FROM message").all(), []);
});

Deno.test("migrate() leaves a newer database alone", () => {
  using database = new DatabaseSync(":memory:");
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  assertThrows(
    () => migrate(database),
    Error,
    "it was written by a newer smtpd: schema 2, this one knows up to 1",
  );
  assertEquals(version(database), SCHEMA_VERSION + 1);
});

Deno.test("migrate() leaves another program's database alone", () => {
  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE recipe (name TEXT)");
  assertThrows(
    () => migrate(database),
    Error,
    "file is another program's database",
  );
  assertEquals(version(database), 0);
});
