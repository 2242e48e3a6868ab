import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { decodeBase64 } from "../../src/sasl/base64.ts";
import { loginsOf } from "../../src/store/logins.ts";
import { openUsers } from "../../src/store/users.ts";
import { hastyClock } from "./hasty_clock.ts";
import { keptLog, mailbox } from "./fixtures.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PATH = "mail/.smtpd/users";
const SCRYPT = "scrypt$16$1$1$AAAA$" + "A".repeat(43) + "=";
const KEY = "A".repeat(43) + "=";
const SCRAM = `scram-sha-256$4096$AAAA$${KEY}$${KEY}`;
const CLOCK = hastyClock();
const COST = { cost: 16, blockSize: 1, parallelization: 1 };

function openFile(disk: MemoryDisk) {
  const log = keptLog();
  return openUsers({ path: PATH, disk, clock: CLOCK, log, cost: COST });
}

/** The users of a disk, and their logins. */
async function open(disk: MemoryDisk, secret = new Uint8Array(32)) {
  const users = await openFile(disk);
  const domain = "test.ru";
  return { users, logins: loginsOf({ users, secret, domain, cost: COST }) };
}

Deno.test("verify() knows a user by the address in any spelling", async () => {
  const { users, logins } = await open(memoryDisk(CLOCK.now));
  await users.add("Petya@test.ru", "12345");
  await users.add("caf\u00e9@b\u00fccher.example", "12345");
  const names = {
    "petya@test.ru": "petya@test.ru",
    "PETYA@Test.RU": "petya@test.ru",
    "petya": "petya@test.ru",
    "Petya": "petya@test.ru",
    "CAFE\u0301@B\u00dcCHER.example": "caf\u00e9@xn--bcher-kva.example",
    "caf\u00e9@xn--bcher-kva.example": "caf\u00e9@xn--bcher-kva.example",
  };
  for (const [name, address] of Object.entries(names)) {
    assertEquals(await logins.verify(name, "12345"), mailbox(address), name);
  }
});

Deno.test("verify() refuses wrong passwords and names that are nobody's", async () => {
  const { users, logins } = await open(memoryDisk(CLOCK.now));
  await users.add("petya@test.ru", "12345");
  for (const password of ["", "1234", "123456"]) {
    assertEquals(await logins.verify("petya", password), undefined);
  }
  const names = [
    "vasya@test.ru",
    "petya+tag@test.ru",
    "petya@",
    "petya@example.com",
    "@test.ru",
    "petya@test.ru@test.ru",
    "nonsense nonsense",
    "",
  ];
  for (const name of names) {
    assertEquals(await logins.verify(name, "12345"), undefined, name);
  }
});

Deno.test("verify() wants whole addresses where we have no domain", async () => {
  const users = await openFile(memoryDisk(CLOCK.now));
  await users.add("petya@test.ru", "12345");
  const logins = loginsOf({ users, secret: new Uint8Array(32), cost: COST });
  const petya = mailbox("petya@test.ru");
  assertEquals(await logins.verify("petya@test.ru", "12345"), petya);
  assertEquals(await logins.verify("petya", "12345"), undefined);
});

Deno.test("verify() lets a tag be a name where a user has it", async () => {
  const { users, logins } = await open(memoryDisk(CLOCK.now));
  await users.add("petya+tag@test.ru", "12345");
  assertEquals(
    await logins.verify("petya+tag", "12345"),
    mailbox("petya+tag@test.ru"),
  );
});

Deno.test("verify() lets nobody in who has no password", async () => {
  const disk = memoryDisk(CLOCK.now);
  disk.put(PATH, `petya@test.ru\nvasya@test.ru ${SCRAM} x$y\n`);
  const { logins } = await open(disk);
  for (const name of ["petya", "vasya"]) {
    for (const password of ["", "12345"]) {
      assertEquals(await logins.verify(name, password), undefined);
    }
  }
});

Deno.test("verify() and scramKeys() mind a new password at once", async () => {
  const disk = memoryDisk(CLOCK.now);
  const { users, logins } = await open(disk);
  await users.add("petya@test.ru", "old");
  const old = await logins.scramKeys("petya");
  const another = await openFile(disk);
  await another.passwd("petya@test.ru", "new");
  assertEquals(await logins.verify("petya", "old"), undefined);
  assertEquals(await logins.verify("petya", "new"), mailbox("petya@test.ru"));
  const { keys } = await logins.scramKeys("petya");
  assertNotEquals(keys.storedKey, old.keys.storedKey);
  await another.remove("petya@test.ru");
  assertEquals(await logins.verify("petya", "new"), undefined);
  assertEquals((await logins.scramKeys("petya")).mailbox, undefined);
});

Deno.test("scramKeys() finds what the users file says", async () => {
  const disk = memoryDisk(CLOCK.now);
  const { users, logins } = await open(disk);
  await users.add("petya@test.ru", "12345");
  const { keys, mailbox: whose } = await logins.scramKeys("PETYA");
  assertEquals(whose, mailbox("petya@test.ru"));
  const [, iterations, ...octets] = disk.text(PATH)!.trim().split(" ")[2]!
    .split("$");
  assertEquals(keys.iterations, Number(iterations));
  assertEquals(
    [keys.salt, keys.storedKey, keys.serverKey],
    octets.map((each) => decodeBase64(each)!),
  );
});

Deno.test("scramKeys() has a decoy for everybody else, the same at every start", async () => {
  const disk = memoryDisk(CLOCK.now);
  disk.put(PATH, `petya@test.ru ${SCRYPT}\n`);
  const { logins } = await open(disk);
  const { logins: restarted } = await open(disk);
  const { logins: other } = await open(disk, new Uint8Array(32).fill(1));
  for (const name of ["petya", "vasya@test.ru", "non sense", ""]) {
    const found = await logins.scramKeys(name);
    assertEquals(found.mailbox, undefined);
    assertEquals(await restarted.scramKeys(name), found);
    assertNotEquals(await other.scramKeys(name), found);
  }
  const salts = ["vasya", "VASYA@test.ru", "kolya"].map(async (name) =>
    (await logins.scramKeys(name)).keys.salt
  );
  const [vasya, again, kolya] = await Promise.all(salts);
  assertEquals(vasya, again);
  assertNotEquals(vasya, kolya);
});

Deno.test("everybodyHasScramKeys() minds those who have a password", async () => {
  const files = {
    "": true,
    "petya@test.ru": true,
    [`petya@test.ru x$y`]: true,
    [`petya@test.ru ${SCRAM}`]: true,
    [`petya@test.ru ${SCRYPT} ${SCRAM}\nvasya@test.ru`]: true,
    [`petya@test.ru ${SCRYPT} ${SCRAM}\nvasya@test.ru ${SCRYPT}`]: false,
    [`petya@test.ru ${SCRYPT} scram-sha-512$x`]: false,
  };
  for (const [text, everybody] of Object.entries(files)) {
    const disk = memoryDisk(CLOCK.now);
    disk.put(PATH, text);
    const { logins } = await open(disk);
    assertEquals(await logins.everybodyHasScramKeys(0), everybody, text);
  }
});

Deno.test("everybodyHasScramKeys() sees a password set later", async () => {
  const disk = memoryDisk(CLOCK.now);
  disk.put(PATH, `petya@test.ru ${SCRYPT}\n`);
  const { users, logins } = await open(disk);
  assert(!await logins.everybodyHasScramKeys(0));
  await users.passwd("petya@test.ru", "12345");
  assert(await logins.everybodyHasScramKeys(0));
});
