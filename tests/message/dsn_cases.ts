import type { ReportFacts } from "../../src/message/dsn_facts.ts";
import type { Mailbox } from "../../src/smtp/address.ts";
import { parseMailbox } from "../../src/smtp/address.ts";

const RECEIVED_AT = Date.UTC(2026, 10, 23, 2, 51, 3);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const HEADER = `Received: from client.test ([192.0.2.1])
\tby mx.test.ru with ESMTP id 0K3F7Q2M1QW;
\tMon, 23 Nov 2026 02:51:03 +0000
From: Petya <petya@test.ru>
To: nobody@example.net
Subject: Dinner
Message-ID: <dinner@client.test>
`;

/** Text with LF as the octets of a message. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text.replaceAll("\n", "\r\n"));
}

/** The mailbox that text names. */
export function mailbox(text: string): Mailbox {
  const mailbox = parseMailbox(text);
  if (mailbox === undefined) throw new TypeError(`Not a mailbox: ${text}`);
  return mailbox;
}

/** A recipient that one host said no to. */
const NOBODY: ReportFacts["recipients"][number] = {
  action: "failed",
  given: mailbox("nobody@example.net"),
  final: mailbox("nobody@example.net"),
  status: "5.1.1",
  reply: ["550 5.1.1 No such user here"],
  host: "mx.example.net",
  lastAttempt: RECEIVED_AT + 2000,
};

/** The plainest report: one failure. */
export const FAILURE: ReportFacts = {
  hostname: "mx.test.ru",
  date: RECEIVED_AT + 3000,
  seed: "0K3F7Q2M1QX",
  sender: mailbox("petya@test.ru"),
  message: {
    queueId: "0K3F7Q2M1QW",
    receivedAt: RECEIVED_AT,
    messageId: "<dinner@client.test>",
    smtputf8: false,
    returned: { kind: "header", octets: octets(HEADER) },
  },
  recipients: [NOBODY],
};

const MIXED: ReportFacts = {
  ...FAILURE,
  date: RECEIVED_AT + 5 * DAY,
  message: { ...FAILURE.message, envid: "QQ+314159" },
  recipients: [
    {
      ...NOBODY,
      orcpt: { type: "rfc822", address: "nobody+old@example.net" },
      reply: [
        "550-5.1.1 The account that you tried to reach does not exist. Please check the address for",
        "550-5.1.1 typing errors and blanks.",
        "550 5.1.1 https://example.net/help/5.1.1",
      ],
    },
    {
      action: "failed",
      given: mailbox("friends@test.ru"),
      final: mailbox("vasya@full.test"),
      status: "4.2.2",
      reply: ["452 4.2.2 Over quota"],
      host: "mail.full.test",
      lastAttempt: RECEIVED_AT + 5 * DAY,
    },
    {
      action: "failed",
      given: mailbox("olya@exmaple.test"),
      final: mailbox("olya@exmaple.test"),
      status: "5.1.2",
      reply: ["550 5.1.2 Domain exmaple.test does not exist"],
      lastAttempt: RECEIVED_AT + 100,
    },
    {
      action: "failed",
      given: mailbox('"two  words"@example.net'),
      final: mailbox('"two  words"@example.net'),
      status: "",
      reply: [],
    },
    {
      action: "delivered",
      given: mailbox("masha@test.ru"),
      final: mailbox("masha@test.ru"),
      status: "2.1.5",
      reply: ["250 2.1.5 Delivered"],
      lastAttempt: RECEIVED_AT + 10,
    },
  ],
};

const DELAY: ReportFacts = {
  ...FAILURE,
  date: RECEIVED_AT + 4 * HOUR,
  recipients: [{
    action: "delayed",
    given: mailbox("nobody@example.net"),
    final: mailbox("nobody@example.net"),
    status: "4.4.1",
    reply: ["451 4.4.1 mx.example.net:25: connection timed out"],
    lastAttempt: RECEIVED_AT + 4 * HOUR,
    retryUntil: RECEIVED_AT + 5 * DAY,
  }],
};

