import { assert, assertEquals, assertRejects } from "@std/assert";
import { openMaildir } from "../../src/store/maildir.ts";
import { hastyClock } from "./hasty_clock.ts";
import { mail, mailbox } from "./fixtures.ts";
import { diskError, type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PETYA = mailbox("Petya@Test.RU");
const NAME = "1793696700.Q1AR0.mx.test.ru";
const NEW = `mail/test.ru/petya/new/${NAME}`;
const CUR = `mail/test.ru/petya/cur/${NAME}`;
const TMP = `mail/test.ru/petya/tmp/${NAME}`;
const HOUR = 60 * 60 * 1000;

function open(disk: MemoryDisk, hostname = "mx.test.ru") {
  return openMaildir({ root: "mail", hostname, disk, clock: hastyClock() });
}

Deno.test("openMaildir() keeps a message byte for byte, under its header", async () => {
  const disk = memoryDisk();
  await open(disk).deliver(PETYA, mail("Subject: Hi\r\n\r\nFrom me\r\n"));
  assertEquals(disk.files(), [NEW]);
  assertEquals(
    disk.text(NEW),
    "Return-Path: <vasya@test.ru>\r\nSubject: Hi\r\n\r\nFrom me\r\n",
  );
});

Deno.test("openMaildir() takes content from a file, piece by piece", async () => {
  const disk = memoryDisk();
  disk.put("spool/1A", "Subject: Long\r\n\r\nLong, as messages go\r\n");
  const content = { kind: "file", path: "spool/1A" } as const;
  await open(disk).deliver(PETYA, mail("", { content, header: "X: y\r\n" }));
  assertEquals(disk.text(NEW), "X: y\r\n" + disk.text("spool/1A"));
});

Deno.test("openMaildir() makes a message durable, and its folder", async () => {
  const disk = memoryDisk();
  await open(disk).deliver(PETYA, mail("Hi\r\n"));
  const after = disk.crash();
  assert(after.text(NEW)?.endsWith("Hi\r\n"));
  assert((await after.stat("mail/test.ru/petya/cur"))?.folder);
});

Deno.test("openMaildir() does no more than it must once it knows a folder", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await store.deliver(PETYA, mail("One\r\n", { id: "1" }));
  disk.trace.length = 0;
  await store.deliver(PETYA, mail("Two\r\n"));
  assertEquals(disk.trace, [
    `create ${TMP}`,
    `write ${TMP}`,
    `sync ${TMP}`,
    `rename ${TMP} ${NEW}`,
    "syncFolder mail/test.ru/petya/new",
  ]);
  assertEquals(disk.open, 0);
});

Deno.test("openMaildir() shares folder syncs among concurrent deliveries", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await store.deliver(PETYA, mail("First\r\n", { id: "0" }));
  disk.trace.length = 0;
  await Promise.all(
    Array.from(
      { length: 20 },
      (_, number) => store.deliver(PETYA, mail("Hi\r\n", { number })),
    ),
  );
  const syncs = disk.trace.filter((each) => each.startsWith("syncFolder"));
  assert(syncs.length <= 2, `${syncs.length} syncs`);
  assertEquals(disk.crash().files().length, 21);
});

Deno.test("openMaildir() replaces what an attempt before a crash has delivered", async () => {
  const disk = memoryDisk();
  await open(disk).deliver(PETYA, mail("Hi\r\n"));
  await open(disk).deliver(PETYA, mail("Hi\r\n", { again: true }));
  assertEquals(disk.files(), [NEW]);
});

Deno.test("openMaildir() does not bring back a message that was read meanwhile", async () => {
  for (const suffix of ["", ":2,S", ";2,RS"]) {
    const disk = memoryDisk();
    disk.put(CUR + suffix, "read");
    await open(disk).deliver(PETYA, mail("Hi\r\n", { again: true }));
    assertEquals(disk.files(), [CUR + suffix]);
  }
  const disk = memoryDisk();
  disk.put(CUR + "0:2,S", "another message");
  await open(disk).deliver(PETYA, mail("Hi\r\n", { again: true }));
  assertEquals(disk.files(), [CUR + "0:2,S", NEW]);
});

Deno.test("openMaildir() makes durable what an attempt before a crash has delivered", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await store.deliver(PETYA, mail("Other\r\n", { id: "0" }));
  disk.before = (operation) => {
    if (operation === "syncFolder") throw diskError("EIO", "killed");
  };
  await assertRejects(() => store.deliver(PETYA, mail("Hi\r\n")));
  assertEquals(disk.crash().text(NEW), undefined);
  disk.before = () => {};
  await open(disk).deliver(PETYA, mail("Hi\r\n", { again: true }));
  assert(disk.crash().text(NEW)?.endsWith("Hi\r\n"));
});

Deno.test("openMaildir() keeps odd host names out of file names", async () => {
  const disk = memoryDisk();
  await open(disk, "[IPv6:::1]/x").deliver(PETYA, mail("Hi\r\n"));
  const [path] = disk.files();
  assert(path!.endsWith("/new/1793696700.Q1AR0.%5B%49%50v6%3A%3A%3A1%5D%2Fx"));
});

Deno.test("openMaildir() leaves nothing behind when it fails", async () => {
  for (const failing of ["write", "sync", "rename"]) {
    const disk = memoryDisk();
    disk.before = (operation) => {
      if (operation === failing) throw diskError("ENOSPC", "mail");
    };
    await assertRejects(
      () => open(disk).deliver(PETYA, mail("Hi\r\n")),
      Error,
      "ENOSPC",
    );
    assertEquals(disk.files(), []);
    assertEquals(disk.open, 0);
  }
});

