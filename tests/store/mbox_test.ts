import { assert, assertEquals, assertRejects } from "@std/assert";
import { openMbox } from "../../src/store/mbox.ts";
import { hastyClock } from "./hasty_clock.ts";
import { mail, mailbox } from "./fixtures.ts";
import { diskError, type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PETYA = mailbox("Petya@Test.RU");
const PATH = "mail/test.ru/petya";
const LOCK = `${PATH}.lock`;
const OLD = "From a@b.test Sun Nov  1 00:00:00 2026\n\nOld\n\n";
const MESSAGE = `From vasya@test.ru Tue Nov  3 09:05:00 2026
Return-Path: <vasya@test.ru>
Subject: Hi

>From me

`;
const HI = mail("Subject: Hi\r\n\r\nFrom me\r\n");

function open(disk: MemoryDisk) {
  return openMbox({ root: "mail", disk, clock: hastyClock() });
}

Deno.test("openMbox() adds a message to the mailbox's file", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD);
  await open(disk).deliver(PETYA, HI);
  assertEquals(disk.text(PATH), OLD + MESSAGE);
  assertEquals(disk.files(), [PATH]);
  assertEquals(disk.open, 0);
});

Deno.test("openMbox() takes content from a file, piece by piece", async () => {
  const disk = memoryDisk();
  disk.put("spool/1A", "Subject: Hi\r\n\r\nFrom me\r\n");
  const content = { kind: "file", path: "spool/1A" } as const;
  await open(disk).deliver(PETYA, { ...HI, content });
  assertEquals(disk.text(PATH), MESSAGE);
});

Deno.test("openMbox() names the sender in the From_ line so that it stays one word", async () => {
  const senders = {
    "": "MAILER-DAEMON",
    '"a b\u00A0c"@test.ru': '"a_b_c"@test.ru',
    "петя@пример.рф": "петя@пример.рф",
  };
  for (const [sender, word] of Object.entries(senders)) {
    const disk = memoryDisk();
    await open(disk).deliver(PETYA, mail("Hi\r\n", { sender }));
    assert(
      disk.text(PATH)!.startsWith(`From ${word} Tue Nov  3 09:05:00 2026\n`),
    );
  }
});

Deno.test("openMbox() makes messages durable, and leaves no lock to come back", async () => {
  const disk = memoryDisk();
  await open(disk).deliver(PETYA, HI);
  const after = disk.crash();
  assertEquals(after.text(PATH), MESSAGE);
  assertEquals(after.files(), [PATH]);
});

Deno.test("openMbox() adds the messages for a mailbox one after another", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await Promise.all(
    Array.from(
      { length: 10 },
      (_, number) => store.deliver(PETYA, { ...HI, number }),
    ),
  );
  assertEquals(disk.text(PATH), MESSAGE.repeat(10));
});

Deno.test("openMbox() waits for other programs, and not for ever", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD);
  disk.put(LOCK, "0", hastyClock().now());
  await assertRejects(
    () => open(disk).deliver(PETYA, HI),
    Error,
    "Cannot take lock",
  );
  assertEquals(disk.text(PATH), OLD);
  assertEquals(disk.text(LOCK), "0");
});

Deno.test("openMbox() cuts the file back when writing fails", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD);
  let writes = 0;
  disk.before = (operation, path) => {
    if (operation === "write" && path === PATH && ++writes === 3) {
      throw diskError("ENOSPC", path);
    }
  };
  await assertRejects(() => open(disk).deliver(PETYA, HI), Error, "ENOSPC");
  assertEquals(disk.text(PATH), OLD);
  assertEquals(disk.files(), [PATH]);
  assertEquals(disk.open, 0);
});

Deno.test("openMbox() cuts off later what it could not cut off at once", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD);
  let broken = false;
  disk.before = (operation, path) => {
    if (path !== PATH) return;
    broken ||= operation === "sync";
    if (broken) throw diskError("EIO", path);
  };
  const store = open(disk);
  await assertRejects(() => store.deliver(PETYA, HI), Error, "EIO");
  assert(disk.text(PATH)!.length > OLD.length);
  disk.before = () => {};
  await store.deliver(PETYA, HI);
  assertEquals(disk.text(PATH), OLD + MESSAGE);
});

