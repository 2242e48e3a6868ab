/** Connections that are used for one message after the other, and those that turn out to be dead. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { bytes, mailbox } from "../queue/fakes.ts";
import { brief, mx, parcel, relayTo } from "./remote_fakes.ts";
import { offering, type Script, startScripted } from "./scripted_server.ts";

const DELIVERED = ["delivered 250 2.0.0 mx.test.ru"];

Deno.test("remoteDelivery() sends the next message over the same connection", async () => {
  await using server = startScripted();
  {
    await using relay = relayTo([mx("mx.test.ru", server)]);
    const [first] = await relay.send();
    const [second] = await relay.send();
    assertEquals([first?.status, second?.status], ["delivered", "delivered"]);
    assertEquals([first?.session, second?.session], ["S0", "S0"]);
    assertEquals(server.connections.length, 1);
  }
  await server.quiet();
  assertEquals(server.connections[0]?.heard, [
    "EHLO me.test",
    ...["MAIL FROM:<vasya@another.ru>", "RCPT TO:<petya@test.ru>", "DATA"],
    "(text)",
    ...["MAIL FROM:<vasya@another.ru>", "RCPT TO:<petya@test.ru>", "DATA"],
    "(text)",
    "QUIT",
  ]);
});

Deno.test("remoteDelivery() goes on over a connection where a message was refused", async () => {
  const server = startScripted({
    RCPT: ({ count }) => count === 0 ? "550 5.1.1 Nobody" : "250 2.1.5 OK",
    EHLO: offering(),
  });
  await using _ = server;
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(brief(await relay.send()), ["failed 550 5.1.1 mx.test.ru"]);
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections.length, 1);
  assert(server.connections[0]!.heard.includes("RSET"));
});

Deno.test("remoteDelivery() has a connection for each message at the same time", async () => {
  await using server = startScripted();
  await using relay = relayTo([mx("mx.test.ru", server)]);
  await Promise.all([relay.send(), relay.send(), relay.send()]);
  assertEquals(server.connections.length, 3);
  await Promise.all([relay.send(), relay.send(), relay.send()]);
  assertEquals(server.connections.length, 3);
});

for (
  const { fate, script } of [
    {
      fate: "the server has closed",
      script: {
        text: ({ connection }) =>
          connection === 0 ? { close: "250 2.0.0 Queued" } : "250 2.0.0 Queued",
      },
    },
    {
      fate: "the server has closed with 421",
      script: {
        text: ({ connection }) =>
          connection === 0
            ? { close: "250 2.0.0 Queued\r\n421 4.4.2 Idle for too long" }
            : "250 2.0.0 Queued",
      },
    },
    {
      fate: "the server wants no more of",
      script: {
        MAIL: ({ count }) =>
          count === 0 ? "250 2.1.0 OK" : { close: "421 4.7.0 Enough" },
      },
    },
    {
      fate: "the server doesn't recover on",
      script: {
        RCPT: ({ connection }) =>
          connection === 0 ? "450 4.2.1 Not now" : "250 2.1.5 OK",
        RSET: { close: "" },
        EHLO: offering(),
      },
    },
  ] as readonly { fate: string; script: Script }[]
) {
  Deno.test(`remoteDelivery() replaces a connection that ${fate}`, async () => {
    await using server = startScripted(script);
    await using relay = relayTo([mx("mx.test.ru", server)]);
    await relay.send(parcel({ content: bytes("first\r\n") }));
    const second = await relay.send(parcel({ content: bytes("second\r\n") }));
    assertEquals(brief(second), DELIVERED);
    assertEquals(server.connections.length, 2);
    assertEquals(
      server.messages().filter((text) => text === "second\r\n.\r\n").length,
      1,
    );
  });
}

Deno.test("remoteDelivery() replaces all connections that have died, before it despairs", async () => {
  await using server = startScripted({
    text: ({ connection }) =>
      connection < 3 ? { close: "250 2.0.0 Queued" } : "250 2.0.0 Queued",
  });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  await Promise.all([relay.send(), relay.send(), relay.send()]);
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections.length, 4);
});

Deno.test("remoteDelivery() takes a new connection at its word", async () => {
  await using server = startScripted({
    MAIL: { close: "421 4.7.0 Enough" },
    EHLO: offering(),
  });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(brief(await relay.send()), [
    "deferred 421 4.7.0 mx.test.ru lane",
  ]);
  assertEquals(server.connections.length, 1);
});

Deno.test("remoteDelivery() doesn't send again what an old connection may have taken", async () => {
  await using server = startScripted({
    text: ({ count }) => count === 0 ? "250 2.0.0 Queued" : { close: "" },
  });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  await relay.send();
  assertEquals(brief(await relay.send()), ["deferred 451 4.4.2 (we)"]);
  assertEquals(server.connections.length, 1);
  assertEquals(server.messages().length, 2);
});

Deno.test("remoteDelivery() replaces an old connection also for recipients over the limit", async () => {
  const LIMITED = offering("PIPELINING", "LIMITS RCPTMAX=1");
  await using server = startScripted({
    EHLO: LIMITED,
    text: ({ connection }) =>
      connection === 0 ? { close: "250 2.0.0 Queued" } : "250 2.0.0 Queued",
  });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  await relay.send();
  const to = ["a@test.ru", "b@test.ru"];
  const outcomes = await relay.send(parcel({ to }));
  assertEquals(brief(outcomes), [...DELIVERED, ...DELIVERED]);
  assertEquals(server.connections.length, 2);
});

Deno.test("remoteDelivery() drops a connection over a message it can't read, and no other", async () => {
  await using server = startScripted();
  await using relay = relayTo([mx("mx.test.ru", server)]);
  await relay.send();
  const gone = { kind: "file", path: "/nowhere/at/all" } as const;
  assertEquals(brief(await relay.send(parcel({ content: gone }))), [
    "deferred 451 4.3.0 (we)",
  ]);
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections.length, 2);
  assertEquals(server.messages().length, 2);
});

Deno.test("remoteDelivery() loses no connection over an envelope that can't be", async () => {
  await using server = startScripted();
  await using relay = relayTo([mx("mx.test.ru", server)]);
  await relay.send();
  await assertRejects(
    () => relay.send(parcel({ from: mailbox("va\r\nsya@another.ru") })),
    TypeError,
    "Cannot send transaction",
  );
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections.length, 1);
});

Deno.test("remoteDelivery() keeps no connection longer than a moment", async () => {
  await using server = startScripted();
  await using relay = relayTo([mx("mx.test.ru", server)], { patience: 0 });
  await relay.send();
  await server.quiet();
  assertEquals(server.connections[0]?.heard.at(-1), "QUIT");
});

Deno.test("remoteDelivery() ends at once when the server stops", async () => {
  await using server = startScripted({ text: "silence" });
  await using relay = relayTo([mx("mx.test.ru", server)]);
  const sent = relay.send();
  await server.heard("(text)");
  relay.timeLimits.hurry();
  assertEquals(brief(await sent), ["deferred 451 4.3.2 (we)"]);
  await server.quiet();
  assertEquals(relay.records.map(({ closed }) => closed), [true]);
});
