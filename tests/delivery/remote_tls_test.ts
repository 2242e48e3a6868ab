/** TLS and authentication on the way to other servers, over real sockets. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Access } from "../../src/delivery/access.ts";
import { type Identity, MX, SELF_SIGNED } from "../net/certificates.ts";
import { brief, mx, type Relay, relayTo, smarthost } from "./remote_fakes.ts";
import {
  offering,
  type Script,
  type ScriptedServer,
  startScripted,
} from "./scripted_server.ts";

const PASSWORD = "tanstaaftanstaaf";
const CREDENTIALS = { user: "petya", password: () => PASSWORD };

const REQUIRED: Access = { tls: "require", verified: false };
const VERIFIED: Access = { tls: "require", verified: true };
const IMPLICIT: Access = { tls: "implicit", verified: true };
const LOGIN: Access = { ...VERIFIED, credentials: CREDENTIALS };

const DELIVERED = ["delivered 250 2.0.0 mx.test.ru"];

/** Offers STARTTLS, and what else there is under TLS. */
function withStartTls(changes: Script = {}, ...keywords: string[]): Script {
  return {
    EHLO: ({ count }) =>
      count === 0 ? offering("STARTTLS") : offering(...keywords),
    ...changes,
  };
}

function startSecure(script: Script, identity: Identity = MX): ScriptedServer {
  return startScripted(script, { identity });
}

function verbs(server: ScriptedServer, connection = 0): readonly string[] {
  return server.connections[connection]!.heard.map((line) =>
    line.split(" ")[0]!
  );
}

function record({ records }: Relay): string {
  return records.flatMap(({ lines }) => lines).join("\n");
}

Deno.test("remoteDelivery() encrypts with any certificate, and notes that it is unverified", async () => {
  await using server = startSecure(withStartTls(), SELF_SIGNED);
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections[0]?.secure, true);
  assertMatch(record(relay), /^-- TLS is on, certificate not verified$/m);
});

Deno.test("remoteDelivery() sends without TLS where the handshake comes to nothing", async () => {
  await using server = startScripted(
    withStartTls({ STARTTLS: { close: "220 Go on" } }),
  );
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections.length, 2);
  assertEquals(verbs(server, 0), ["EHLO", "STARTTLS"]);
  assertEquals(server.connections[1]?.secure, false);
  assertMatch(record(relay), /^-- 451 4\.7\.5 TLS handshake failed: /m);
});

Deno.test("remoteDelivery() takes what is said without TLS at its word", async () => {
  await using server = startScripted(
    withStartTls({
      STARTTLS: { close: "220 Go on" },
      MAIL: "550 5.7.1 Not without TLS",
    }),
  );
  await using relay = relayTo([mx("mx.test.ru", server)]);
  assertEquals(brief(await relay.send()), ["failed 550 5.7.1 mx.test.ru"]);
  assertEquals(server.connections.length, 2);
});

