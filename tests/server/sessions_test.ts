import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Door } from "../../src/server/doors.ts";
import { Sessions } from "../../src/server/sessions.ts";
import { settle } from "../log/manual_clock.ts";
import {
  type FakeClient,
  fakeClient,
  fakeServices,
  lines,
  MAIL_DOOR,
  SUBMISSIONS_DOOR,
} from "./fakes.ts";

const PROXY = "192.0.2.99";

async function fixture(limits = { total: 3, perAddress: 2 }) {
  const services = { ...await fakeServices(), timeout: 300_000 };
  const { clock } = services;
  const sessions = new Sessions({
    services,
    limits,
    isProxy: (address) => address === PROXY,
    clock,
  });
  return {
    services,
    sessions,
    clock,
    /** A client whom the server has had time to answer. */
    async connect(
      { door = MAIL_DOOR, ...options }: Parameters<typeof fakeClient>[0] & {
        readonly door?: Door;
      } = {},
    ) {
      const client = fakeClient(options);
      sessions.serve(client.transport, door);
      await settle();
      return client;
    },
  };
}

const GREETING = "220 mx.test.ru ESMTP smtpd\r\n";
const FULL = "421 4.7.0 mx.test.ru too many connections, try again later\r\n";
const MAKING_ROOM = lines(
  "421 4.3.2 mx.test.ru too busy for slow clients, try again later",
);
const STOPPING = "421 4.3.2 mx.test.ru shutting down, try again later\r\n";

Deno.test("serve() turns clients away past the limit of one address", async () => {
  const { sessions, services, connect } = await fixture();
  const first = await connect({ peer: "192.0.2.1" });
  assertEquals(first.heard(), GREETING);
  assertEquals((await connect({ peer: "192.0.2.1" })).heard(), GREETING);

  const third = await connect({ peer: "192.0.2.1" });
  assertEquals([third.heard(), third.closed], [FULL, true]);
  assertEquals(services.log.of("connection refused"), [
    { peer: "192.0.2.1", reason: "too many connections" },
  ]);

  assertEquals((await connect({ peer: "2001:db8::1" })).heard(), GREETING);
  await first.hangUp();
  assertEquals((await connect({ peer: "192.0.2.1" })).heard(), GREETING);
  await sessions.end();
});

Deno.test("serve() turns clients away past the limit in all", async () => {
  const { sessions, connect } = await fixture();
  const clients = [];
  for (const peer of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    clients.push(await connect({ peer }));
  }
  const fourth = await connect({ peer: "192.0.2.4" });
  assertEquals([fourth.heard(), fourth.closed], [FULL, true]);
  await clients[1]!.send(lines("QUIT"));
  assert(clients[1]!.closed);
  assertEquals((await connect({ peer: "192.0.2.4" })).heard(), GREETING);
  await sessions.end();
});

Deno.test("serve() doesn't wait long for one that is turned away to listen", async () => {
  const { sessions, clock, connect } = await fixture({
    total: 0,
    perAddress: 0,
  });
  const client = await connect({ deaf: true });
  await clock.advance(900);
  assert(!client.closed);
  await clock.advance(1000);
  assert(client.closed);
  await sessions.end();
  assertEquals(clock.waiting, 0);
});

Deno.test("end() says goodbye to all and waits for those in a message", async () => {
  const { sessions, services, clock, connect } = await fixture();
  const idle = await connect();
  const busy = await connect();
  await busy.send(
    lines("HELO c", "MAIL FROM:<>", "RCPT TO:<petya@test.ru>", "DATA"),
  );
  await busy.send(lines("Subject: half"));
  idle.heard();
  busy.heard();
  let ended = false;
  const end = sessions.end().then(() => ended = true);
  await settle();
  assertEquals([idle.heard(), idle.closed], [STOPPING, true]);
  assertEquals([busy.closed, ended], [false, false]);

  await busy.send(lines("", "all of it", "."));
  assertEquals(busy.heard(), `250 2.0.0 OK: queued as 3\r\n${STOPPING}`);
  await end;
  assertEquals(services.queued.length, 1);
  assertEquals(clock.waiting, 0);
});

Deno.test("end() gives up after a while on those who don't finish", async () => {
  const { sessions, services, clock, connect } = await fixture();
  const slow = await connect();
  await slow.send(
    lines("HELO c", "MAIL FROM:<>", "RCPT TO:<petya@test.ru>", "DATA"),
  );
  const deaf = await connect({ deaf: true });
  const end = sessions.end();
  await clock.advance(3900);
  assertEquals([slow.closed, deaf.closed], [false, false]);
  await clock.advance(200);
  await end;
  assertEquals([slow.closed, deaf.closed], [true, true]);
  assert(slow.heard().endsWith(STOPPING));
  assertEquals(services.queued, []);
  assertEquals(clock.waiting, 0);
});

