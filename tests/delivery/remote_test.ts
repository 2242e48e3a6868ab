import { assertEquals, assertMatch } from "@std/assert";
import { reply } from "../../src/smtp/reply.ts";
import { brief, mx, parcel, relayTo, smarthost } from "./remote_fakes.ts";
import { offering, type Script, startScripted } from "./scripted_server.ts";

/** Where nobody listens. */
function deadPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

const DELIVERED = ["delivered 250 2.0.0 mx2.test.ru"];

Deno.test("remoteDelivery() tells whom the message went to, and all it said", async () => {
  await using server = startScripted({
    text: "250-2.0.0 Queued\r\n250 2.0.0 as 42",
  });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(await relay.send(), [{
    recipient: 0,
    status: "delivered",
    reply: "250-2.0.0 Queued\n250 2.0.0 as 42",
    host: "mx.test.ru",
    address: "127.0.0.1",
    session: "S0",
    relayed: "no dsn",
  }]);
  assertEquals(server.messages(), ["Subject: Hi\r\n\r\nHi\r\n.\r\n"]);
  const [record] = relay.records;
  assertEquals(record?.id, "S0");
  assertEquals(record?.peer, `mx.test.ru [127.0.0.1]:${server.port}`);
});

Deno.test("remoteDelivery() passes on what a DSN is to be like, where DSN is offered", async () => {
  await using server = startScripted({ EHLO: offering("DSN") });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  const delivery = parcel({ ret: "HDRS", envid: "QQ+1" });
  const [recipient] = delivery.recipients;
  const [outcome] = await relay.send({
    ...delivery,
    recipients: [{
      ...recipient!,
      notify: ["SUCCESS", "FAILURE"],
      orcpt: { type: "rfc822", address: "petr@test.ru" },
    }],
  });
  assertEquals(outcome?.relayed, "dsn");
  const heard = server.connections[0]!.heard.slice(1, 3);
  assertEquals(heard, [
    "MAIL FROM:<vasya@another.ru> RET=HDRS ENVID=QQ+2B1",
    "RCPT TO:<petya@test.ru> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;petr@test.ru",
  ]);
});

Deno.test("remoteDelivery() says why there is no route", async () => {
  const reasons = [
    { kind: "failed", reply: reply(556, "5.1.10", "No mail") },
    { kind: "deferred", reply: reply(451, "4.4.3", "No DNS") },
  ] as const;
  for (const route of reasons) {
    await using relay = relayTo(route);
    const { code, status } = route.reply;
    assertEquals(brief(await relay.send()), [
      `${route.kind} ${code} ${status} (we)${
        route.kind === "deferred" ? " lane" : ""
      }`,
    ]);
  }
});

Deno.test("remoteDelivery() goes on to the next host when one is down", async () => {
  await using second = startScripted();
  const port = deadPort();
  const down = {
    name: "mx1.test.ru",
    addresses: ["127.0.0.1"],
    port,
    mx: true,
  };
  await using relay = relayTo([down, mx("mx2.test.ru", second)]);
  assertEquals(brief(await relay.send()), DELIVERED);
});

Deno.test("remoteDelivery() tries every address of a host", async () => {
  await using server = startScripted();
  const { port } = server;
  const addresses = ["::1", "127.0.0.1"];
  await using relay = relayTo([{
    name: "mx2.test.ru",
    addresses,
    port,
    mx: true,
  }]);
  const [outcome] = await relay.send();
  assertEquals(outcome?.status, "delivered");
  assertEquals(outcome?.address, "127.0.0.1");
});

Deno.test("remoteDelivery() says which server it couldn't reach last", async () => {
  const port = deadPort();
  const down = {
    name: "mx1.test.ru",
    addresses: ["127.0.0.1"],
    port,
    mx: true,
  };
  await using relay = relayTo([down]);
  assertEquals(await relay.send(), [{
    recipient: 0,
    status: "deferred",
    reply: `451 4.4.1 Cannot connect to mx1.test.ru [127.0.0.1]:${port}: ` +
      "connection refused",
    host: "",
    scope: "lane",
  }]);
});

