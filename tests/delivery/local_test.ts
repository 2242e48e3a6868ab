import { assertEquals } from "@std/assert";
import { localDelivery } from "../../src/delivery/local.ts";
import type { Delivery } from "../../src/queue/delivery.ts";
import type { MailStore, StoredMail } from "../../src/store/mail_store.ts";
import { formatMailbox } from "../../src/smtp/address.ts";
import { letter, START } from "../queue/fakes.ts";
import { diskError } from "../store/memory_disk.ts";

function delivery(addresses: readonly string[], again = false): Delivery {
  const { message, content } = letter(addresses);
  const { recipients } = message;
  return { lane: "local", message, content, recipients, again };
}

/** A store that keeps what it is given and fails for the addresses in `failures`. */
function fakeStore(failures: Readonly<Record<string, Error>> = {}) {
  const kept: [address: string, mail: StoredMail][] = [];
  const store: Pick<MailStore, "deliver"> = {
    deliver(to, mail) {
      const address = formatMailbox(to);
      if (failures[address]) return Promise.reject(failures[address]);
      kept.push([address, mail]);
      return Promise.resolve();
    },
  };
  return { kept, store };
}

const DELIVERED = {
  status: "delivered",
  reply: "250 2.1.5 Delivered",
  host: "local",
} as const;

Deno.test("localDelivery() gives each recipient a copy under a Return-Path", async () => {
  const { kept, store } = fakeStore();
  const work = delivery(["petya@test.ru", "masha@test.ru"], true);
  assertEquals(await localDelivery(store)(work), [
    { recipient: 0, ...DELIVERED },
    { recipient: 1, ...DELIVERED },
  ]);
  const copy = {
    id: work.message.id,
    receivedAt: START,
    sender: "vasya@another.ru",
    header: "Return-Path: <vasya@another.ru>\r\n",
    content: work.content,
    again: true,
  };
  assertEquals(kept, [
    ["petya@test.ru", { ...copy, number: 0 }],
    ["masha@test.ru", { ...copy, number: 1 }],
  ]);
});

Deno.test("localDelivery() writes the null reverse-path", async () => {
  const { kept, store } = fakeStore();
  const work = delivery(["petya@test.ru"]);
  await localDelivery(store)({
    ...work,
    message: { ...work.message, from: null },
  });
  assertEquals(kept.map(([, { sender, header }]) => [sender, header]), [
    ["", "Return-Path: <>\r\n"],
  ]);
});

Deno.test("localDelivery() defers only the recipient whose folder fails", async () => {
  const { kept, store } = fakeStore({
    "masha@test.ru": diskError("EACCES", "test.ru/masha"),
    "full@test.ru": diskError("ENOSPC", "test.ru/full"),
  });
  const outcomes = await localDelivery(store)(
    delivery(["petya@test.ru", "masha@test.ru", "full@test.ru", "z@test.ru"]),
  );
  assertEquals(outcomes, [
    { recipient: 0, ...DELIVERED },
    {
      recipient: 1,
      status: "deferred",
      reply: "451 4.3.0 Local error, try again later (EACCES: test.ru/masha)",
      host: "local",
    },
    {
      recipient: 2,
      status: "deferred",
      reply: "452 4.3.1 Insufficient system storage (ENOSPC: test.ru/full)",
      host: "local",
    },
    { recipient: 3, ...DELIVERED },
  ]);
  assertEquals(kept.length, 2);
});

Deno.test("localDelivery() writes many copies, a few at a time", async () => {
  let running = 0;
  let most = 0;
  const store: Pick<MailStore, "deliver"> = {
    async deliver() {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    },
  };
  const addresses = Array.from({ length: 100 }, (_, n) => `u${n}@test.ru`);
  const outcomes = await localDelivery(store)(delivery(addresses));
  assertEquals(
    outcomes,
    addresses.map((_, recipient) => ({ recipient, ...DELIVERED })),
  );
  assertEquals(most, 16);
});
