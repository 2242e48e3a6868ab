/** The owner of a queue and a postmaster in another process, both at work on the same messages. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Order } from "../../src/queue/order.ts";
import type { Queue, Queued, Settled } from "../../src/queue/queue.ts";
import { openSqliteQueue } from "../../src/queue/sqlite/open.ts";
import { disk } from "../../src/system/disk.ts";
import { fakeLog, letter, START, temporaryFolder } from "./fakes.ts";
import { countRows } from "./queue_folder.ts";

/** So many orders are obeyed while the owner works. */
const ORDERS = 300;

/** A postmaster's process, and what it has done so far. */
function postmaster(folder: string) {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write"],
      ...[new URL("postmaster.ts", import.meta.url).href, folder],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const done: { readonly order: Order; readonly id: string }[] = [];
  let ended = false;
  const reading = read().finally(() => ended = true);

  async function read(): Promise<void> {
    let rest = "";
    for await (
      const text of process.stdout.pipeThrough(new TextDecoderStream())
    ) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [kind, order, id = ""] = line.split(" ");
        if (kind === "done") done.push({ order: order as Order, id });
      }
    }
  }

  return {
    done,
    hasEnded: () => ended,
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await reading;
      assertEquals((await process.status).code, 0);
    },
  };
}

/** Puts messages and settles what is due, as a dispatcher does; returns what it settled. */
async function work(queue: Queue, until: () => boolean) {
  const put: string[] = [];
  /** The recipients that were delivered, by message. */
  const delivered = new Map<string, Set<number>>();
  for (let now = START; !until(); now += 1000) {
    const letters = [letter(["a@x.ru", "b@y.ru"]), letter(["c@x.ru"])];
    const due = await queue.due(now, 20);
    assertEquals(due.filter(({ order }) => order === "hold"), []);
    const settle = due.map((queued) => newsOf(queued, now));
    await queue.commit({ put: letters, settle, now });
    put.push(...letters.map(({ message }) => message.id));
    for (const { id, recipients } of settle) {
      const numbers = recipients.filter(({ status }) => status === "delivered")
        .map(({ recipient }) => recipient);
      const before = delivered.get(id) ?? new Set();
      delivered.set(id, before.union(new Set(numbers)));
    }
    const ids = [...due, ...letters].map(({ message }) => message.id);
    await queue.release(ids);
    await queue.changes();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { put, delivered };
}

/** Of the recipients that wait the first is delivered, and the others are tried again. */
function newsOf({ message: { id }, states, order }: Queued, now: number) {
  const waiting = states.flatMap(({ status }, number) =>
    status === "waiting" ? [number] : []
  );
  const recipients = waiting.map((recipient, at): Settled => {
    const said = { recipient, reply: "ok", host: "mx" };
    if (order === "bounce") return { ...said, status: "failed" };
    return at === 0 && states[recipient]!.attempts > 0
      ? { ...said, status: "delivered" }
      : { ...said, status: "deferred", until: now + 5000 };
  });
  return { id, at: now, recipients };
}

async function workBesidePostmaster(folder: string, queue: Queue) {
  await using other = postmaster(folder);
  const { done, hasEnded } = other;
  const isOver = () => hasEnded() || done.length >= ORDERS;
  return { done, ...await work(queue, isOver) };
}

Deno.test("the owner and a postmaster never undo what the other did", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const queue = await openSqliteQueue({ folder, disk, log: fakeLog() });
  const { done, put, delivered } = await workBesidePostmaster(folder, queue);

  const removed = new Set(
    done.filter(({ order }) => order === "remove").map(({ id }) => id),
  );
  const left = new Map(
    (await queue.list("", 100_000)).map((
      queued,
    ) => [queued.message.id, queued]),
  );
  for (const id of put) {
    const queued = left.get(id);
    // What was removed is gone for good; what is there has a recipient that waits.
    assert(!(removed.has(id) && queued), id);
    const statuses = queued?.states.map(({ status }) => status) ?? ["waiting"];
    assert(statuses.includes("waiting"), id);
    // Whoever was settled stays so, whatever was ordered at that moment.
    for (const number of delivered.get(id) ?? []) {
      if (queued) assertEquals(statuses[number], "delivered", id);
    }
    // The last order about a message is the one in force.
    const last = done.findLast((each) => each.id === id)?.order;
    const standing = last === "hold" || last === "bounce" ? last : undefined;
    if (queued) assertEquals(queued.order, standing, id);
  }
  await queue.changes();
  const rows = countRows(join(folder, "queue.db"));
  const orders = [...left.values()].filter(({ order }) => order).length;
  assertEquals([rows.standing_order, rows.changed], [orders, 0]);
  // Nothing is remembered of messages that are gone.
  const tries = [...left.values()].flatMap(({ states }) =>
    states.map(({ attempts }) => Math.min(attempts, 50))
  );
  assertEquals(rows.attempt, tries.reduce((sum, count) => sum + count, 0));
  await queue.close();
});
