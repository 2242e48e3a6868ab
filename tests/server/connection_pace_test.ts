/** What becomes of slow clients. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeLinkBuffers } from "../../src/server/link.ts";
import { serveConnection } from "../../src/server/connection.ts";
import { type ManualClock, settle } from "../log/manual_clock.ts";
import { CONFIG } from "../transcripts/transcript.ts";
import {
  type FakeClient,
  fakeClient,
  type FakeServices,
  fakeServices,
  lines,
  MAIL_DOOR,
  TIMEOUT,
} from "./fakes.ts";

const SECOND = 1000;
const TIMED_OUT = lines("421 4.4.2 mx.test.ru timed out, closing connection");
const MAKING_ROOM = lines(
  "421 4.3.2 mx.test.ru too busy for slow clients, try again later",
);
const OPENING = lines(
  "EHLO client.test",
  "MAIL FROM:<a@b.test>",
  "RCPT TO:<petya@test.ru>",
);

async function connect(services: FakeServices, client = fakeClient()) {
  const served = serveConnection(client.transport, MAIL_DOOR, services);
  await settle();
  client.heard();
  return { client, served };
}

function assertNothingLeft({ disk, clock, queued }: FakeServices) {
  assertEquals(
    [disk.files(), disk.open, clock.waiting, queued],
    [[], 0, 0, []],
  );
}

/** Sends pieces a second apart, until the server hangs up; tells how many. */
async function trickle(
  client: FakeClient,
  { clock }: { readonly clock: ManualClock },
  pieces: Iterable<string>,
): Promise<number> {
  let sent = 0;
  for (const piece of pieces) {
    if (client.closed) break;
    await client.send(piece);
    await clock.advance(SECOND);
    sent++;
  }
  return sent;
}

Deno.test("serveConnection() gives a command so much time in all, however it trickles in", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  const sent = await trickle(client, services, "NOOP of a slow client");
  await served;
  assertEquals(client.heard(), TIMED_OUT);
  assertEquals(sent, TIMEOUT / SECOND);
  assertNothingLeft(services);
});

Deno.test("serveConnection() doesn't take a long line for progress", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  const sent = await trickle(
    client,
    services,
    Array(20).fill("x".repeat(4096)),
  );
  await served;
  assert(client.heard().endsWith(TIMED_OUT));
  assertEquals(sent, TIMEOUT / SECOND);
});

Deno.test("serveConnection() gives each command its time anew", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  const pieces = Array(5).fill(["NO", "OP", "\r", "\n"]).flat();
  assertEquals(await trickle(client, services, pieces), 20);
  assertEquals(client.heard(), lines("250 2.0.0 OK").repeat(5));
  await client.hangUp();
  await served;
});

/** A second's worth at each speed. */
const STEADY = "x".repeat(1022) + "\r\n";
const SLOW = STEADY.slice(-500);

for (
  const [how, opening, ending] of [
    ["DATA", "DATA\r\n", ".\r\n"],
    ["BDAT", `BDAT ${20 * STEADY.length} LAST\r\n`, ""],
  ] as const
) {
  Deno.test(`serveConnection() hears a message by ${how} at 4 KiB in the time limit`, async () => {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send(OPENING + opening);
    const sent = await trickle(client, services, Array(20).fill(STEADY));
    await client.send(ending);
    assertEquals(sent, 20);
    assertMatch(client.heard(), /^250 2\.0\.0 OK: queued as 2\r\n/m);
    await client.hangUp();
    await served;
    assertEquals(services.queued.length, 1);
  });

  Deno.test(`serveConnection() gives up a message by ${how} that comes more slowly`, async () => {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send(OPENING + opening);
    client.heard();
    const sent = await trickle(client, services, Array(40).fill(SLOW));
    await served;
    assertEquals(client.heard(), TIMED_OUT);
    assert(sent <= TIMEOUT / SECOND + 1, `${sent}`);
    assertNothingLeft(services);
  });
}

Deno.test("serveConnection() says what is wrong with a message that goes on slowly after that", async () => {
  const config = { ...CONFIG, maxSize: 2000 };
  const rows = [
    ["DATA\r\n", ".\r\n", /^552 5\.3\.4 /m],
    [`BDAT ${20 * STEADY.length} LAST\r\n`, "", /^552 5\.3\.4 /m],
  ] as const;
  for (const [opening, ending, reply] of rows) {
    const services = await fakeServices({ config });
    const { client, served } = await connect(services);
    await client.send(OPENING + opening);
    const sent = await trickle(client, services, Array(20).fill(STEADY));
    await client.send(ending);
    assertEquals(sent, 20);
    assertMatch(client.heard(), reply);
    await client.hangUp();
    await served;
    assertNothingLeft(services);
  }
});

Deno.test("serveConnection() leaves a buffer to the read that it has given up", async () => {
  const services = await fakeServices();
  const returned: unknown[] = [];
  const buffers = makeLinkBuffers();
  buffers.large.takeBack = (buffer) => void returned.push(buffer);
  const { client, served } = await connect({ ...services, buffers });
  await client.send(`${OPENING}DATA\r\n${STEADY}`);
  await services.clock.advance(TIMEOUT + SECOND);
  await served;
  assert(client.closed);
  assertEquals(returned, []);
});

/** What a client is in the middle of when it has to make room. */
const MIDDLES: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["a line", "EHLO cl"],
  ["a message", `${OPENING}DATA\r\n${STEADY}`],
  ["a chunk", `${OPENING}BDAT 5000\r\n${STEADY}`],
];

for (const [what, said] of MIDDLES) {
  Deno.test(`serveConnection() has a client in the middle of ${what} make room`, async () => {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send(said);
    client.heard();
    await services.clock.advance(TIMEOUT - 1);
    assert(services.timeLimits.evict(TIMEOUT - 1));
    await served;
    assertEquals([client.heard(), client.closed], [MAKING_ROOM, true]);
    assertNothingLeft(services);
  });
}

/** Why a client has to go that has stopped listening. */
const REASONS: readonly (readonly [
  string,
  (services: FakeServices) => Promise<void> | void,
])[] = [
  ["it has to make room", ({ timeLimits }) => void timeLimits.evict(0)],
  ["it kept silent", ({ clock }) => clock.advance(TIMEOUT)],
];

for (const [why, happen] of REASONS) {
  Deno.test(`serveConnection() doesn't wait long for a deaf client to hear that ${why}`, async () => {
    const services = await fakeServices();
    const client = fakeClient();
    let deaf = false;
    const { write } = client.transport;
    const transport = {
      ...client.transport,
      write: (bytes: Uint8Array<ArrayBuffer>) =>
        deaf ? new Promise<never>(() => {}) : write(bytes),
    };
    const served = serveConnection(transport, MAIL_DOOR, services);
    await settle();
    deaf = true;
    await happen(services);
    await settle();
    assert(!client.closed);
    await services.clock.advance(1500);
    assert(client.closed);
    await served;
    assertNothingLeft(services);
  });
}

Deno.test("serveConnection() spares who waits for us, however long", async () => {
  let commit = () => {};
  const services = await fakeServices({
    enqueue: () => new Promise((resolve) => commit = resolve),
  });
  const { client, served } = await connect(services);
  await client.send(`${OPENING}DATA\r\nhello\r\n.\r\n`);
  client.heard();
  await services.clock.advance(10 * TIMEOUT);
  assert(!services.timeLimits.evict(TIMEOUT));
  commit();
  await settle();
  assertMatch(client.heard(), /\r\n250 2\.0\.0 OK: queued as 2\r\n$/);
  await client.hangUp();
  await served;
});