const SUCCESS: ReportFacts = {
  ...FAILURE,
  message: {
    ...FAILURE.message,
    // Only a report of failure returns a body.
    returned: { kind: "message", octets: octets(`${HEADER}\nAt eight?\n`) },
  },
  recipients: [
    {
      action: "delivered",
      given: mailbox("masha@test.ru"),
      final: mailbox("masha@test.ru"),
      status: "2.1.5",
      reply: ["250 2.1.5 Delivered"],
      lastAttempt: RECEIVED_AT + 10,
    },
    {
      action: "relayed",
      given: mailbox("vasya@old.test"),
      final: mailbox("vasya@old.test"),
      status: "2.0.0",
      reply: ["250 OK"],
      host: "mx.old.test",
      lastAttempt: RECEIVED_AT + 900,
    },
    {
      action: "expanded",
      given: mailbox("friends@test.ru"),
      final: mailbox("friends@test.ru"),
      status: "2.0.0",
      reply: [],
    },
  ],
};

const UTF8_HEADER = `From: Петя <петя@тест.рф>
To: никто@пример.рф
Subject: Ужин
`;

const UTF8: ReportFacts = {
  ...FAILURE,
  sender: mailbox("петя@тест.рф"),
  message: {
    ...FAILURE.message,
    smtputf8: true,
    returned: {
      kind: "message",
      octets: octets(`${UTF8_HEADER}\nВ восемь?\n`),
    },
  },
  recipients: [{
    ...NOBODY,
    given: mailbox("никто@пример.рф"),
    final: mailbox("никто@пример.рф"),
    orcpt: { type: "utf-8", address: "никто@пример.рф" },
    reply: ["550 5.1.1 Нет такого ящика"],
  }],
};

/** UTF-8 everywhere, for a sender who didn't use SMTPUTF8. */
const UTF8_TO_ASCII: ReportFacts = {
  ...UTF8,
  sender: mailbox("petya@test.ru"),
  message: { ...UTF8.message, smtputf8: false },
};

const HOSTILE: ReportFacts = {
  ...FAILURE,
  message: {
    ...FAILURE.message,
    envid: "x\r\nBcc: all@test.ru\r\n\r\n",
    messageId: "<a@b>\r\nBcc: all@test.ru",
    returned: {
      kind: "header",
      octets: new Uint8Array([
        ...octets("Subject: \n --=_0K3F7Q2M1QX--\nX: "),
        ...[0, 10, 13, 0xe9, 0x20, 13, 10],
        ...octets(`X-Long: ${"x".repeat(2000)}\n\nbody\n--=_0K3F7Q2M1QX\n`),
      ]),
    },
  },
  recipients: [{
    ...NOBODY,
    host: "mx.test\r\n\r\nStatus: 2.0.0",
    status: "5.1.1\r\nAction: delivered",
    orcpt: { type: "rfc822", address: "a@b\r\nX: y" },
    reply: [
      "550-5.1.1 no\r\n--=_0K3F7Q2M1QX--\r\n.\r\nBcc: all@test.ru",
      "550-5.1.1 \0\x1b[2J\u2028\u202eoh no\ud800\t.",
      `550-5.1.1 ${"y".repeat(3000)}`,
      `550 5.1.1 ${" ".repeat(2000)}--=_0K3F7Q2M1QX`,
    ],
  }],
};

const NOTHING_LEFT: ReportFacts = {
  ...FAILURE,
  message: {
    queueId: "0K3F7Q2M1QW",
    receivedAt: RECEIVED_AT,
    smtputf8: false,
    returned: null,
  },
};

const WHOLE: ReportFacts = {
  ...FAILURE,
  message: {
    ...FAILURE.message,
    returned: { kind: "message", octets: octets(`${HEADER}\nВ восемь?\n`) },
  },
};

/** Each by the name of its golden file. */
export const CASES: Readonly<Record<string, ReportFacts>> = {
  "failure": FAILURE,
  "mixed": MIXED,
  "delay": DELAY,
  "success": SUCCESS,
  "utf8": UTF8,
  "utf8_to_ascii": UTF8_TO_ASCII,
  "hostile": HOSTILE,
  "nothing_left": NOTHING_LEFT,
  "whole": WHOLE,
};
