/** What clients say of themselves goes into headers, where it must be no field of its own. */
import { assert, assertEquals } from "@std/assert";
import { formatReceived, formatReturnPath } from "../../src/message/trace.ts";
import { makeSubmission } from "../../src/message/submission.ts";
import { parseCommand } from "../../src/smtp/command.ts";
import { anyAddress } from "../fuzz/addresses.ts";
import { anyText } from "../fuzz/making.ts";
import { random } from "../fuzz/random.ts";

const NONE = { permissions: "none" } as const;

/** Names that a client might give in HELO. */
const NAMES = [
  "client.test",
  "a\r\nBcc: all@test.ru",
  "a)\r\n",
  "(a",
  "a;b",
  "[127.0.0.1]",
  "[127.0.0.1]\r\nX: y",
  "a\nb",
  "a\0b",
  "a\u0085b",
  "a\u2028b",
  "ж.рф",
  "x".repeat(255),
  'a"b',
  "a\\",
  "by mx.test.ru with ESMTP id 1;",
];

/** That it is one field of this name, folded or not, which no reader takes for more. */
function assertOneField(text: string, name: string): void {
  assert(text.startsWith(`${name}: `) && text.endsWith("\r\n"), text);
  const lines = text.slice(0, -2).split("\r\n");
  for (const [index, line] of lines.entries()) {
    assert(index === 0 || line.startsWith("\t"), line);
    assert(!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(line.replace("\t", "")), line);
    assert(new TextEncoder().encode(line).length <= 998, line);
  }
}

function received(helo: string, smtputf8: boolean): string {
  return formatReceived({
    helo,
    peer: "192.0.2.1",
    hostname: "mx.test.ru",
    id: "0K3F7Q2M1QX",
    esmtp: true,
    authenticated: false,
    smtputf8,
    receivedAt: 0,
  });
}

Deno.test(
  "a client's name adds no field to a message, and no clause to its own",
  NONE,
  () => {
    const chance = random(1);
    const names = [
      ...NAMES,
      ...Array.from({ length: 2000 }, () => anyText(chance, 20)),
    ];
    for (const name of names) {
      for (const smtputf8 of [false, true]) {
        const field = received(name, smtputf8);
        assertOneField(field, "Received");
        assertEquals(field.split("\r\n\t").length, 3, field);
        assertEquals(field.match(/[()]/g)?.join(""), "()", field);
        assertEquals(field.match(/;/g)?.length, 1, field);
      }
    }
  },
);

Deno.test("an address adds no field to a message", NONE, () => {
  const chance = random(2);
  for (let tries = 0; tries < 2000; tries++) {
    const mailbox = anyAddress(chance);
    const path = formatReturnPath(mailbox);
    assertEquals(path.indexOf("\r\n"), path.length - 2, path);
    const submission = makeSubmission({
      from: mailbox,
      date: 0,
      messageId: "1@mx.test.ru",
    });
    const header = new TextDecoder().decode(submission.end());
    assertEquals(header.match(/\r\n/g)?.length, 3, header);
    assertEquals(header.match(/\n/g)?.length, 3, header);
  }
});

Deno.test("no address that ends a line is an address", NONE, () => {
  for (
    const path of [
      "<a\r\nb@test.ru>",
      '<"a\r\nBcc: b"@test.ru>',
      '<"a\\\r\nb"@test.ru>',
      "<a@test.ru\r\n>",
      "<a\u0085b@test.ru>",
      '<"\0"@test.ru>',
    ]
  ) {
    for (const command of [`MAIL FROM:${path} SMTPUTF8`, `RCPT TO:${path}`]) {
      assertEquals(parseCommand(command).verb, "?", JSON.stringify(command));
    }
  }
});
