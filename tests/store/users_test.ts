import { assert, assertEquals, assertRejects } from "@std/assert";
import { formatMailbox } from "../../src/smtp/address.ts";
import { isPassword } from "../../src/store/password.ts";
import { openUsers } from "../../src/store/users.ts";
import { hastyClock } from "./hasty_clock.ts";
import { keptLog, mailbox } from "./fixtures.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PATH = "mail/.smtpd/users";
const KEY = "A".repeat(43) + "=";
const CREDENTIAL = "scrypt$16$1$1$AAAA$" + KEY;

function open(disk: MemoryDisk) {
  return openUsers({
    path: PATH,
    disk,
    clock: hastyClock(),
    log: keptLog(),
    cost: { cost: 16, blockSize: 1, parallelization: 1 },
  });
}

/** The credentials in the file's line with this number. */
function credentialsIn(disk: MemoryDisk, line = 0): readonly string[] {
  return disk.text(PATH)!.split("\n")[line]!.split(" ").slice(1);
}

Deno.test("openUsers() adds a user and stores their password for both ways to log in", async () => {
  const disk = memoryDisk();
  const users = await open(disk);
  await users.add("Petya@TEST.ru", "12345");
  assertEquals(await users.list(), ["petya@test.ru"]);
  assert(await users.has(mailbox("PETYA@test.ru")));
  const [scrypt, scram, ...more] = credentialsIn(disk);
  assert(await isPassword("12345", scrypt!));
  assert(/^scram-sha-256\$65536(\$[^$]+){3}$/.test(scram!));
  assertEquals(more, []);
});

Deno.test("openUsers() salts every password differently", async () => {
  const disk = memoryDisk();
  const users = await open(disk);
  await users.add("a@test.ru", "12345");
  await users.add("b@test.ru", "12345");
  const salts = [0, 1].flatMap((line) => {
    const [scrypt, scram] = credentialsIn(disk, line);
    return [scrypt!.split("$")[4], scram!.split("$")[2]];
  });
  assertEquals(new Set(salts).size, 4);
});

Deno.test("openUsers() reads past a comment at the end of a line", async () => {
  const disk = memoryDisk();
  disk.put(
    PATH,
    `petya@test.ru # our first
vasya@test.ru ${CREDENTIAL} # a$b
"a #b"@test.ru
`,
  );
  const users = await open(disk);
  assertEquals(await users.list(), [
    "petya@test.ru",
    "vasya@test.ru",
    '"a #b"@test.ru',
  ]);
});

Deno.test("passwd() makes the old password worthless, in every scheme", async () => {
  const disk = memoryDisk();
  disk.put(PATH, `petya@test.ru ${CREDENTIAL} x$secret\n`);
  const users = await open(disk);
  await users.passwd("petya@test.ru", "new");
  const [scrypt, scram, ...more] = credentialsIn(disk);
  assert(await isPassword("new", scrypt!));
  assert(scram!.startsWith("scram-sha-256$"));
  assertEquals(more, []);
});

Deno.test("openUsers() keeps what it does not know of other users", async () => {
  const disk = memoryDisk();
  const text = `# ours\npetya@test.ru ${CREDENTIAL} scram-sha-512$secret x$\n`;
  disk.put(PATH, text);
  const users = await open(disk);
  await users.add("vasya@test.ru", "12345");
  await users.passwd("vasya@test.ru", "54321");
  await users.remove("vasya@test.ru");
  assertEquals(disk.text(PATH), text);
});

Deno.test("openUsers() keeps addresses that need quotes apart from what follows", async () => {
  const disk = memoryDisk();
  const users = await open(disk);
  const addresses = [
    '"a b"@test.ru',
    '"a\\"b"@test.ru',
    '"#a"@test.ru',
    "я@test.ru",
  ];
  for (const address of addresses) await users.add(address, "12345");
  const again = await open(disk);
  assertEquals(
    await again.list(),
    addresses.map((address) => formatMailbox(mailbox(address))),
  );
  for (const { credentials } of (await again.entries(0)).values()) {
    assertEquals(credentials.length, 2);
  }
});

Deno.test("openUsers() says what is wrong with a request", async () => {
  const users = await open(memoryDisk());
  await users.add("petya@test.ru", "12345");
  const faults: readonly [() => Promise<void>, string][] = [
    [
      () => users.add("PETYA@test.ru", "x"),
      'Cannot add user "petya@test.ru": there is one already',
    ],
    [() => users.add("petya", "x"), 'Cannot use "petya": it is not an address'],
    [() => users.add("vasya@test.ru", ""), "Cannot set password: it is empty"],
    [
      () => users.add("vasya@test.ru", "\u00ad"),
      "Cannot set password: it is empty",
    ],
    [
      () => users.add("vasya@test.ru", "a\tb"),
      "Cannot set password: it has control characters",
    ],
    [
      () => users.passwd("petya@test.ru", "\0"),
      "Cannot set password: it has control characters",
    ],
    [
      () => users.passwd("petya@test.ru", ""),
      "Cannot set password: it is empty",
    ],
    [
      () => users.passwd("vasya@test.ru", "x"),
      'Cannot set password of "vasya@test.ru": there is no such user',
    ],
    [
      () => users.remove("vasya@test.ru"),
      'Cannot remove "vasya@test.ru": there is no such user',
    ],
  ];
  for (const [request, message] of faults) {
    await assertRejects(request, Error, message);
  }
  assertEquals(await users.list(), ["petya@test.ru"]);
});

Deno.test("openUsers() reads back every address that it takes", async () => {
  const disk = memoryDisk();
  const addresses = [
    "#1@test.ru",
    "\u00a0petya\u00a0@test.ru",
    "a\u3000@test.ru",
    '"a #b"@test.ru',
    "\ufeffpetya@test.ru",
  ];
  for (const address of addresses) {
    await (await open(disk)).add(address, "12345");
  }
  assertEquals(await (await open(disk)).list(), addresses);
  // The first line doesn't start as a file in UTF-8 may.
  for (const address of addresses.slice(0, -1)) {
    await (await open(disk)).remove(address);
  }
  assertEquals(await (await open(disk)).list(), addresses.slice(-1));
});

Deno.test("openUsers() says which line is malformed", async () => {
  const faults = {
    "petya": "line 1: it does not start with an address",
    "# x\npetya@test.ru 12345": "line 2: a credential has no scheme",
    "petya@test.ru scrypt$1$2$3": "line 1: it is not scrypt$N$r$p$salt$hash",
    "petya@test.ru $x": "line 1: a credential has no scheme",
    [`petya@test.ru scram-sha-256$4095$AAAA$${KEY}$${KEY}`]:
      "line 1: it is not scram-sha-256$iterations$salt$storedKey$serverKey",
    "petya@test.ru\nPetya@Test.ru": "line 2: petya@test.ru has line 1 already",
  };
  for (const [text, message] of Object.entries(faults)) {
    const disk = memoryDisk();
    disk.put(PATH, text);
    await assertRejects(() => open(disk), Error, message);
  }
});

Deno.test("openUsers() sees users that another program adds and removes", async () => {
  const disk = memoryDisk();
  const [server, command] = [await open(disk), await open(disk)];
  await command.add("petya@test.ru", "12345");
  assert(await server.has(mailbox("petya@test.ru")));
  await command.remove("petya@test.ru");
  assert(!await server.has(mailbox("petya@test.ru")));
});
