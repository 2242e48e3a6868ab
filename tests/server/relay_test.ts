import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Deliver } from "../../src/queue/delivery.ts";
import {
  openRelay,
  type Relay,
  type RelayOptions,
} from "../../src/server/relay.ts";
import { startServer } from "../../src/server/start.ts";
import { clock as systemClock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";
import { brief, parcel } from "../delivery/remote_fakes.ts";
import { offering, startScripted } from "../delivery/scripted_server.ts";
import { AUTHORITY, MX } from "../net/certificates.ts";
import { startDnsServer, type Zone } from "../net/dns_server.ts";
import { fakeLog, temporaryFolder } from "../queue/fakes.ts";
import { lines } from "./fakes.ts";

const PASSWORD = "tanstaaftanstaaf";

function settings(config: object): Settings {
  const loaded = loadSettings(readFlags([], SERVER_FLAGS), {
    path: "smtpd.json",
    text: JSON.stringify({ domain: "me.test", ...config }),
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** A relay that is closed with the test, and what its sessions said. */
async function relayWith(
  config: object,
  changes: Partial<RelayOptions> = {},
): Promise<Relay & AsyncDisposable & { readonly said: readonly string[] }> {
  const said: string[] = [];
  let sessions = 0;
  const relay = await openRelay(settings(config), {
    listens: [],
    transcripts: {
      open: () => ({ add: (more) => void said.push(...more), close() {} }),
    },
    nextId: () => `S${sessions++}`,
    clock: systemClock,
    disk,
    caCerts: [AUTHORITY],
    ...changes,
  });
  return { ...relay, said, [Symbol.asyncDispose]: () => relay.close() };
}

/** The outcome of mail to one mailbox. */
async function outcome(deliver: Deliver, to = "petya@test.ru") {
  const [outcome] = await deliver(parcel({ to: [to] }));
  return outcome!;
}

Deno.test("openRelay() finds its way by DNS, past a server that is down", async () => {
  await using server = startScripted();
  const zone: Zone = {
    "test.ru": { MX: [[20, "mx2.test.ru"], [10, "mx1.test.ru"]] },
    "mx1.test.ru": { AAAA: ["::1"] },
    "mx2.test.ru": { A: ["127.0.0.1"] },
    "nomail.ru": { MX: [[0, "."]] },
    "broken.ru": "SERVFAIL",
  };
  await using dns = await startDnsServer(zone);
  await using relay = await relayWith({
    dns: `127.0.0.1:${dns.port}`,
    "mx-port": server.port,
  });
  const { status, host, address } = await outcome(
    relay.deliver,
    "petya@Test.RU",
  );
  assertEquals({ status, host, address }, {
    status: "delivered",
    host: "mx2.test.ru",
    address: "127.0.0.1",
  });
  assertEquals(
    brief([
      await outcome(relay.deliver, "petya@nomail.ru"),
      await outcome(relay.deliver, "petya@nowhere.ru"),
      await outcome(relay.deliver, "petya@broken.ru"),
    ]),
    [
      "failed 556 5.1.10 (we)",
      "failed 550 5.1.2 (we)",
      "deferred 451 4.4.3 (we) lane",
    ],
  );
});

Deno.test("openRelay() sends nothing unencrypted to a domain that must not have it so", async () => {
  await using server = startScripted();
  const host = { A: ["127.0.0.1"] };
  await using dns = await startDnsServer({ "bank.ru": host, "test.ru": host });
  await using relay = await relayWith({
    dns: `127.0.0.1:${dns.port}`,
    "mx-port": server.port,
    "require-tls": ["Bank.ru"],
  });
  assertEquals(
    (await outcome(relay.deliver, "petya@test.ru")).status,
    "delivered",
  );
  assertEquals(brief([await outcome(relay.deliver, "petya@BANK.ru")]), [
    "deferred 451 4.7.4 (we) lane",
  ]);
  assertEquals(server.messages().length, 1);
});

Deno.test("openRelay() authenticates at a smarthost, with the password of a file", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "password");
  await Deno.writeTextFile(file, `${PASSWORD}\r\n# of petya\n`);
  const AUTH = ({ line }: { readonly line: string }) =>
    line.endsWith(btoa(`\0petya\0${PASSWORD}`))
      ? "235 2.7.0 Welcome"
      : "535 5.7.8 Wrong";
  await using server = startScripted({
    EHLO: ({ count }) => offering(count === 0 ? "STARTTLS" : "AUTH PLAIN"),
    AUTH,
  }, { identity: MX });
  const route = {
    domain: "*",
    host: "127.0.0.1",
    port: server.port,
    user: "petya",
  };
  for (
    const [changes, expected] of [
      [{ password: PASSWORD }, "delivered 250 2.0.0 127.0.0.1"],
      [{ "password-file": file }, "delivered 250 2.0.0 127.0.0.1"],
      [{ password: "wrong" }, "deferred 535 5.7.8 127.0.0.1 lane"],
    ] as const
  ) {
    await using relay = await relayWith({ route: { ...route, ...changes } });
    assertEquals(brief([await outcome(relay.deliver)]), [expected]);
    assertMatch(relay.said.join("\n"), /^-> AUTH PLAIN \(not shown\)$/m);
    assert(!relay.said.join("\n").includes(PASSWORD));
  }
});

Deno.test("openRelay() trusts no authority but those it is given or Deno knows", async () => {
  await using server = startScripted({ EHLO: offering("STARTTLS") }, {
    identity: MX,
  });
  const { port } = server;
  const route = { domain: "*", host: "127.0.0.1", port, tls: "require" };
  await using relay = await relayWith({ route }, { caCerts: [] });
  assertEquals(brief([await outcome(relay.deliver)]), [
    "deferred 451 4.7.5 (we) lane",
  ]);
});

Deno.test("openRelay() says which password file is of no use", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "password");
  const route = {
    ...{ domain: "*", host: "127.0.0.1", user: "petya" },
    "password-file": path,
  };
  const opening = () => relayWith({ route });
  const message = `Cannot read password file "${path}": `;
  await assertRejects(opening, Error, `${message}there is no such file`);
  for (
    const [text, why] of [
      ["", "its first line is empty"],
      ["\nsecret\n", "its first line is empty"],
      ["\0secret", "it is not text"],
      [new Uint8Array([0xff, 0xfe, 0x41]), "it is not text in UTF-8"],
    ] as const
  ) {
    await Deno.writeFile(
      path,
      typeof text === "string" ? new TextEncoder().encode(text) : text,
    );
    await assertRejects(opening, Error, message + why);
  }
  await Deno.remove(path);
  await Deno.mkdir(path);
  await assertRejects(opening, Error, message);
});

