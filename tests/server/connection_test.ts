import { assert, assertEquals, assertMatch } from "@std/assert";
import { LARGE_BUFFER } from "../../src/server/link.ts";
import { serveConnection } from "../../src/server/connection.ts";
import { settle } from "../log/manual_clock.ts";
import {
  type FakeClient,
  fakeClient,
  type FakeServices,
  fakeServices,
  lines,
  MAIL_DOOR,
  SPOOL,
  TIMEOUT,
} from "./fakes.ts";

/** A client whom the server has greeted, and the end of its service. */
async function connect(
  services: FakeServices,
  client: FakeClient = fakeClient(),
) {
  const served = serveConnection(client.transport, MAIL_DOOR, services);
  await settle();
  return { client, served };
}

/** The codes of the replies heard, each once. */
function codes({ heard }: FakeClient): string {
  return [...heard().matchAll(/^(\d{3}) .*\r\n/gm)].map(([, code]) => code)
    .join(" ");
}

/** Nothing of a message stays, in memory or on disk, nor does a timer. */
function assertNothingLeft({ disk, clock }: FakeServices) {
  assertEquals([disk.files(), disk.open, clock.waiting], [[], 0, 0]);
}

const ENVELOPE = ["EHLO client.test", "MAIL FROM:<a@b.test>"];
const RECIPIENT = "RCPT TO:<petya@test.ru>";
/** More than is kept in memory, so that there is a file to be left behind. */
const TEXT = "A line of text that goes on and on\r\n".repeat(20);

Deno.test("serveConnection() keeps mail and dialogue, and closes", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  await client.send(lines("HELO client.test", "MAIL FROM:<a@b.test>"));
  await client.send(lines(RECIPIENT, "DATA"));
  await client.send(lines("Subject: hi", "", "..dot", ".", "QUIT"));
  await served;
  assertEquals(
    client.heard(),
    lines(
      "220 mx.test.ru ESMTP smtpd",
      "250 mx.test.ru",
      "250 2.1.0 Sender OK",
      "250 2.1.5 Recipient OK",
      "354 Start mail input; end with <CRLF>.<CRLF>",
      "250 2.0.0 OK: queued as 2",
      "221 2.0.0 mx.test.ru closing connection",
    ),
  );
  assert(client.closed);
  assertMatch(services.texts()[0]!, /\r\nSubject: hi\r\n\r\n\.dot\r\n$/);
  assertEquals(services.queued[0]!.message.session, "1");
  assertEquals(services.record, [
    "1 from 192.0.2.1:4242",
    "-> 220 mx.test.ru ESMTP smtpd",
    "<- HELO client.test",
    "-> 250 mx.test.ru",
    "<- MAIL FROM:<a@b.test>",
    "-> 250 2.1.0 Sender OK",
    "<- RCPT TO:<petya@test.ru>",
    "-> 250 2.1.5 Recipient OK",
    "<- DATA",
    "-> 354 Start mail input; end with <CRLF>.<CRLF>",
    "<- (21 octets of message)",
    "-> 250 2.0.0 OK: queued as 2",
    "<- QUIT",
    "-> 221 2.0.0 mx.test.ru closing connection",
    "1 closed",
  ]);
  assertEquals(services.clock.waiting, 0);
});

Deno.test("serveConnection() takes a message larger than its buffers", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  const body = "0123456789".repeat(7).concat("\r\n").repeat(3000);
  assert(body.length > 3 * LARGE_BUFFER);
  await client.send(
    lines(...ENVELOPE, RECIPIENT, "DATA") + body + lines(".", "QUIT"),
  );
  await served;
  assertEquals(codes(client), "220 250 250 250 354 250 221");
  assert(services.texts()[0]!.endsWith(`\r\n${body}`));
});

/** What a client has said when it goes away. */
const STAGES: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["half a line", "EHLO cl"],
  ["EHLO", lines(...ENVELOPE.slice(0, 1))],
  ["MAIL", lines(...ENVELOPE)],
  ["RCPT", lines(...ENVELOPE, RECIPIENT)],
  ["DATA", lines(...ENVELOPE, RECIPIENT, "DATA")],
  ["some text", lines(...ENVELOPE, RECIPIENT, "DATA") + TEXT],
  ["text and dot", lines(...ENVELOPE, RECIPIENT, "DATA") + TEXT + ".\r"],
  ["part of a chunk", lines(...ENVELOPE, RECIPIENT, "BDAT 999999") + TEXT],
  [
    "a chunk",
    lines(...ENVELOPE, RECIPIENT, `BDAT ${TEXT.length}`) + TEXT,
  ],
];