Deno.test("serve() turns away who comes while the server stops", async () => {
  const { sessions, connect } = await fixture();
  const busy = await connect();
  await busy.send(
    lines("HELO c", "MAIL FROM:<>", "RCPT TO:<petya@test.ru>", "DATA"),
  );
  const end = sessions.end();
  const late = await connect();
  assertEquals([late.heard(), late.closed], [STOPPING, true]);
  await busy.hangUp();
  await end;
});

/** Clients of a full server, by address, each a second after the other. */
async function full() {
  const server = await fixture({ total: 3, perAddress: 2 });
  const { clock, connect } = server;
  const clients: FakeClient[] = [];
  for (const peer of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    if (clients.length > 0) await clock.advance(1000);
    const client = await connect({ peer });
    assertEquals(client.heard(), GREETING);
    clients.push(client);
  }
  const [first, second, third] = clients;
  /** Tries to come in; tells what it hears. */
  const arrive = async () => {
    const client = await connect({ peer: "192.0.2.4" });
    return client.heard();
  };
  return { ...server, first: first!, second: second!, third: third!, arrive };
}

Deno.test("serve() has the slowest client make room, one that waits 5 s or more", async () => {
  const { sessions, clock, first, second, third, arrive } = await full();
  await clock.advance(2999);
  assertEquals(await arrive(), FULL);
  await clock.advance(1);
  assertEquals(await arrive(), GREETING);
  assertEquals([first.heard(), first.closed], [MAKING_ROOM, true]);
  assertEquals([second.heard(), third.heard()], ["", ""]);

  assertEquals(await arrive(), FULL);
  await clock.advance(1000);
  assertEquals(await arrive(), GREETING);
  assertEquals([second.heard(), third.heard()], [MAKING_ROOM, ""]);
  await sessions.end();
  assertEquals(clock.waiting, 0);
});

Deno.test("serve() has make room who has got on least lately, not who came first", async () => {
  const { sessions, clock, first, second, third, arrive } = await full();
  await clock.advance(1000);
  await first.send(lines("NOOP"));
  await second.send("NO");
  await third.send(lines("NOOP"));
  await clock.advance(4000);
  first.heard();
  third.heard();
  assertEquals(await arrive(), GREETING);
  assertEquals(
    [first.heard(), second.heard(), third.heard()],
    ["", MAKING_ROOM, ""],
  );
  await sessions.end();
});

Deno.test("serve() lets in no more than there were before when a client has made room", async () => {
  const { sessions, clock, connect, third } = await full();
  await clock.advance(3000);
  const client = await connect({ peer: "192.0.2.4" });
  assertEquals(client.heard(), GREETING);
  // Two of the first, and the one that came instead of the third.
  await third.send(lines("NOOP"));
  await client.hangUp();
  const next = await connect({ peer: "192.0.2.4" });
  assertEquals(next.heard(), GREETING);
  assertEquals((await connect({ peer: "192.0.2.5" })).heard(), FULL);
  await sessions.end();
});

Deno.test("serve() has a deaf client make room within two seconds", async () => {
  const { sessions, clock, connect } = await fixture({
    total: 1,
    perAddress: 1,
  });
  const deaf = await connect({ peer: "192.0.2.1", deaf: true });
  await clock.advance(4999);
  assertEquals((await connect({ peer: "192.0.2.4" })).heard(), FULL);
  await clock.advance(1);
  assertEquals((await connect({ peer: "192.0.2.4" })).heard(), GREETING);
  await clock.advance(2000);
  assert(deaf.closed);
  assertEquals(
    (await connect({ peer: "192.0.2.1" })).heard(),
    FULL,
  );
  await sessions.end();
  assertEquals(clock.waiting, 0);
});

Deno.test("serve() has nobody make room for who has too many connections", async () => {
  const { sessions, clock, connect } = await fixture({
    total: 2,
    perAddress: 1,
  });
  const [first, second] = [
    await connect({ peer: "192.0.2.1" }),
    await connect({ peer: "192.0.2.2" }),
  ];
  await clock.advance(4999);
  await second.send(lines("NOOP"));
  await clock.advance(1);
  assertEquals((await connect({ peer: "192.0.2.2" })).heard(), FULL);
  assert(!first.closed);
  await sessions.end();
});

