/** What becomes of clients that talk and talk, and send nothing. */
import { assert, assertEquals } from "@std/assert";
import { serveConnection } from "../../src/server/connection.ts";
import { settle } from "../log/manual_clock.ts";
import { CONFIG } from "../transcripts/transcript.ts";
import {
  fakeClient,
  type FakeServices,
  fakeServices,
  lines,
  MAIL_DOOR,
  TIMEOUT,
} from "./fakes.ts";

const OK = "250 2.0.0 OK\r\n";

/** More than anybody has to say in a session. */
const NOOPS = 10_000;

async function connect(services: FakeServices) {
  const client = fakeClient();
  const served = serveConnection(client.transport, MAIL_DOOR, services);
  await settle();
  await client.send("EHLO client.test\r\n");
  client.heard();
  return { client, served };
}

function count(text: string, piece: string): number {
  return text.split(piece).length - 1;
}

Deno.test("serveConnection() lets a client that only talks rest again and again", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  await client.send("NOOP\r\n".repeat(NOOPS));
  const atOnce = count(client.heard(), OK);
  assert(atOnce > 1_000 && atOnce < 5_000, `${atOnce}`);
  await services.clock.advance(10_000);
  const inTenSeconds = count(client.heard(), OK);
  assert(inTenSeconds > 100 && inTenSeconds < 1_000, `${inTenSeconds}`);
  await client.hangUp();
  await services.clock.advance(1_000);
  await served;
});

Deno.test("serveConnection() ends the rest of a client when the server stops or is full", async () => {
  for (
    const [end, reply] of [
      [
        ({ timeLimits }: FakeServices) => timeLimits.stop(),
        "421 4.3.2 mx.test.ru shutting down, try again later",
      ],
      [
        ({ timeLimits }: FakeServices) => void timeLimits.evict(0),
        "421 4.3.2 mx.test.ru too busy for slow clients, try again later",
      ],
    ] as const
  ) {
    const services = await fakeServices();
    const { client, served } = await connect(services);
    await client.send("NOOP\r\n".repeat(NOOPS));
    assert(count(client.heard(), OK) < NOOPS);
    end(services);
    await served;
    assertEquals([client.heard(), client.closed], [lines(reply), true]);
  }
});

Deno.test("serveConnection() hears a client to the end that rests", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  await client.send("NOOP\r\n".repeat(4_000) + "QUIT\r\n");
  await services.clock.advance(60_000);
  await served;
  const heard = client.heard();
  assertEquals(count(heard, OK), 4_000);
  assert(heard.endsWith("221 2.0.0 mx.test.ru closing connection\r\n"));
});

Deno.test("serveConnection() gives up a line without end, however fast it comes", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  await client.send("x".repeat(1_000_000));
  await services.clock.advance(TIMEOUT);
  await served;
  assertEquals(
    client.heard(),
    lines("421 4.4.2 mx.test.ru timed out, closing connection"),
  );
});

Deno.test("serveConnection() lets nobody rest who sends messages", async () => {
  const services = await fakeServices();
  const { client, served } = await connect(services);
  const message = lines(
    "MAIL FROM:<a@b.test>",
    "RCPT TO:<petya@test.ru>",
    "BDAT 7 LAST",
    "hello",
  );
  await client.send(message.repeat(2_000));
  assertEquals(count(client.heard(), "250 2.0.0 OK: queued"), 2_000);
  assertEquals(services.queued.length, 2_000);
  await client.hangUp();
  await served;
});

Deno.test("serveConnection() lets nobody rest whose recipients are known", async () => {
  const config = { ...CONFIG, maxRecipients: 10_000 };
  const services = await fakeServices({ config });
  const { client, served } = await connect(services);
  await client.send(lines("MAIL FROM:<a@b.test>"));
  client.heard();
  await client.send("RCPT TO:<petya@test.ru>\r\n".repeat(5_000));
  assertEquals(count(client.heard(), "250 2.1.5"), 5_000);
  await client.send("RCPT TO:<nobody@test.ru>\r\n".repeat(5_000));
  const refused = count(client.heard(), "550 5.1.1 ");
  assert(refused > 500 && refused < 2_000, `${refused}`);
  await client.hangUp();
  await services.clock.advance(1_000);
  await served;
});
