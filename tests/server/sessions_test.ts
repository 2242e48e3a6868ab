import { assert, assertEquals } from "@std/assert";
import { Sessions } from "../../src/server/sessions.ts";
import { settle } from "../log/manual_clock.ts";
import { fakeClient, fakeServices, lines, MAIL_DOOR } from "./fakes.ts";

async function fixture(limits = { total: 3, perAddress: 2 }) {
  const services = await fakeServices();
  const { clock } = services;
  const sessions = new Sessions({
    services,
    limits,
    isProxy: (address) => address === "192.0.2.99",
    clock,
  });
  return {
    services,
    sessions,
    clock,
    /** A client whom the server has had time to answer. */
    async connect(options?: Parameters<typeof fakeClient>[0]) {
      const client = fakeClient(options);
      sessions.serve(client.transport, MAIL_DOOR);
      await settle();
      return client;
    },
  };
}

const GREETING = "220 mx.test.ru ESMTP smtpd\r\n";
const FULL = "421 4.7.0 mx.test.ru too many connections, try again later\r\n";
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