Deno.test("openMaildir() writes over the half-written file of a crash", async () => {
  const disk = memoryDisk();
  disk.put(TMP, "half of it", hastyClock().now());
  await open(disk).deliver(PETYA, mail("Hi\r\n"));
  assertEquals(disk.files(), [NEW]);
});

Deno.test("openMaildir() makes no new mail folder in place of one that is gone", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await store.deliver(PETYA, mail("One\r\n", { id: "1" }));
  await disk.rename("mail", "elsewhere");
  for (const to of [PETYA, mailbox("vasya@other.ru")]) {
    await assertRejects(
      () => store.deliver(to, mail("Two\r\n", { id: "2" })),
      Error,
      'Mail folder "mail" is gone',
    );
  }
  assertEquals(await disk.stat("mail"), undefined);
  await disk.rename("elsewhere", "mail");
  await store.deliver(PETYA, mail("Two\r\n", { id: "2" }));
});

Deno.test("openMaildir() makes a folder again that was removed under it", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await store.deliver(PETYA, mail("One\r\n", { id: "1" }));
  await disk.remove("mail/test.ru");
  await Promise.all([
    store.deliver(PETYA, mail("Two\r\n", { id: "2" })),
    store.deliver(PETYA, mail("Three\r\n", { id: "3" })),
  ]);
  assertEquals(disk.crash().files().length, 2);
});

Deno.test("openMaildir() tries a folder again that could not be made", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  disk.before = (operation) => {
    if (operation === "makeFolder") throw diskError("EACCES", "mail");
  };
  await assertRejects(
    () => store.deliver(PETYA, mail("Hi\r\n")),
    Error,
    "EACCES",
  );
  disk.before = () => {};
  await store.deliver(PETYA, mail("Hi\r\n"));
  assertEquals(disk.files(), [NEW]);
});

Deno.test("openMaildir() removes what crashes left in tmp more than 36 hours ago", async () => {
  const disk = memoryDisk();
  const now = hastyClock().now();
  disk.put("mail/test.ru/petya/tmp/old", "half", now - 37 * HOUR);
  disk.put("mail/test.ru/petya/tmp/young", "half", now - 35 * HOUR);
  await open(disk).deliver(PETYA, mail("Hi\r\n"));
  assertEquals(disk.files(), [NEW, "mail/test.ru/petya/tmp/young"]);
});

Deno.test("openMaildir() says when an mbox file is where the folder should be", async () => {
  const disk = memoryDisk();
  disk.put("mail/test.ru/petya", "From …");
  await assertRejects(
    () => open(disk).deliver(PETYA, mail("Hi\r\n")),
    Error,
    'Cannot make folder "mail/test.ru/petya": a file has this name',
  );
});

/** What a crash left of a delivery, with the ID of its message. */
function litter(id: string): string {
  return `mail/test.ru/petya/tmp/1793696700.Q${id}R0.old.test.ru`;
}

const UNKNOWN = "0APMTSAR82T";
const QUEUED = "0APMTSAR82V";
const { signal: GOING_ON } = new AbortController();

Deno.test("tidy() removes what a crash left, and nothing else", async () => {
  const disk = memoryDisk();
  disk.put(litter(UNKNOWN), "half a mess");
  const others = [
    litter(QUEUED),
    "mail/.smtpd/users",
    `mail/lost+found/petya/tmp/1793696700.Q${UNKNOWN}R0.mx.test.ru`,
    "mail/other.test/masha",
    "mail/test.ru/note.txt",
    `mail/test.ru/petya/new/1793696700.Q${UNKNOWN}R0.mx.test.ru`,
    "mail/test.ru/petya/tmp/1793696700.P7Q1.another-program",
  ].sort();
  for (const path of others) disk.put(path, "");
  const store = open(disk);
  await store.tidy((id) => Promise.resolve(id === QUEUED), GOING_ON);
  assertEquals(disk.files(), others);
});

Deno.test("tidy() leaves alone what is being written", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  const written = Promise.withResolvers<void>();
  const tidied = Promise.withResolvers<void>();
  disk.before = (operation, path) => {
    if (operation !== "sync" || !path.includes(UNKNOWN)) return;
    written.resolve();
    return tidied.promise;
  };
  const delivered = store.deliver(PETYA, mail("Hi\r\n", { id: UNKNOWN }));
  await written.promise;
  await store.tidy(() => Promise.resolve(false), GOING_ON);
  tidied.resolve();
  await delivered;
  assertEquals(disk.files().length, 1);
});

Deno.test("tidy() throws what one folder throws when it has done the others", async () => {
  const disk = memoryDisk();
  disk.put("mail/a.test/petya/tmp/x", "");
  disk.put(litter(UNKNOWN), "");
  disk.before = (operation, path) => {
    if (operation === "list" && path === "mail/a.test") {
      throw diskError("EACCES", path);
    }
  };
  const store = open(disk);
  await assertRejects(() => store.tidy(() => Promise.resolve(false), GOING_ON));
  assertEquals(disk.files(), ["mail/a.test/petya/tmp/x"]);
});

Deno.test("tidy() ends when it is told to", async () => {
  const disk = memoryDisk();
  disk.put(litter(UNKNOWN), "");
  const store = open(disk);
  await store.tidy(() => Promise.resolve(false), AbortSignal.abort());
  assertEquals(disk.files(), [litter(UNKNOWN)]);
});
