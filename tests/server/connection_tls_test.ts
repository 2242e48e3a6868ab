/** Connections under TLS, against a TLS client in memory. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ChooseCertificate } from "../../src/net/tls_server.ts";
import { secureClient } from "../../src/net/tls_client.ts";
import type { Transport } from "../../src/net/transport.ts";
import { serveConnection } from "../../src/server/connection.ts";
import type { Door } from "../../src/server/doors.ts";
import { settle } from "../log/manual_clock.ts";
import { AUTHORITY, MX } from "../net/certificates.ts";
import { memoryTransports } from "../net/memory_transport.ts";
import { succeeded } from "../net/succeeded.ts";
import { challenging } from "../policy/visit_fakes.ts";
import { CONFIG } from "../transcripts/transcript.ts";
import {
  fakeServices,
  lines,
  MAIL_DOOR,
  SUBMISSION_DOOR,
  SUBMISSIONS_DOOR,
} from "./fakes.ts";

const PETYA = { local: "petya", domain: "test.ru" };
const CERTIFICATE = { ...MX, names: ["mx.test.ru"] };
const choose: ChooseCertificate = () => CERTIFICATE;
const TLS = { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };
const GREETING = "220 mx.test.ru ESMTP smtpd\r\n";
const HANDSHAKE_LIMIT = 30_000;

/** A client of a server with a certificate, where petya logs in by PLAIN with `right`. */
async function connect(door: Door) {
  const services = {
    ...await fakeServices({
      config: {
        ...CONFIG,
        tls: true,
        mechanisms: { clear: ["PLAIN"], secure: ["PLAIN"] },
        authRequired: door.login === "required",
      },
      visits: { authenticator: challenging(PETYA) },
    }),
    certificates: choose,
  };
  const [ours, theirs] = memoryTransports();
  const served = serveConnection(ours, door, services);
  return { ...services, served, client: new Client(theirs) };
}

/** A client of a server that speaks SMTP and TLS. */
class Client implements Disposable {
  #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sends, and waits until the server took it. */
  async send(text: string): Promise<boolean> {
    return await this.#transport.write(new TextEncoder().encode(text));
  }

