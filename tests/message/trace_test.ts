import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  addressLiteral,
  type Encryption,
  formatReceived,
  formatReturnPath,
  type Reception,
} from "../../src/message/trace.ts";

const RECEPTION: Reception = {
  helo: "client.test",
  peer: "192.0.2.1",
  hostname: "mx.test.ru",
  id: "0K3F7Q2M1QX",
  esmtp: true,
  authenticated: false,
  smtputf8: false,
  receivedAt: Date.UTC(2026, 10, 23, 2, 51, 3),
};

/** The longest of the ciphers in use. */
const TLS: Encryption = {
  protocol: "TLSv1.2",
  cipher: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
};

function received(differences: Partial<Reception>): string {
  return formatReceived({ ...RECEPTION, ...differences });
}

/** The first line of the field, where the client is named. */
function fromLine(differences: Partial<Reception>): string | undefined {
  return received(differences).split("\r\n")[0];
}

Deno.test("formatReceived() leaves out whom it is for when it isn't told", () => {
  assertEquals(
    received({}),
    "Received: from client.test ([192.0.2.1])\r\n" +
      "\tby mx.test.ru with ESMTP id 0K3F7Q2M1QX;\r\n" +
      "\tMon, 23 Nov 2026 02:51:03 +0000\r\n",
  );
});

Deno.test("formatReceived() says what TLS it came under, in a line of its own", () => {
  assertEquals(
    received({
      encryption: TLS,
      recipient: { local: "petya", domain: "test.ru" },
    }),
    "Received: from client.test ([192.0.2.1])\r\n" +
      "\tby mx.test.ru with ESMTPS id 0K3F7Q2M1QX\r\n" +
      "\tfor <petya@test.ru>\r\n" +
      "\ttls TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 (TLSv1.2);\r\n" +
      "\tMon, 23 Nov 2026 02:51:03 +0000\r\n",
  );
  for (const line of received({ encryption: TLS }).split("\r\n")) {
    // RFC 5322 §2.1.1; a tab takes eight columns at most.
    assert(line.replace("\t", " ".repeat(8)).length <= 78, line);
  }
});

const PROTOCOLS = [
  [{ esmtp: false }, "SMTP"],
  [{ esmtp: true }, "ESMTP"],
  [{ encryption: TLS }, "ESMTPS"],
  [{ authenticated: true }, "ESMTPA"],
  [{ encryption: TLS, authenticated: true }, "ESMTPSA"],
  [{ smtputf8: true }, "UTF8SMTP"],
  [{ smtputf8: true, encryption: TLS }, "UTF8SMTPS"],
  [{ smtputf8: true, authenticated: true }, "UTF8SMTPA"],
  [{ smtputf8: true, encryption: TLS, authenticated: true }, "UTF8SMTPSA"],
] as const;

for (const [how, name] of PROTOCOLS) {
  Deno.test(`formatReceived() says with ${name}`, () => {
    assertMatch(received(how), new RegExp(` with ${name} id `));
  });
}

Deno.test("formatReceived() names an IPv6 client by its literal", () => {
  assertEquals(
    fromLine({ peer: "2001:db8::1" }),
    "Received: from client.test ([IPv6:2001:db8::1])",
  );
});

Deno.test("formatReceived() takes an address literal for a name", () => {
  assertEquals(
    fromLine({ helo: "[192.168.56.1]" }),
    "Received: from [192.168.56.1] ([192.0.2.1])",
  );
  assertEquals(
    fromLine({ helo: "[IPv6:2001:db8::2]" }),
    "Received: from [IPv6:2001:db8::2] ([192.0.2.1])",
  );
});

Deno.test("formatReceived() writes UTF-8 only where SMTPUTF8 allows it", () => {
  const recipient = { local: "петя", domain: "почта.test" };
  assertMatch(
    received({ helo: "клиент.test", smtputf8: true, recipient }),
    /^Received: from клиент\.test \(.*for <петя@почта\.test>;/s,
  );
  assertEquals(
    fromLine({ helo: "клиент.test" }),
    "Received: from [192.0.2.1] (HELO ??????.test)",
  );
});

const TRICKS = [
  "",
  "x\r\nX-Evil: yes",
  "x\nX-Evil: yes",
  "x\r\n\r\nbody",
  "x) by evil.test (",
  "x ([192.0.2.99])",
  'x" (\\',
  "x;\tMon, 1 Jan 2001 00:00:00 +0000",
  "\u0000\u0007\u007f",
  "[192.0.2.1] (forged)",
  "[192.0.2.1\r\n]",
  "\u{1f4e7}".repeat(300),
  "a".repeat(2000),
];

for (const helo of TRICKS) {
  Deno.test(`formatReceived() can't be misled by ${JSON.stringify(helo).slice(0, 40)}`, () => {
    const field = received({ helo });
    const name = /^Received: from \[192\.0\.2\.1\] \(HELO ([\w.:@?-]*)\)\r\n/
      .exec(field)?.[1];
    assert(name !== undefined && name.length <= 64, field);
    assertEquals(
      field.slice(field.indexOf("\r\n")),
      "\r\n\tby mx.test.ru with ESMTP id 0K3F7Q2M1QX;\r\n" +
        "\tMon, 23 Nov 2026 02:51:03 +0000\r\n",
    );
  });
}

Deno.test("formatReceived() quotes the local part it is for", () => {
  const recipient = { local: 'a> "b', domain: "test.ru" };
  assertMatch(received({ recipient }), /\tfor <"a> \\"b"@test\.ru>;\r\n/);
});

Deno.test("formatReceived() folds so that no line exceeds 998 octets", () => {
  const domain = `${"d".repeat(63)}.`.repeat(3) + "d".repeat(63);
  const field = received({
    helo: domain,
    hostname: domain,
    recipient: { local: '"'.repeat(64), domain },
  });
  const lines = field.split("\r\n");
  assertEquals(lines.length, 5);
  for (const line of lines) assert(line.length <= 998, line);
  for (const line of lines.slice(1, -1)) assert(line.startsWith("\t"));
});

Deno.test("addressLiteral() tells IPv4 from IPv6", () => {
  assertEquals(addressLiteral("127.0.0.1"), "[127.0.0.1]");
  assertEquals(addressLiteral("::1"), "[IPv6:::1]");
});

Deno.test("formatReturnPath() writes the null path too", () => {
  assertEquals(formatReturnPath(null), "Return-Path: <>\r\n");
  assertEquals(
    formatReturnPath({ local: "a b", domain: "test.ru" }),
    'Return-Path: <"a b"@test.ru>\r\n',
  );
});