for (
  const { what, script, identity = MX, access, outcome } of [
    {
      what: "doesn't offer TLS that is required",
      script: {},
      access: REQUIRED,
      outcome: "deferred 451 4.7.4 (we) lane",
    },
    {
      what: "refuses TLS that is required",
      script: withStartTls({ STARTTLS: "502 5.5.1 Not today" }),
      access: REQUIRED,
      outcome: "deferred 502 5.5.1 mx.test.ru lane",
    },
    {
      what: "breaks off a handshake that is required",
      script: withStartTls({ STARTTLS: { close: "220 Go on" } }),
      access: REQUIRED,
      outcome: "deferred 451 4.7.5 (we) lane",
    },
    {
      what: "has a certificate that can't be verified",
      script: withStartTls(),
      identity: SELF_SIGNED,
      access: VERIFIED,
      outcome: "deferred 451 4.7.5 (we) lane",
    },
    {
      what: "doesn't offer TLS for a password",
      script: { EHLO: offering("AUTH PLAIN LOGIN") },
      access: LOGIN,
      outcome: "deferred 451 4.7.4 (we) lane",
    },
    {
      what: "doesn't offer TLS for a password, where TLS is as may be",
      script: { EHLO: offering("AUTH PLAIN LOGIN") },
      access: { ...LOGIN, tls: "opportunistic", verified: false },
      outcome: "deferred 451 4.7.0 (we) lane",
    },
    {
      what: "breaks off a handshake for a password, where TLS is as may be",
      script: {
        EHLO: offering("STARTTLS", "AUTH PLAIN LOGIN"),
        STARTTLS: { close: "220 Go on" },
      },
      access: { ...LOGIN, tls: "opportunistic", verified: false },
      outcome: "deferred 451 4.7.5 (we) lane",
    },
    {
      what: "shows a wrong certificate for a password",
      script: withStartTls({}, "AUTH PLAIN"),
      identity: SELF_SIGNED,
      access: LOGIN,
      outcome: "deferred 451 4.7.5 (we) lane",
    },
    {
      what: "has no mechanism of ours",
      script: withStartTls({}, "AUTH GSSAPI NTLM"),
      access: LOGIN,
      outcome: "deferred 451 4.7.0 (we) lane",
    },
  ] as readonly {
    what: string;
    script: Script;
    identity?: Identity;
    access: Access;
    outcome: string;
  }[]
) {
  Deno.test(`remoteDelivery() waits when a server ${what}`, async () => {
    await using server = startSecure(script, identity);
    await using relay = relayTo([smarthost(server)], { access });
    assertEquals(brief(await relay.send()), [outcome]);
    await server.quiet();
    assertEquals(server.connections.length, 1);
    assert(!verbs(server).includes("MAIL"));
    assert(!verbs(server).includes("AUTH"));
  });
}

Deno.test("remoteDelivery() takes any certificate where TLS is required of a server that DNS names", async () => {
  await using server = startSecure(withStartTls(), SELF_SIGNED);
  await using relay = relayTo([mx("mx.test.ru", server)], { access: REQUIRED });
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(server.connections[0]?.secure, true);
});

Deno.test("remoteDelivery() verifies the name that the settings give", async () => {
  await using server = startSecure(withStartTls());
  for (
    const [name, outcome] of [
      ["mx.test.ru", "delivered 250 2.0.0 mx.test.ru"],
      ["127.0.0.1", "delivered 250 2.0.0 127.0.0.1"],
      ["mx.test.net", "deferred 451 4.7.5 (we) lane"],
    ] as const
  ) {
    await using relay = relayTo([smarthost(server, name)], {
      access: VERIFIED,
    });
    assertEquals(brief(await relay.send()), [outcome]);
  }
});

Deno.test("remoteDelivery() begins with TLS where that is implicit", async () => {
  await using server = startScripted(
    { EHLO: offering("AUTH PLAIN") },
    { identity: MX, implicitTls: true },
  );
  const access = { ...IMPLICIT, credentials: CREDENTIALS };
  await using relay = relayTo([smarthost(server)], { access });
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(verbs(server).slice(0, 3), ["EHLO", "AUTH", "MAIL"]);
});

Deno.test("remoteDelivery() doesn't do without TLS where that is implicit", async () => {
  await using server = startScripted();
  await using relay = relayTo([smarthost(server)], { access: IMPLICIT });
  assertEquals(brief(await relay.send()), ["deferred 451 4.7.5 (we) lane"]);
  assertEquals(server.connections.length, 1);
});

/** LOGIN as servers speak it; wrong passwords are refused. */
const LOGIN_SCRIPT: Script = {
  AUTH: `334 ${btoa("Username:")}`,
  response: ({ line, count }) =>
    count === 0
      ? `334 ${btoa("Password:")}`
      : line === btoa(PASSWORD)
      ? "235 2.7.0 Welcome"
      : "535 5.7.8 Wrong",
};