for (const [what, said] of STAGES) {
  Deno.test(`serveConnection() leaves nothing when the client is gone after ${what}`, async () => {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send(said);
    await client.hangUp();
    await served;
    assert(client.closed);
    assertEquals(services.queued, []);
    assertEquals(services.record.at(-1), "1 closed");
    assertNothingLeft(services);
  });

  Deno.test(`serveConnection() says 421 to silence after ${what}`, async () => {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send(said);
    client.heard();
    await services.clock.advance(TIMEOUT - 1);
    assertEquals([client.heard(), client.closed], ["", false]);
    await services.clock.advance(1000);
    assertEquals(
      client.heard(),
      "421 4.4.2 mx.test.ru timed out, closing connection\r\n",
    );
    await served;
    assert(client.closed);
    assertEquals(services.queued, []);
    assertNothingLeft(services);
  });

  Deno.test(`serveConnection() ends after ${what} when the server stops`, async () => {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send(said);
    services.timeLimits.stop();
    await settle();
    services.timeLimits.hurry();
    await served;
    assertMatch(client.heard(), /^421 4\.3\.2 [^\r]+\r\n$/m);
    assert(client.closed);
    assertEquals(services.queued, []);
    assertNothingLeft(services);
  });
}

Deno.test("serveConnection() lets a message arrive though the server stops", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  await client.send(lines(...ENVELOPE, RECIPIENT, "DATA") + TEXT);
  services.timeLimits.stop();
  await settle();
  assert(!client.closed);
  await client.send(TEXT + lines("."));
  await served;
  assertMatch(client.heard(), /^250 2\.0\.0 OK: queued as 2\r\n421 4\.3\.2 /m);
  assert(services.texts()[0]!.endsWith(TEXT + TEXT));
});

Deno.test("serveConnection() keeps a message whose client doesn't hear that", async () => {
  let commit = () => {};
  const services = await fakeServices({
    enqueue: () => new Promise((resolve) => commit = resolve),
  });
  const { client, served } = await connect(services);
  await client.send(
    lines(...ENVELOPE, RECIPIENT, "DATA") + TEXT + lines("."),
  );
  await client.hangUp();
  commit();
  await served;
  assertEquals(services.disk.files(), [`${SPOOL}/2`]);
  assertEquals(services.log.of("message accepted").length, 1);
});

Deno.test("serveConnection() gives up a client that never takes what is sent", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(
    services,
    fakeClient({ deaf: true }),
  );
  await client.send(lines(...ENVELOPE));
  await services.clock.advance(TIMEOUT - 1);
  assert(!client.closed);
  await services.clock.advance(1000);
  await served;
  assert(client.closed);
  assertEquals(client.heard(), "");
  assertNothingLeft(services);
});

Deno.test("serveConnection() stops while a client takes nothing", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(
    services,
    fakeClient({ deaf: true }),
  );
  services.timeLimits.stop();
  services.timeLimits.hurry();
  await served;
  assert(client.closed);
});

Deno.test("serveConnection() counts silence from what was last heard", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  for (let count = 0; count < 5; count++) {
    await services.clock.advance(TIMEOUT - 1000);
    await client.send(lines("NOOP"));
  }
  assertEquals(codes(client), "220 250 250 250 250 250");
  await client.hangUp();
  await served;
});

Deno.test("serveConnection() survives a session that fails", async () => {
  const services = await fakeServices();
  const client = fakeClient();
  const broken = {
    ...client.transport,
    read: () => Promise.reject(new Error("bad read")),
    [Symbol.dispose]: () => client.transport[Symbol.dispose](),
  };
  await serveConnection(broken, MAIL_DOOR, services);
  assert(client.closed);
  const [failure] = services.log.of("session failed");
  assertEquals(failure?.session, "1");
  assertMatch(String(failure?.error), /bad read/);
  assertNothingLeft(services);
});

Deno.test("serveConnection() lends a large buffer only while a message comes in", async () => {
  const services = await fakeServices();
  let lent = 0;
  const { buffers } = services;
  const { large } = buffers;
  const counted = {
    lend: () => (lent++, large.lend()),
    takeBack: (buffer: Uint8Array<ArrayBuffer>) => (
      lent--, large.takeBack(buffer)
    ),
  };
  const { client, served } = await connect({
    ...services,
    buffers: { ...buffers, large: counted as typeof large },
  });
  await client.send(lines(...ENVELOPE, RECIPIENT, "DATA"));
  assertEquals(lent, 1);
  await client.send(lines("text", "."));
  assertEquals(lent, 0);
  await client.send(lines("MAIL FROM:<a@b.test>", RECIPIENT, "DATA"));
  assertEquals(lent, 1);
  await client.hangUp();
  await served;
  assertEquals(lent, 0);
});