/** A client that comes by the proxy, which says who it is. */
function header(address: string): string {
  return `PROXY TCP4 ${address} 198.51.100.1 40000 25\r\n`;
}

Deno.test("serve() takes a proxy's word for who the client is", async () => {
  const { sessions, services, connect } = await fixture();
  const client = await connect({ peer: PROXY });
  assertEquals(client.heard(), "");
  await client.send(header("203.0.113.7"));
  assertEquals(client.heard(), GREETING);
  assertEquals(services.record[0], "1 from 203.0.113.7:40000");
  await client.send(lines("QUIT"));
  assert(client.closed);
  await sessions.end();
});

Deno.test("serve() counts a proxy's clients by their own addresses", async () => {
  const { sessions, connect } = await fixture({ total: 9, perAddress: 2 });
  const hear = async (address: string) => {
    const client = await connect({ peer: PROXY });
    await client.send(header(address));
    return client.heard();
  };
  assertEquals(await hear("203.0.113.7"), GREETING);
  assertEquals(await hear("203.0.113.7"), GREETING);
  assertEquals(await hear("203.0.113.7"), FULL);
  assertEquals(await hear("203.0.113.8"), GREETING);
  await sessions.end();
});

Deno.test("serve() takes nobody else's word for it", async () => {
  const { sessions, services, connect } = await fixture();
  const client = await connect({ peer: "192.0.2.1" });
  assertEquals(client.heard(), GREETING);
  await client.send(header("203.0.113.7"));
  assertMatch(client.heard(), /^500 /);
  assertEquals(services.record[0], "1 from 192.0.2.1:4242");
  await sessions.end();
});

Deno.test("serve() gives a proxy 5 s to say who the client is", async () => {
  const { sessions, services, clock, connect } = await fixture();
  const late = await connect({ peer: PROXY });
  await late.send("PROXY TCP4 203.0.113.7");
  await clock.advance(4999);
  assert(!late.closed);
  await clock.advance(500);
  assertEquals([late.heard(), late.closed], ["", true]);
  assertEquals(services.log.of("proxy not understood"), [
    { peer: PROXY, reason: "it took too long" },
  ]);
  assertEquals(clock.waiting, 0);
  await sessions.end();
});

Deno.test("serve() hangs up on a proxy that doesn't say who the client is", async () => {
  const { sessions, services, clock, connect } = await fixture();
  const client = await connect({ peer: PROXY });
  await client.send(lines("EHLO client.test"));
  assertEquals([client.heard(), client.closed], ["", true]);
  assertEquals(services.log.of("proxy not understood"), [
    { peer: PROXY, reason: "no PROXY header" },
  ]);
  assertEquals([services.record, clock.waiting], [[], 0]);
  await sessions.end();
});

Deno.test("serve() lets no proxy that takes its time make room", async () => {
  const { sessions, clock, connect } = await fixture({
    total: 1,
    perAddress: 1,
  });
  const client = await connect({ peer: "192.0.2.1" });
  await clock.advance(250);
  const proxy = await connect({ peer: PROXY });
  for (let second = 0; second < 5; second++) {
    await clock.advance(1000);
    await client.send(lines("NOOP"));
  }
  await clock.advance(100);
  assertEquals((await connect({ peer: "192.0.2.2" })).heard(), FULL);
  assert(!proxy.closed);
  await sessions.end();
});

Deno.test("end() doesn't wait for proxies to say who the client is", async () => {
  const { sessions, clock, connect } = await fixture();
  const proxy = await connect({ peer: PROXY });
  await sessions.end();
  assertEquals([proxy.heard(), proxy.closed], ["", true]);
  assertEquals(clock.waiting, 0);
});

Deno.test("serve() turns away a proxy's client while the server stops", async () => {
  const { sessions, connect } = await fixture();
  const busy = await connect();
  await busy.send(
    lines("HELO c", "MAIL FROM:<>", "RCPT TO:<petya@test.ru>", "DATA"),
  );
  const end = sessions.end();
  const late = await connect({ peer: PROXY });
  assertEquals([late.heard(), late.closed], ["", true]);
  await busy.hangUp();
  await end;
});

Deno.test("serve() turns clients away from a TLS door without a word", async () => {
  const { sessions, services, connect } = await fixture({
    total: 0,
    perAddress: 0,
  });
  const client = await connect({ door: SUBMISSIONS_DOOR });
  assertEquals([client.heard(), client.closed], ["", true]);
  assertEquals(services.log.of("connection refused").length, 1);
  await sessions.end();
  const late = await connect({ door: SUBMISSIONS_DOOR });
  assertEquals([late.heard(), late.closed], ["", true]);
});