for (
  const { fault, script, alone } of [
    {
      fault: "is no mail server",
      script: { greeting: "554 5.3.2 No mail here" },
      alone: "failed 554 5.3.2 mx1.test.ru",
    },
    {
      fault: "is busy",
      script: { greeting: "421 4.3.2 Too many connections" },
      alone: "deferred 421 4.3.2 mx1.test.ru lane",
    },
    {
      fault: "closes at once",
      script: { greeting: { close: "" } },
      alone: "deferred 451 4.4.2 (we) lane",
    },
    {
      fault: "speaks another protocol",
      script: { greeting: "HTTP/1.1 400 Bad request" },
      alone: "deferred 451 4.5.0 (we) lane",
    },
    {
      fault: "breaks off after MAIL",
      script: { EHLO: "250 mx", MAIL: { close: "421 4.3.2 Shutting down" } },
      alone: "deferred 421 4.3.2 mx1.test.ru lane",
    },
  ] as readonly { fault: string; script: Script; alone: string }[]
) {
  Deno.test(`remoteDelivery() goes on to the next host when one ${fault}`, async () => {
    await using first = startScripted(script);
    await using second = startScripted();
    await using relay = relayTo([
      mx("mx1.test.ru", first),
      mx("mx2.test.ru", second),
    ]);
    assertEquals(brief(await relay.send()), DELIVERED);
    assertEquals(first.messages(), []);
  });

  Deno.test(`remoteDelivery() waits or fails when the only host ${fault}`, async () => {
    await using first = startScripted(script);
    await using relay = relayTo([mx("mx1.test.ru", first)]);
    assertEquals(brief(await relay.send()), [alone]);
  });
}

Deno.test("remoteDelivery() waits as long as one host may get well", async () => {
  for (const refusalFirst of [true, false]) {
    await using refusing = startScripted({
      greeting: "554 5.3.2 No mail here",
    });
    await using busy = startScripted({ greeting: "421 4.3.2 Busy" });
    const hosts = [mx("mx1.test.ru", refusing), mx("mx2.test.ru", busy)];
    await using relay = relayTo(refusalFirst ? hosts : hosts.toReversed());
    assertEquals(brief(await relay.send()), [
      "deferred 421 4.3.2 mx2.test.ru lane",
    ]);
  }
});

for (
  const { what, script, outcome } of [
    {
      what: "the recipient",
      script: { RCPT: "550 5.1.1 No such user" },
      outcome: "failed 550 5.1.1 mx1.test.ru",
    },
    {
      what: "the recipient for now",
      script: { RCPT: "450 4.2.1 Greylisted" },
      outcome: "deferred 450 4.2.1 mx1.test.ru",
    },
    {
      what: "the sender",
      script: { MAIL: "550 5.7.1 Not you" },
      outcome: "failed 550 5.7.1 mx1.test.ru",
    },
    {
      what: "the message",
      script: { text: "554 5.6.0 Spam" },
      outcome: "failed 554 5.6.0 mx1.test.ru",
    },
  ] as readonly { what: string; script: Script; outcome: string }[]
) {
  Deno.test(`remoteDelivery() asks no other host when one refuses ${what}`, async () => {
    await using first = startScripted(script);
    await using second = startScripted();
    await using relay = relayTo([
      mx("mx1.test.ru", first),
      mx("mx2.test.ru", second),
    ]);
    assertEquals(brief(await relay.send()), [outcome]);
    assertEquals(second.connections.length, 0);
  });
}

Deno.test("remoteDelivery() asks the next host only for recipients without an answer", async () => {
  await using first = startScripted({
    RCPT: ({ count }) =>
      ["250 2.1.5 OK", "550 5.1.1 Nobody", { close: "" }][count]!,
    EHLO: "250 mx1",
  });
  await using second = startScripted();
  await using relay = relayTo([
    mx("mx1.test.ru", first),
    mx("mx2.test.ru", second),
  ]);
  const to = ["a@test.ru", "b@test.ru", "c@test.ru"];
  assertEquals(brief(await relay.send(parcel({ to }))), [
    "delivered 250 2.0.0 mx2.test.ru",
    "failed 550 5.1.1 mx1.test.ru",
    "delivered 250 2.0.0 mx2.test.ru",
  ]);
  assertEquals(
    second.connections[0]!.heard.filter((line) => line.startsWith("RCPT")),
    ["RCPT TO:<a@test.ru>", "RCPT TO:<c@test.ru>"],
  );
});