for (
  const { mechanism, script } of [
    {
      mechanism: "PLAIN",
      script: {
        AUTH: ({ line }) =>
          line === `AUTH PLAIN ${btoa(`\0petya\0${PASSWORD}`)}`
            ? "235 2.7.0 Welcome"
            : "535 5.7.8 Wrong",
      },
    },
    { mechanism: "LOGIN", script: LOGIN_SCRIPT },
  ] as readonly { mechanism: string; script: Script }[]
) {
  Deno.test(`remoteDelivery() authenticates by ${mechanism}, once for all messages`, async () => {
    await using server = startSecure(withStartTls(script, `AUTH ${mechanism}`));
    await using relay = relayTo([smarthost(server)], { access: LOGIN });
    assertEquals(brief(await relay.send()), DELIVERED);
    assertEquals(brief(await relay.send()), DELIVERED);
    assertEquals(verbs(server).filter((verb) => verb === "AUTH").length, 1);
    assertEquals(server.connections.map(({ secure }) => secure), [true]);
  });

  Deno.test(`remoteDelivery() shows nobody what it says by ${mechanism}`, async () => {
    await using server = startSecure(withStartTls(script, `AUTH ${mechanism}`));
    await using relay = relayTo([smarthost(server)], { access: LOGIN });
    const outcomes = JSON.stringify(await relay.send());
    const shown = record(relay) + outcomes;
    assertMatch(shown, /^-> AUTH (PLAIN|LOGIN)/m);
    const said = [PASSWORD, `\0petya\0${PASSWORD}`];
    for (const secret of [...said, ...said.map(btoa)]) {
      assert(!shown.includes(secret));
    }
  });
}

Deno.test("remoteDelivery() waits when the password is wrong, and tries it nowhere else", async () => {
  await using server = startSecure(withStartTls(LOGIN_SCRIPT, "AUTH LOGIN"));
  await using other = startSecure(withStartTls(LOGIN_SCRIPT, "AUTH LOGIN"));
  const access = {
    ...LOGIN,
    credentials: { user: "petya", password: () => "wrong" },
  };
  await using relay = relayTo([smarthost(server), smarthost(other)], {
    access,
  });
  const [outcome] = await relay.send();
  assertEquals(brief([outcome!]), ["deferred 535 5.7.8 mx.test.ru lane"]);
  assertEquals(other.connections.length, 0);
});

Deno.test("remoteDelivery() tries another host when one can't check the password for now", async () => {
  const AUTH = "454 4.7.0 No directory";
  await using server = startSecure(withStartTls({ AUTH }, "AUTH PLAIN"));
  await using other = startSecure(withStartTls({}, "AUTH PLAIN"));
  await using relay = relayTo([smarthost(server), smarthost(other)], {
    access: LOGIN,
  });
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(other.messages().length, 1);
});

Deno.test("remoteDelivery() ends an exchange that asks for more than there is", async () => {
  await using server = startSecure(
    withStartTls(
      {
        AUTH: "334 ",
        response: ({ line }) => line === "*" ? "501 5.7.0 Ended" : "334 ",
      },
      "AUTH PLAIN",
    ),
  );
  await using relay = relayTo([smarthost(server)], { access: LOGIN });
  assertEquals(brief(await relay.send()), ["deferred 451 4.7.0 (we) lane"]);
  assertEquals(verbs(server).slice(-3), ["AUTH", "*", "QUIT"]);
});

Deno.test("remoteDelivery() shows a password to all only where TLS is never to be used", async () => {
  await using server = startSecure({
    EHLO: offering("STARTTLS", "AUTH PLAIN"),
  });
  const access = { ...LOGIN, tls: "never", verified: false } as const;
  await using relay = relayTo([smarthost(server)], { access });
  assertEquals(brief(await relay.send()), DELIVERED);
  assertEquals(verbs(server).slice(0, 3), ["EHLO", "AUTH", "MAIL"]);
  assertEquals(server.connections[0]?.secure, false);
});
