/**
 * A postmaster in a process of his own: gives orders at random about the messages of the queue in a
 * folder until standard input ends, and prints what became of each order.
 */

import type { Order } from "../../src/queue/order.ts";
import { openSqliteOversight } from "../../src/queue/sqlite/oversight.ts";
import { clock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";
import { fakeLog } from "./fakes.ts";

const ORDERS: readonly Order[] = [
  ...["retry", "hold", "release", "bounce", "hold", "release"] as const,
  ...["retry", "retry", "release", "remove"] as const,
];

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}

const [folder = "."] = Deno.args;
const oversight = await openSqliteOversight({ folder, disk, log: fakeLog() });
let ended = false;
const end = Deno.stdin.read(new Uint8Array(1)).then(() => ended = true);
while (!ended) {
  const queued = pick(await oversight.list("", 50));
  const order = pick(ORDERS);
  if (queued && !("damage" in queued) && order) {
    const { id } = queued.message;
    const [result] = await oversight.apply(order, [id], clock.now());
    const line = `${result?.kind} ${order} ${id}\n`;
    await Deno.stdout.write(new TextEncoder().encode(line));
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}
await end;
await oversight.close();