Deno.test("remoteDelivery() doesn't believe a server that closes after the dot", async () => {
  await using server = startScripted({ text: { close: "" } });
  await using relay = relayTo([mx("mx1.test.ru", server)]);
  const [outcome] = await relay.send();
  assertEquals(brief([outcome!]), ["deferred 451 4.4.2 (we)"]);
  assertMatch(outcome!.reply, /may have arrived.* \(mx1\.test\.ru \[127/);
  assertEquals(outcome?.address, "127.0.0.1");
  assertEquals(server.messages().length, 1);
});

/** Takes so many recipients in a transaction. */
function limited(limit: number, changes: Script = {}): Script {
  let accepted = 0;
  return {
    MAIL() {
      accepted = 0;
      return "250 2.1.0 OK";
    },
    RCPT: () => ++accepted <= limit ? "250 2.1.5 OK" : "452 4.5.3 Too many",
    ...changes,
  };
}

const FIVE = ["a", "b", "c", "d", "e"].map((local) => `${local}@test.ru`);

Deno.test("remoteDelivery() sends recipients over the limit in transactions of their own", async () => {
  await using server = startScripted(limited(2));
  await using relay = relayTo([mx("mx2.test.ru", server)]);
  const outcomes = await relay.send(parcel({ to: FIVE }));
  assertEquals(brief(outcomes), FIVE.flatMap(() => DELIVERED));
  assertEquals(outcomes.map(({ recipient }) => recipient), [0, 1, 2, 3, 4]);
  assertEquals(server.connections.map(({ messages }) => messages.length), [3]);
});

Deno.test("remoteDelivery() connects again to a server that takes one message at a time", async () => {
  const text = { close: "250 2.0.0 OK" };
  const EHLO = offering("LIMITS RCPTMAX=2 MAILMAX=1");
  for (const script of [limited(2, { text }), { EHLO }]) {
    await using server = startScripted(script);
    await using relay = relayTo([mx("mx2.test.ru", server)]);
    const outcomes = await relay.send(parcel({ to: FIVE }));
    assertEquals(brief(outcomes), FIVE.flatMap(() => DELIVERED));
    assertEquals(
      server.connections.map(({ messages }) => messages.length),
      [1, 1, 1],
    );
  }
});

Deno.test("remoteDelivery() gives up on a server that takes no recipient at all", async () => {
  await using server = startScripted(limited(0));
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(brief(await relay.send()), ["deferred 452 4.5.3 mx.test.ru"]);
  assertEquals(server.connections.length, 1);
});

Deno.test("remoteDelivery() sends one message to 1,000 recipients", async () => {
  const to = Array.from(
    { length: 1000 },
    (_, number) => `user${number}@test.ru`,
  );
  await using server = startScripted({
    RCPT: ({ count }) => count % 10 === 9 ? "550 5.1.1 Nobody" : "250 2.1.5 OK",
  });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  const outcomes = await relay.send(parcel({ to }));
  assertEquals(
    outcomes.map(({ recipient, status }) => [recipient, status]),
    to.map((_, number) => [
      number,
      number % 10 === 9 ? "failed" : "delivered",
    ]),
  );
  assertEquals(server.messages().length, 1);
});

Deno.test("remoteDelivery() sends nothing back to this server", async () => {
  await using server = startScripted();
  const { port } = server;
  const listens = [{ address: "::", port }];
  const options = { listens };
  await using byMx = relayTo([
    mx("mx.test.ru", server),
    mx("mx2.test.ru", server),
  ], options);
  assertEquals(brief(await byMx.send()), ["failed 554 5.4.6 (we)"]);
  await using bySettings = relayTo([smarthost(server)], options);
  assertEquals(brief(await bySettings.send()), [
    "deferred 451 4.3.5 (we) lane",
  ]);

  const down = {
    ...mx("mx1.test.ru", server),
    port: deadPort(),
  };
  await using downBefore = relayTo([down, mx("mx.test.ru", server)], options);
  assertEquals(brief(await downBefore.send()), [
    "deferred 451 4.4.1 (we) lane",
  ]);

  await server.quiet();
  assertEquals(server.connections.map(({ heard }) => heard), [[], [], []]);
  await using elsewhere = relayTo([mx("mx2.test.ru", server)], {
    listens: [{ address: "::", port: port + 1 }],
  });
  assertEquals(brief(await elsewhere.send()), DELIVERED);
});