Deno.test("laneOf() is the same for every spelling of a domain", async () => {
  await using relay = await relayWith({
    route: ["a.ru=mail.test", "b.ru=mail.test"],
    "require-tls": "b.ru",
  });
  assertEquals(
    ["Bücher.Example", "xn--bcher-kva.example.", "A.ru", "b.RU"].map(
      relay.laneOf,
    ),
    [
      "xn--bcher-kva.example",
      "xn--bcher-kva.example",
      "mail.test:25",
      "mail.test:25 with TLS",
    ],
  );
});

Deno.test("close() takes leave of servers and ends what is under way", async () => {
  await using polite = startScripted();
  await using stalled = startScripted({ text: "silence" });
  const relay = await relayWith({
    route: [
      `polite.ru=127.0.0.1:${polite.port}`,
      `stalled.ru=127.0.0.1:${stalled.port}`,
    ],
  });
  await outcome(relay.deliver, "petya@polite.ru");
  const sent = outcome(relay.deliver, "petya@stalled.ru");
  await stalled.heard("(text)");
  let ended = false;
  sent.finally(() => ended = true);
  await relay.close();
  assert(ended);
  assertEquals(brief([await sent]), ["deferred 451 4.3.2 (we)"]);
  await Promise.all([polite.quiet(), stalled.quiet()]);
  assertEquals(polite.connections[0]?.heard.at(-1), "QUIT");
  assertEquals(brief([await outcome(relay.deliver, "petya@polite.ru")]), [
    "deferred 451 4.4.1 (we) lane",
  ]);
});

Deno.test("close() waits no longer than it should for a server's goodbye", async () => {
  await using server = startScripted({ QUIT: "silence" });
  // The second that a farewell may take is over at once, and no other time limit ever.
  const clock: Clock = {
    now: systemClock.now,
    after: (delay, task) =>
      delay === 1000 ? systemClock.after(0, task) : () => {},
  };
  const relay = await relayWith(
    { route: `*=127.0.0.1:${server.port}` },
    { clock },
  );
  await outcome(relay.deliver);
  await relay.close();
  await server.quiet();
  assertEquals(server.connections[0]?.heard.at(-1), "QUIT");
});

Deno.test("startServer() relays what its networks send, and keeps the dialogue", async () => {
  await using folder = await temporaryFolder();
  await using remote = startScripted();
  const log = fakeLog();
  const server = await startServer({
    ...settings({
      host: "127.0.0.1",
      "mail-dir": folder.path,
      route: `another=127.0.0.1:${remote.port}`,
    }),
    port: 0,
  }, { log });
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.doors[0]!.addresses[0]!.port,
  });
  await conn.write(new TextEncoder().encode(lines(
    "HELO client.test",
    "MAIL FROM:<vasya@me.test>",
    "RCPT TO:<petya@another>",
    "DATA",
    ".hello",
    ".",
    "QUIT",
  )));
  await new Response(conn.readable).text();
  await remote.heard("(text)");
  await server.stop();

  const [text] = remote.messages();
  assertMatch(text!, /^Received: from client\.test [^]*\r\nhello\r\n\.\r\n$/);
  const [relayed] = log.of("message relayed");
  assertEquals(relayed?.to, "petya@another");
  assertEquals(relayed?.host, "127.0.0.1");
  const [day] = [
    ...Deno.readDirSync(join(folder.path, ".smtpd", "transcripts")),
  ];
  const transcript = Deno.readTextFileSync(
    join(folder.path, ".smtpd", "transcripts", day!.name),
  );
  assertMatch(transcript, new RegExp(`${relayed!.dialogue} -> QUIT`));
});
