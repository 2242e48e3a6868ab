import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { temporaryFolder } from "../../queue/fakes.ts";
import { arrival, countMail, countSunk } from "./arrivals.ts";

Deno.test("countMail() counts what is new in Maildirs, at any depth", async () => {
  await using folder = await temporaryFolder();
  for (const mailbox of ["test.ru/petya", "test.ru/vasya", "inbox"]) {
    for (const name of ["tmp", "new", "cur"]) {
      const path = join(folder.path, "mail", mailbox, name);
      await Deno.mkdir(path, { recursive: true });
      await Deno.writeTextFile(join(path, "message"), "Hi\r\n");
    }
  }
  await Deno.mkdir(join(folder.path, "mail/.smtpd/new"), { recursive: true });
  await Deno.writeTextFile(join(folder.path, "mail/.smtpd/new/no"), "");
  assertEquals(countMail({ folder: folder.path }), 3);
});

Deno.test("countSunk() reads the last whole count of smtp-sink", async () => {
  await using folder = await temporaryFolder();
  const log = join(folder.path, "log");
  const said = (...counts: number[]) =>
    counts.map((count) => `sess=9 quit=9 mesg=${count}\r`).join("");
  for (
    const [text, count] of [
      ["", 0],
      [said(1), 1],
      [said(...Array.from({ length: 500 }, (_, n) => n + 1)), 500],
      [`${said(41)}sess=9 quit=9 mesg=4`, 41],
    ] as const
  ) {
    await Deno.writeTextFile(log, text);
    assertEquals(countSunk({ folder: folder.path }), count);
  }
});

Deno.test("arrival() waits until as many are there as are expected", async () => {
  const counts = [0, 2, 3, 5];
  const start = Date.now();
  const end = await arrival(() => counts.shift()!, 4);
  assertEquals(counts, []);
  assertEquals(end >= start && end <= Date.now(), true);
});
