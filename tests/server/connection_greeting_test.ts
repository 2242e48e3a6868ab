/** How clients are greeted, and what becomes of those who don't wait for it. */
import { assert, assertEquals } from "@std/assert";
import type { VisitServices } from "../../src/policy/visit.ts";
import { serveConnection } from "../../src/server/connection.ts";
import { settle } from "../log/manual_clock.ts";
import {
  type FakeClient,
  fakeClient,
  fakeServices,
  lines,
  MAIL_DOOR,
  SUBMISSION_DOOR,
} from "./fakes.ts";

const DELAY = 10_000;
const GREETING = lines("220 mx.test.ru ESMTP smtpd");

/** A client of a server with a banner delay. */
async function connect(
  { visits = {}, door = MAIL_DOOR, deaf = false }: {
    readonly visits?: Partial<VisitServices>;
    readonly door?: typeof MAIL_DOOR;
    readonly deaf?: boolean;
  } = {},
) {
  const services = {
    ...await fakeServices({ visits }),
    bannerDelay: DELAY,
  };
  const client = fakeClient({ deaf });
  const served = serveConnection(client.transport, door, services);
  await settle();
  return { ...services, client, served };
}

/** Has the client say goodbye, and waits until nothing is left of it. */
async function leave(
  { client, served, clock }: Awaited<ReturnType<typeof connect>>,
): Promise<void> {
  await client.send(lines("QUIT"));
  await served;
  assertEquals(
    client.heard(),
    lines("221 2.0.0 mx.test.ru closing connection"),
  );
  assertEquals(clock.waiting, 0);
}

Deno.test("serveConnection() greets who waits for it, late, and hears them then", async () => {
  const session = await connect();
  const { client, clock } = session;
  await clock.advance(DELAY - 1);
  assertEquals(client.heard(), "");
  await clock.advance(1000);
  assertEquals(client.heard(), GREETING);
  await client.send(lines("NOOP"));
  await client.send(lines("NOOP"));
  assertEquals(client.heard(), lines("250 2.0.0 OK", "250 2.0.0 OK"));
  await leave(session);
});

Deno.test("serveConnection() turns away who speaks before the greeting", async () => {
  const taken: string[] = [];
  const session = await connect({
    visits: { connections: { take: (key) => taken.push(key) > 0 } },
  });
  const { client, clock, log, record } = session;
  await clock.advance(DELAY - 1000);
  await client.send(lines("NOOP"));
  const refusal = "554 5.5.1 Spoke before the greeting";
  assert(client.heard().startsWith(lines(refusal)));
  assertEquals(log.of("connection refused"), [
    { session: "1", peer: "192.0.2.1", reply: refusal },
  ]);
  assertEquals(record.slice(1, 3), [`-> ${refusal}`, "<- NOOP"]);
  // It isn't asked for any more, what the address has done before.
  assertEquals(taken, []);
  await leave(session);
});

const ALLOWED = { isAllowed: () => true };
const OURS = { mayRelay: () => true };

for (
  const [who, options] of [
    ["an allowed client", { visits: ALLOWED }],
    ["a client that may relay", { visits: OURS }],
    ["who has to log in", { door: SUBMISSION_DOOR }],
  ] as const
) {
  Deno.test(`serveConnection() doesn't keep ${who} waiting`, async () => {
    const session = await connect(options);
    assertEquals(session.client.heard(), GREETING);
    await leave(session);
  });
}

/** What may happen while a client waits for the greeting, and what it hears then. */
const MEANWHILE: readonly (readonly [
  string,
  (session: Awaited<ReturnType<typeof connect>>) => Promise<void> | void,
  string,
])[] = [
  [
    "the server stops",
    ({ timeLimits }) => timeLimits.stop(),
    lines("421 4.3.2 mx.test.ru shutting down, try again later"),
  ],
  ["it leaves", ({ client }) => client.hangUp(), ""],
];

for (const [what, happen, heard] of MEANWHILE) {
  Deno.test(`serveConnection() ends the wait for the greeting when ${what}`, async () => {
    const session = await connect();
    const { client, served, clock } = session;
    await clock.advance(1000);
    await happen(session);
    await served;
    assertEquals([client.heard(), client.closed], [heard, true]);
    assertEquals(clock.waiting, 0);
  });
}

Deno.test("serveConnection() lets nobody make room whom it keeps waiting", async () => {
  const session = await connect();
  const { client, clock, timeLimits } = session;
  await clock.advance(DELAY - 1);
  assert(!timeLimits.evict(0));
  await clock.advance(1000);
  assertEquals(client.heard(), GREETING);
  await leave(session);
});

Deno.test("serveConnection() doesn't wait long for a deaf client to hear that it stops", async () => {
  const { client, served, clock, timeLimits } = await connect({ deaf: true });
  timeLimits.stop();
  await settle();
  assert(!client.closed);
  await clock.advance(1500);
  assert(client.closed);
  await served;
});

/** The replies of policy, which the client hears whatever the delay. */
async function greeted(visits: Partial<VisitServices>): Promise<FakeClient> {
  const { client, served, clock } = await connect({ visits });
  await clock.advance(DELAY + 1000);
  await client.hangUp();
  await served;
  return client;
}

Deno.test("serveConnection() keeps a denied client waiting like all others", async () => {
  const client = await greeted({ isDenied: () => true });
  assertEquals(client.heard(), lines("554 5.7.1 Access denied"));
});
