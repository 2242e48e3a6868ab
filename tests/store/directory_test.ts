import { assert, assertEquals } from "@std/assert";
import type { Mailbox } from "../../src/smtp/address.ts";
import { openAliases } from "../../src/store/aliases.ts";
import { type Directory, openDirectory } from "../../src/store/directory.ts";
import type { Accept } from "../../src/store/resolution.ts";
import { openUsers } from "../../src/store/users.ts";
import { manualClock } from "../log/manual_clock.ts";
import { keptLog, mailbox } from "./fixtures.ts";
import { memoryDisk } from "./memory_disk.ts";

async function setting(accept: Accept = "known") {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const disk = memoryDisk(clock.now);
  disk.put("users", "petya@test.ru\nvasya@elsewhere.test\n");
  disk.put("aliases", "sales@test.ru: petya@test.ru\n");
  await clock.advance(60_000);
  const common = { disk, clock, log: keptLog() };
  const directory = openDirectory({
    domains: ["Test.RU", "bücher.example"],
    accept,
    users: await openUsers({
      ...common,
      path: "users",
      cost: { cost: 16, blockSize: 1, parallelization: 1 },
    }),
    aliases: await openAliases({ ...common, path: "aliases" }),
  });
  return { clock, disk, directory };
}

/** Whether somebody gets mail for an address. */
async function isKnown(directory: Directory, to: Mailbox): Promise<boolean> {
  return (await directory.resolve(to)).kind === "mailboxes";
}

Deno.test("openDirectory() knows its domains in any spelling", async () => {
  const { directory } = await setting();
  for (const domain of ["test.ru", "TEST.ru.", "XN--BCHER-KVA.example"]) {
    assert(directory.isOurs(domain), domain);
  }
  for (const domain of ["elsewhere.test", "sub.test.ru", ""]) {
    assert(!directory.isOurs(domain), domain);
  }
});

Deno.test("openDirectory() knows nobody at domains that are not ours", async () => {
  const { directory } = await setting("domain");
  assert(!await isKnown(directory, mailbox("vasya@elsewhere.test")));
  assert(!await isKnown(directory, mailbox("postmaster@elsewhere.test")));
});

Deno.test("openDirectory() makes every domain ours when all is accepted", async () => {
  const { directory } = await setting("all");
  assert(directory.isOurs("elsewhere.test"));
  assert(await isKnown(directory, mailbox("anyone@elsewhere.test")));
});

Deno.test("openDirectory() gives postmaster without a domain to the first", async () => {
  const { directory } = await setting();
  assertEquals(
    await directory.resolve({ local: "Postmaster", domain: "" }),
    {
      kind: "mailboxes",
      mailboxes: [{ local: "postmaster", domain: "test.ru" }],
      lost: [],
    },
  );
});

Deno.test("openDirectory() sees who has come at once, and who has gone within a second", async () => {
  const { clock, disk, directory } = await setting();
  const [petya, vasya] = [mailbox("petya@test.ru"), mailbox("vasya@test.ru")];
  assert(await isKnown(directory, petya));
  assert(!await isKnown(directory, vasya));
  disk.put("users", "vasya@test.ru\n");
  assert(await isKnown(directory, petya));
  assert(await isKnown(directory, vasya));
  disk.put("aliases", "");
  await clock.advance(1_001);
  assert(!await isKnown(directory, petya));
  assert(!await isKnown(directory, mailbox("sales@test.ru")));
});

Deno.test("openDirectory() answers without the disk within a second", async () => {
  const { clock, disk, directory } = await setting();
  await directory.resolve(mailbox("petya@test.ru"));
  disk.trace.length = 0;
  await clock.advance(1_000);
  assert(await isKnown(directory, mailbox("sales@test.ru")));
  assertEquals(disk.trace, []);
});