Deno.test("openMbox() never loses nor halves a message, wherever the power fails", async () => {
  for (const kept of [0, 0.3, 1]) {
    let over = false;
    for (let steps = 0; !over; steps++) {
      const disk = memoryDisk();
      disk.put(PATH, OLD);
      disk.before = () => {
        if (disk.trace.length >= steps) throw diskError("EIO", "off");
      };
      over = await open(disk).deliver(PETYA, HI).then(() => true, () => false);
      const after = disk.crash(kept);
      await open(after).deliver(PETYA, { ...HI, again: true });
      const text = after.text(PATH);
      const twice = OLD + MESSAGE + MESSAGE;
      assert(
        text === OLD + MESSAGE || text === twice,
        `${kept} kept after ${steps} steps: ${text}`,
      );
      assertEquals(after.files(), [PATH]);
    }
  }
});

Deno.test("openMbox() waits for no lock of its own, wherever it was killed", async () => {
  let over = false;
  for (let steps = 0; !over; steps++) {
    const disk = memoryDisk();
    disk.put(PATH, OLD);
    disk.before = () => {
      if (disk.trace.length >= steps) throw diskError("EIO", "killed");
    };
    over = await open(disk).deliver(PETYA, HI).then(() => true, () => false);
    disk.before = () => {};
    const clock = hastyClock();
    const start = clock.now();
    await openMbox({ root: "mail", disk, clock })
      .deliver(PETYA, { ...HI, again: true });
    assertEquals(clock.now(), start, `after ${steps} steps`);
    const text = disk.text(PATH);
    assert(text === OLD + MESSAGE || text === OLD + MESSAGE + MESSAGE, text);
    assertEquals(disk.files(), [PATH]);
  }
});

Deno.test("openMbox() locks where files can't have two names", async () => {
  const disk = memoryDisk();
  disk.before = (operation) => {
    if (operation === "link") throw diskError("ENOTSUP", PATH);
  };
  await open(disk).deliver(PETYA, HI);
  assertEquals(disk.text(PATH), MESSAGE);
  assertEquals(disk.files(), [PATH]);
  assertEquals(disk.open, 0);
});

Deno.test("openMbox() cuts off nothing that a mail reader has written meanwhile", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD + OLD + OLD);
  disk.put(
    LOCK,
    `smtpd ${OLD.length} From vasya@test.ru Tue Nov  3 09:05:00 2026\n`,
  );
  await open(disk).deliver(PETYA, HI);
  assertEquals(disk.text(PATH), OLD + OLD + OLD + MESSAGE);
});

Deno.test("openMbox() cuts off zeros where a message was to be", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD + "From va" + "\0".repeat(100));
  disk.put(
    LOCK,
    `smtpd ${OLD.length} From vasya@test.ru Tue Nov  3 09:05:00 2026\n`,
  );
  await open(disk).deliver(PETYA, HI);
  assertEquals(disk.text(PATH), OLD + MESSAGE);
});

Deno.test("openMbox() makes no new mail folder in place of one that is gone", async () => {
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

Deno.test("openMbox() makes a folder again that was removed under it", async () => {
  const disk = memoryDisk();
  const store = open(disk);
  await store.deliver(PETYA, HI);
  await disk.remove("mail/test.ru");
  await store.deliver(PETYA, HI);
  assertEquals(disk.crash().text(PATH), MESSAGE);
});

Deno.test("openMbox() makes durable a folder that an earlier run made and never synced", async () => {
  const disk = memoryDisk();
  await disk.makeFolder("mail/test.ru");
  await disk.syncFolder("");
  await open(disk).deliver(PETYA, HI);
  assertEquals(disk.crash().text(PATH), MESSAGE);
});

Deno.test("openMbox() makes durable what an earlier run cut off and never synced", async () => {
  const disk = memoryDisk();
  disk.put(PATH, OLD);
  disk.put(LOCK, `smtpd ${OLD.length} ${MESSAGE.split("\n")[0]}\n`);
  await open(disk).deliver(PETYA, HI);
  const synced = disk.trace.indexOf(`sync ${PATH}`);
  assert(synced >= 0 && synced < disk.trace.indexOf(`remove ${LOCK}`));
});
