/** What our program is in the middle of when its load comes. */
import { join } from "node:path";
import type { Log } from "../../../src/ports/log.ts";
import { makeIds } from "../../../src/queue/id.ts";
import type { Put, Settlement } from "../../../src/queue/queue.ts";
import { openSqliteQueue } from "../../../src/queue/sqlite/open.ts";
import { clock } from "../../../src/system/clock.ts";
import { disk } from "../../../src/system/disk.ts";
import { messageText } from "./message.ts";
import { DOMAIN, mailFolder, type Site } from "./peer.ts";
import { output } from "./programs.ts";
import { REMOTE_RECIPIENT } from "./recipients.ts";

/** Something that there is a great deal in. */
export type Amid = "full queue" | "full mailbox";

/** How much a great deal is. */
const MANY = 100_000;

/** Messages put into the queue by one commit, or files made at once. */
const AT_ONCE = 1_000;

/** Makes a site ready; gives how many messages are in its Maildirs then. */
export async function prepare(
  amid: Amid | undefined,
  site: Pick<Site, "folder">,
): Promise<number> {
  switch (amid) {
    case undefined:
      return 0;
    case "full queue":
      await fillQueue(join(mailFolder(site), ".smtpd"));
      return 0;
    case "full mailbox":
      await fillMailbox(join(mailFolder(site), DOMAIN, "petya", "new"));
      return MANY;
    default:
      return amid satisfies never;
  }
}

/** Milliseconds that `smtpd queue list` takes over the queue of a site. */
export async function timeList(site: Pick<Site, "folder">): Promise<number> {
  const main = new URL("../../../main.ts", import.meta.url).pathname;
  const mail = mailFolder(site);
  const start = performance.now();
  await output(
    Deno.execPath(),
    ...["run", "--allow-read", "--allow-write", main],
    ...["queue", "list", "--mail-dir", mail],
  );
  return performance.now() - start;
}

/** Messages that were tried once and are due tomorrow. */
async function fillQueue(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const nextId = makeIds({ clock, random: Math.random });
  const queue = await openSqliteQueue({ folder, disk, log: SILENT });
  const text = messageText(REMOTE_RECIPIENT, 4096).slice(0, -3);
  for (let count = 0; count < MANY; count += AT_ONCE) {
    const put = Array.from({ length: AT_ONCE }, () => letter(nextId(), text));
    const settle = put.map(({ message }) => deferral(message.id));
    await queue.commit({ put, settle, now: clock.now() });
  }
  await queue.close();
}

function letter(id: string, bytes: Uint8Array<ArrayBuffer>): Put {
  const [local = "", domain = ""] = REMOTE_RECIPIENT.split("@");
  const address = { local, domain };
  const message = {
    id,
    from: { local: "vasya", domain: "client.test" },
    receivedAt: clock.now(),
    size: bytes.length,
    smtputf8: false,
    body: "7BIT",
    session: id,
    client: { address: "127.0.0.1", helo: "client.test" },
    recipients: [{ number: 0, address, original: address }],
  } as const;
  return { message, content: { kind: "bytes", bytes } };
}

function deferral(id: string): Settlement {
  const at = clock.now();
  return {
    id,
    at,
    recipients: [{
      status: "deferred",
      recipient: 0,
      reply: "451 4.4.1 Connection refused",
      host: "mx.another.test",
      until: at + 24 * 60 * 60 * 1000,
    }],
  };
}

async function fillMailbox(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (let count = 0; count < MANY; count += AT_ONCE) {
    await Promise.all(
      Array.from(
        { length: AT_ONCE },
        (_, at) => Deno.writeTextFile(join(folder, `${count + at}.old`), "Hi"),
      ),
    );
  }
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
