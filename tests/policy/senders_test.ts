import { assertEquals, assertRejects } from "@std/assert";
import { mayUse } from "../../src/policy/senders.ts";
import { openAliases } from "../../src/store/aliases.ts";
import { canonicalMailbox } from "../../src/store/canonical.ts";
import { openDirectory } from "../../src/store/directory.ts";
import type { Accept } from "../../src/store/resolution.ts";
import { openUsers } from "../../src/store/users.ts";
import { manualClock } from "../log/manual_clock.ts";
import { keptLog, mailbox } from "../store/fixtures.ts";
import { memoryDisk } from "../store/memory_disk.ts";

const USERS = `
petya@test.ru
petya@bücher.example
ivan@test.ru
ivan+boss@test.ru
olga@test.ru
lena@other.test
`;

const ALIASES = `
sales@test.ru: petya@test.ru
staff@test.ru: petya@test.ru, ivan@test.ru
everybody@test.ru: staff@test.ru, olga@test.ru
postmaster@test.ru: ivan@test.ru
olga@test.ru: olga@elsewhere.test
abroad@test.ru: petya@elsewhere.test
petya+shop@test.ru: ivan@test.ru
ring@test.ru: round@test.ru
round@test.ru: ring@test.ru, petya@test.ru
@other.test: petya@test.ru
`;

async function mayUseOf(
  login: string,
  from: string,
  accept: Accept = "known",
): Promise<boolean> {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const disk = memoryDisk(clock.now);
  disk.put("users", USERS);
  disk.put("aliases", ALIASES);
  const common = { disk, clock, log: keptLog() };
  const directory = openDirectory({
    domains: ["test.ru", "bücher.example", "other.test"],
    accept,
    users: await openUsers({ ...common, path: "users" }),
    aliases: await openAliases({ ...common, path: "aliases" }),
  });
  return await mayUse(
    canonicalMailbox(mailbox(login)),
    mailbox(from),
    { directory, canonical: canonicalMailbox },
  );
}

const ALLOWED: readonly (readonly [string, string])[] = [
  ["petya@test.ru", "petya@test.ru"],
  ["petya@test.ru", "PETYA@Test.RU"],
  ["petya@test.ru", '"petya"@test.ru'],
  ["petya@test.ru", "Petya+Shop@TEST.ru"],
  ["petya@test.ru", "petya+other@test.ru"],
  ["petya@bücher.example", "petya@XN--BCHER-KVA.example"],
  ["petya@test.ru", "Sales@test.ru"],
  ["petya@test.ru", "sales+autumn@test.ru"],
  ["petya@test.ru", "staff@test.ru"],
  ["ivan@test.ru", "staff@test.ru"],
  ["petya@test.ru", "everybody@test.ru"],
  ["petya@test.ru", "whatever@other.test"],
  ["ivan@test.ru", "postmaster@test.ru"],
  ["ivan@test.ru", "petya+shop@test.ru"],
  ["ivan+boss@test.ru", "ivan+boss@test.ru"],
  ["ivan+boss@test.ru", "ivan+boss+mail@test.ru"],
  // Her mail is forwarded, and still she is who she is.
  ["olga@test.ru", "olga@test.ru"],
  ["olga@test.ru", "olga+shop@test.ru"],
];

for (const [login, from] of ALLOWED) {
  for (const accept of ["known", "domain", "all"] as const) {
    Deno.test(`mayUse() lets ${login} send as ${from} when ${accept} is accepted`, async () => {
      assertEquals(await mayUseOf(login, from, accept), true);
    });
  }
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["petya@test.ru", "ivan@test.ru"],
  ["petya@test.ru", "ivan+shop@test.ru"],
  ["petya@test.ru", "petya@bücher.example"],
  ["petya@test.ru", "petya@elsewhere.test"],
  ["petya@test.ru", "petya+shop@elsewhere.test"],
  ["petya@test.ru", "pet@test.ru"],
  ["petya@test.ru", "petyaev@test.ru"],
  ["petya@test.ru", "invented@test.ru"],
  ["petya@test.ru", "postmaster@test.ru"],
  ["petya@test.ru", "abroad@test.ru"],
  ["petya@test.ru", "ring@test.ru"],
  ["petya@test.ru", "lena@other.test"],
  ["petya@test.ru", "postmaster@other.test"],
  ["olga@test.ru", "staff@test.ru"],
  ["olga@test.ru", "olga@elsewhere.test"],
  ["ivan@test.ru", "ivan+boss@test.ru"],
  ["ivan+boss@test.ru", "ivan@test.ru"],
];

for (const [login, from] of REFUSED) {
  for (const accept of ["known", "domain", "all"] as const) {
    Deno.test(`mayUse() doesn't let ${login} send as ${from} when ${accept} is accepted`, async () => {
      assertEquals(await mayUseOf(login, from, accept), false);
    });
  }
}

Deno.test("mayUse() knows one's own address without the directory, and no other", async () => {
  const services = {
    directory: { resolve: () => Promise.reject(new Error("asked")) },
    canonical: canonicalMailbox,
  };
  const petya = mailbox("petya@test.ru");
  assertEquals(await mayUse(petya, mailbox("Petya@test.ru"), services), true);
  await assertRejects(
    () => mayUse(petya, mailbox("ivan@test.ru"), services),
    Error,
    "asked",
  );
});