  /** The next reply; what there is of one when the server hangs up. */
  async hear(): Promise<string> {
    const buffer = new Uint8Array(4096);
    let heard = "";
    while (!/^\d{3} .*\r\n$/m.test(heard)) {
      const count = await this.#transport.read(buffer);
      if (count === null) break;
      heard += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return heard;
  }

  /** Sends a line and hears what is said to it. */
  async say(line: string): Promise<string> {
    await this.send(`${line}\r\n`);
    return await this.hear();
  }

  async secure(): Promise<void> {
    const { transport } = succeeded(
      await secureClient(this.#transport, {
        host: "mx.test.ru",
        verify: "required",
        caCerts: [AUTHORITY],
      }),
    );
    this.#transport = transport;
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}

/** Sends a message, and says goodbye. */
async function sendMail(client: Client, text: string): Promise<string> {
  await client.say("MAIL FROM:<petya@test.ru>");
  await client.say("RCPT TO:<masha@test.ru>");
  await client.say("DATA");
  const reply = await client.say(`${text}.`);
  await client.say("QUIT");
  return reply;
}

Deno.test("serveConnection() takes mail behind STARTTLS, and says so", async () => {
  const { client, served, texts, log, record, clock } = await connect(
    MAIL_DOOR,
  );
  assertEquals(await client.hear(), GREETING);
  assertMatch(await client.say("EHLO in.the.clear"), /^250-STARTTLS\r$/m);
  assertMatch(await client.say("STARTTLS"), /^220 2\.0\.0 /);
  await client.secure();
  assertMatch(await client.say("MAIL FROM:<a@b.test>"), /^503 /);
  const offer = await client.say("EHLO client.test");
  assertMatch(offer, /^250-AUTH PLAIN\r$/m);
  assert(!offer.includes("STARTTLS"), offer);
  const text = "A line of a large message\r\n".repeat(10_000);
  assertMatch(await sendMail(client, text), /^250 /);
  await served;
  const [mail] = texts();
  assertMatch(
    mail!,
    /^Received: from client\.test \(\[192\.0\.2\.1\]\)\r\n\tby mx\.test\.ru with ESMTPS id 2\r\n\tfor <masha@test\.ru>\r\n\ttls TLS_AES_256_GCM_SHA384 \(TLSv1\.3\);\r\n/,
  );
  assert(mail!.endsWith(text));
  const tls = `${TLS.protocol} ${TLS.cipher}`;
  assertEquals(log.of("message accepted")[0]!.tls, tls);
  const secured = record.indexOf(`-- ${tls}`);
  assertEquals(record.slice(secured - 2, secured + 2), [
    "<- STARTTLS",
    "-> 220 2.0.0 Ready to start TLS",
    `-- ${tls}`,
    "<- MAIL FROM:<a@b.test>",
  ]);
  assertEquals(clock.waiting, 0);
});

Deno.test("serveConnection() speaks TLS from the first octet at a door for that", async () => {
  const { client, served, texts, queued, log, record } = await connect(
    SUBMISSIONS_DOOR,
  );
  await client.secure();
  assertEquals(await client.hear(), GREETING);
  const offer = await client.say("EHLO client.test");
  assert(!offer.includes("STARTTLS"), offer);
  assertMatch(await client.say("MAIL FROM:<petya@test.ru>"), /^530 5\.7\.0 /);
  assertMatch(await client.say("AUTH PLAIN right"), /^235 /);
  const reply = await sendMail(
    client,
    "Subject: Hi\r\nBcc: x@y.test\r\n\r\nHi\r\n",
  );
  assertEquals(reply, "250 2.0.0 OK: queued as 2\r\n");
  await served;
  assertMatch(texts()[0]!, / with ESMTPSA id 2\r\n/);
  assertMatch(
    texts()[0]!,
    /\r\nSubject: Hi\r\nDate: .*\r\nFrom: <petya@test\.ru>\r\nMessage-ID: <2@mx\.test\.ru>\r\n\r\nHi\r\n$/,
  );
  assertEquals(queued[0]!.message.trusted, true);
  assertEquals(record.slice(0, 4), [
    "1 from 192.0.2.1:25",
    `-- ${TLS.protocol} ${TLS.cipher}`,
    "-> 220 mx.test.ru ESMTP smtpd",
    "<- EHLO client.test",
  ]);
  const whole = {
    session: "1",
    peer: "192.0.2.1",
    user: "petya@test.ru",
    tls: `${TLS.protocol} ${TLS.cipher}`,
  };
  assertEquals(log.of("logged in"), [whole]);
  const { size } = queued[0]!.message;
  const [from, to] = ["petya@test.ru", "masha@test.ru"];
  assertEquals(log.of("message accepted"), [
    { id: "2", ...whole, from, to, size },
  ]);
});

for (const door of [SUBMISSION_DOOR, MAIL_DOOR]) {
  Deno.test(`serveConnection() forgets behind STARTTLS who logged in before, at --${door.setting}`, async () => {
    const { client, served } = await connect(door);
    await client.hear();
    await client.say("EHLO client.test");
    assertMatch(await client.say("AUTH PLAIN right"), /^235 /);
    await client.say("STARTTLS");
    await client.secure();
    await client.say("EHLO client.test");
    const sender = await client.say("MAIL FROM:<petya@test.ru>");
    if (door === MAIL_DOOR) {
      const recipient = await client.say("RCPT TO:<vasya@another.test>");
      assertEquals(recipient, "550 5.7.1 Relaying denied\r\n");
    } else {
      assertMatch(sender, /^530 5\.7\.0 /);
    }
    client[Symbol.dispose]();
    await served;
  });
}

Deno.test("serveConnection() hangs up on what is said in the clear behind STARTTLS", async () => {
  const { client, served, record } = await connect(MAIL_DOOR);
  await client.hear();
  await client.say("EHLO client.test");
  await client.send("STARTTLS\r\nMAIL FROM:<a@b.test>\r\n");
  assertEquals(await client.hear(), "");
  await served;
  assertEquals(record.slice(-2), [
    "-- octets behind STARTTLS: connection dropped",
    "1 closed",
  ]);
});

/** The ways into a handshake. */
const WAYS: readonly (readonly [string, Door, (client: Client) => unknown])[] =
  [
    ["at a TLS door", SUBMISSIONS_DOOR, () => {}],
    ["behind STARTTLS", MAIL_DOOR, async (client) => {
      await client.hear();
      await client.say("EHLO client.test");
      await client.say("STARTTLS");
    }],
  ];

/** What becomes of a handshake, and why the record says that it failed. */
const FAILURES: readonly (readonly [
  string,
  (session: Awaited<ReturnType<typeof connect>>) => unknown,
  string,
])[] = [
  [
    "nonsense",
    ({ client }) => client.send("EHLO client.test\r\n"),
    "what the client sent is not TLS",
  ],
  [
    "a client that leaves",
    ({ client }) => client[Symbol.dispose](),
    "the connection was closed",
  ],
  [
    "30 s of silence",
    ({ clock }) => clock.advance(HANDSHAKE_LIMIT + 500),
    "it took too long",
  ],
  [
    "half a hello and 30 s of silence",
    async ({ client, clock }) => {
      await client.send("\x16\x03\x01\x00\x7f\x01");
      await clock.advance(HANDSHAKE_LIMIT + 500);
    },
    "it took too long",
  ],
  [
    "the server's stop",
    ({ timeLimits }) => timeLimits.stop(),
    "this server stops",
  ],
  [
    "others who need the room",
    ({ timeLimits }) => timeLimits.evict(0),
    "others need the room",
  ],
];

for (const [way, door, begin] of WAYS) {
  for (const [what, happen, reason] of FAILURES) {
    Deno.test(`serveConnection() ends a handshake ${way} at ${what}`, async () => {
      const session = await connect(door);
      const { client, served, record, log, clock } = session;
      await begin(client);
      await settle();
      await happen(session);
      await served;
      assertEquals(await client.hear(), "");
      assertEquals(record.slice(-2), [
        `-- TLS handshake failed: ${reason}`,
        "1 closed",
      ]);
      assertEquals(log.of("TLS handshake failed"), [
        { session: "1", peer: "192.0.2.1", reason },
      ]);
      assertEquals(log.of("session failed"), []);
      assertEquals(clock.waiting, 0);
    });
  }

  Deno.test(`serveConnection() waits 30 s for a handshake ${way}`, async () => {
    const { client, served, record, clock } = await connect(door);
    await begin(client);
    await settle();
    await clock.advance(HANDSHAKE_LIMIT - 1);
    await client.secure();
    await client.say("NOOP");
    client[Symbol.dispose]();
    await served;
    assert(record.includes(`-- ${TLS.protocol} ${TLS.cipher}`));
  });
}

Deno.test("serveConnection() fails where there is no certificate to show", async () => {
  const services = await fakeServices();
  const [ours, theirs] = memoryTransports();
  await serveConnection(ours, SUBMISSIONS_DOOR, services);
  assertEquals(await theirs.read(new Uint8Array(1)), null);
  assertMatch(
    String(services.log.of("session failed")[0]!.error),
    /TypeError: Cannot do a TLS handshake: there is no certificate/,
  );
  assertEquals(services.record.at(-1), "1 closed");
});

Deno.test("serveConnection() says 421 under TLS, and closes with that", async () => {
  const { client, served, timeLimits } = await connect(SUBMISSIONS_DOOR);
  await client.secure();
  await client.hear();
  const heard = client.hear();
  await settle();
  timeLimits.stop();
  assertEquals(
    await heard,
    lines(
      "421 4.3.2 mx.test.ru shutting down, try again later",
    ),
  );
  await served;
});
