import { setImmediate } from "node:timers";
import type { Log } from "../../src/ports/log.ts";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import { makeIds } from "../../src/queue/id.ts";
import type { Put, Settlement } from "../../src/queue/queue.ts";
import { openSqliteQueue } from "../../src/queue/sqlite/open.ts";
import { clock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const folder = await Deno.makeTempDir();
const queue = await openSqliteQueue({ folder, disk, log: silent });
const commits = makeGroupCommit({
  queue,
  clock,
  log: silent,
  turn: (task) => {
    setImmediate(task);
  },
});
const nextId = makeIds({ clock, random: Math.random });
const mailbox = { local: "petya", domain: "test.ru" };
const bytes = new Uint8Array(4096).fill(65);

addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

function letter(): Put {
  const id = nextId();
  return {
    message: {
      id,
      from: mailbox,
      receivedAt: clock.now(),
      size: bytes.length,
      smtputf8: false,
      body: "7BIT",
      session: id,
      client: { address: "127.0.0.1", helo: "client.test.ru" },
      recipients: [{ number: 0, address: mailbox, original: mailbox }],
    },
    content: { kind: "bytes", bytes },
  };
}

function delivered({ message: { id } }: Put): Settlement {
  return {
    id,
    at: clock.now(),
    recipients: [{
      status: "delivered",
      recipient: 0,
      reply: "250 2.1.5 Ok",
      host: "local",
    }],
  };
}

for (const size of [1, 25, 50]) {
  let before: readonly Put[] = [];
  Deno.bench(
    `queue: put ${size} of 4 KiB and settle ${size}, durable`,
    async () => {
      const put = Array.from({ length: size }, letter);
      const settle = before.map(delivered);
      await queue.commit({ put, settle, now: clock.now() });
      before = put;
    },
  );
}

Deno.bench("group commit: 50 messages at once, put and settled", async () => {
  await Promise.all(Array.from({ length: 50 }, async () => {
    const put = letter();
    await commits.put(put.message, put.content);
    void commits.settle(delivered(put));
  }));
});

Deno.bench("group commit: a lone message", async () => {
  const put = letter();
  await commits.put(put.message, put.content);
  void commits.settle(delivered(put));
});
