/** How fast Maildirs take messages, each a file that is synced. */
import { join } from "node:path";
import { makeIds } from "../../src/queue/id.ts";
import { openMaildir } from "../../src/store/maildir.ts";
import type { StoredMail } from "../../src/store/mail_store.ts";
import { clock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";

const folder = await Deno.makeTempDir();
const root = join(folder, "mail");
const maildir = openMaildir({ root, hostname: "test.ru", disk, clock });
const nextId = makeIds({ clock, random: Math.random });
const bytes = new Uint8Array(4096).fill(65);

addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

function letter(): StoredMail {
  return {
    id: nextId(),
    number: 0,
    receivedAt: clock.now(),
    sender: "denis@client.example",
    header: "Return-Path: <denis@client.example>\r\n",
    content: { kind: "bytes", bytes },
    again: false,
  };
}

for (const count of [1, 50]) {
  Deno.bench(`Maildir: ${count} of 4 KiB to one mailbox, durable`, async () => {
    await Promise.all(
      Array.from(
        { length: count },
        () => maildir.deliver({ local: "petya", domain: "test.ru" }, letter()),
      ),
    );
  });
}

Deno.bench("Maildir: 50 of 4 KiB to 50 mailboxes, durable", async () => {
  await Promise.all(
    Array.from(
      { length: 50 },
      (_, number) =>
        maildir.deliver(
          { local: `user${number}`, domain: "test.ru" },
          letter(),
        ),
    ),
  );
});
