import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkTransaction,
  type Transaction,
} from "../../src/smtp/client_envelope.ts";
import { parseExtensions } from "../../src/smtp/client_extensions.ts";
import { brief, offering, play, to } from "./client_play.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const MAIL = "MAIL FROM:<vasya@another.test>";
const PLAIN = to("petya@test.ru");
const EIGHT_BIT: Transaction = { ...PLAIN, body: "8BITMIME" };
const BINARY: Transaction = { ...PLAIN, body: "BINARYMIME" };
const UTF8: Transaction = { ...PLAIN, smtputf8: true };
const REPORTED: Transaction = {
  ...PLAIN,
  ret: "HDRS",
  envid: "QQ+314159",
  recipients: [
    {
      ...PLAIN.recipients[0]!,
      notify: ["SUCCESS", "DELAY"],
      orcpt: { type: "rfc822", address: "petr@test.ru" },
    },
    { number: 1, address: { local: "masha", domain: "test.ru" }, notify: [] },
  ],
};

/** What is said to a server that offers `keywords`, from MAIL to the last RCPT. */
const COMMANDS: readonly (readonly [
  what: string,
  transaction: Transaction,
  keywords: readonly string[],
  commands: readonly string[],
])[] = [
  ["SIZE where it is offered", PLAIN, ["SIZE 19"], [`${MAIL} SIZE=19`]],
  ["SIZE to a server without a limit", PLAIN, ["SIZE 0"], [`${MAIL} SIZE=19`]],
  ["SIZE to a server that hides its limit", PLAIN, ["SIZE"], [
    `${MAIL} SIZE=19`,
  ]],
  ["nothing of BODY for 7 bits", PLAIN, ["8BITMIME"], [MAIL]],
  ["BODY for 8 bits", EIGHT_BIT, ["8BITMIME"], [`${MAIL} BODY=8BITMIME`]],
  ["8 bits as they are without 8BITMIME", EIGHT_BIT, ["SIZE 99"], [
    `${MAIL} SIZE=19`,
  ]],
  ["BODY for octets", BINARY, ["CHUNKING", "BINARYMIME"], [
    `${MAIL} BODY=BINARYMIME`,
  ]],
  ["SMTPUTF8 for the header's sake", UTF8, ["SMTPUTF8"], [`${MAIL} SMTPUTF8`]],
  [
    "SMTPUTF8 for the sender's sake",
    { ...PLAIN, from: { local: "вася", domain: "другой.рф" } },
    ["SMTPUTF8"],
    ["MAIL FROM:<вася@другой.рф> SMTPUTF8"],
  ],
  ["SMTPUTF8 for a recipient's sake", to("a@t.ru", "петя@t.ru"), ["SMTPUTF8"], [
    `${MAIL} SMTPUTF8`,
    "RCPT TO:<a@t.ru>",
    "RCPT TO:<петя@t.ru>",
  ]],
  ["nothing of SMTPUTF8 for ASCII", PLAIN, ["SMTPUTF8"], [MAIL]],
  ["the null sender", { ...PLAIN, from: null }, [], ["MAIL FROM:<>"]],
  ["quotes where they are needed", to('a "b"@t.ru', "@t.ru"), [], [
    MAIL,
    'RCPT TO:<"a \\"b\\""@t.ru>',
    'RCPT TO:<""@t.ru>',
  ]],
  ["what reports are asked for", REPORTED, ["DSN"], [
    `${MAIL} RET=HDRS ENVID=QQ+2B314159`,
    "RCPT TO:<petya@test.ru> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;petr@test.ru",
    "RCPT TO:<masha@test.ru> NOTIFY=NEVER",
  ]],
  ["nothing of reports without DSN", REPORTED, ["SIZE"], [
    `${MAIL} SIZE=19`,
    "RCPT TO:<petya@test.ru>",
    "RCPT TO:<masha@test.ru>",
  ]],
];

for (const [what, transaction, keywords, commands] of COMMANDS) {
  test(`next() says ${what}`, () => {
    const { heard, outcomes } = play({
      transactions: [transaction],
      script: { EHLO: offering(...keywords) },
    });
    assertEquals(heard.slice(1, 1 + commands.length), commands);
    assert(brief(outcomes[0]).every((one) => one.startsWith("delivered")));
  });
}

/** What fails without a word to the server, which offers `keywords`. */
const OBJECTIONS: readonly (readonly [
  what: string,
  transaction: Transaction,
  keywords: readonly string[],
  outcome: string,
])[] = [
  ["is too big", PLAIN, ["SIZE 18"], "failed message mail 552 5.3.4"],
  ["needs SMTPUTF8", UTF8, ["8BITMIME"], "failed message mail 553 5.6.7"],
  [
    "has a sender who needs SMTPUTF8",
    { ...PLAIN, from: { local: "вася", domain: "t.ru" } },
    [],
    "failed message mail 553 5.6.7",
  ],
  [
    "has a recipient who needs SMTPUTF8",
    to("петя@t.ru"),
    [],
    "failed recipient rcpt 553 5.6.7",
  ],
  ["needs BINARYMIME", BINARY, ["CHUNKING"], "failed message mail 554 5.6.3"],
  ["needs CHUNKING", BINARY, ["BINARYMIME"], "failed message mail 554 5.6.3"],
];

for (const [what, transaction, keywords, outcome] of OBJECTIONS) {
  test(`next() fails a message that ${what}, and goes on`, () => {
    const { heard, outcomes } = play({
      transactions: [transaction, { ...to("masha@test.ru"), size: 9 }],
      script: { EHLO: offering(...keywords) },
    });
    assertEquals(outcomes.map(brief), [
      [outcome],
      ["delivered message dot 250"],
    ]);
    assertEquals(outcomes[0]![0]!.by, "us");
    assertEquals(heard.filter((line) => line.startsWith("RCPT")), [
      "RCPT TO:<masha@test.ru>",
    ]);
    assert(!heard.includes("RSET"));
  });
}

test("next() sends to the others when one recipient needs SMTPUTF8", () => {
  const { heard, outcomes } = play({
    transactions: [to("a@t.ru", "петя@t.ru", "b@t.ru")],
  });
  assertEquals(brief(outcomes[0]), [
    "delivered message dot 250",
    "failed recipient rcpt 553 5.6.7",
    "delivered message dot 250",
  ]);
  assertEquals(heard.slice(1, 4), [
    MAIL,
    "RCPT TO:<a@t.ru>",
    "RCPT TO:<b@t.ru>",
  ]);
});

const BINARY_OFFER = offering("CHUNKING", "BINARYMIME", "PIPELINING");

test("stuff() sends octets in chunks, as they are", () => {
  const text = ".\r\na\rb\nc\r\n.\r\n";
  const { heard, outcomes, dialogue } = play({
    transactions: [BINARY],
    text,
    cut: 6,
    script: { EHLO: BINARY_OFFER },
  });
  assertEquals(heard.slice(3), [
    "BDAT 6",
    ".\r\na\rb",
    "BDAT 6",
    "\nc\r\n.\r",
    "BDAT 1",
    "\n",
    "BDAT 0 LAST",
    "QUIT",
  ]);
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  assertEquals(dialogue.filter((line) => /BDAT|octets/.test(line)), [
    "-> BDAT 6",
    "-> BDAT 6",
    "-> BDAT 1",
    "-> (13 octets of message)",
    "-> BDAT 0 LAST",
  ]);
});

for (const [n, at] of [[0, "text"], [1, "text"], [2, "dot"]] as const) {
  test(`next() takes a refusal of chunk ${n} for one of the message`, () => {
    const replies = ["250 OK", "250 OK", "250 OK"];
    replies[n] = "554 5.6.0 No";
    const { heard, outcomes } = play({
      transactions: [BINARY, PLAIN],
      text: "two",
      cut: 2,
      script: { EHLO: BINARY_OFFER, BDAT: replies },
    });
    assertEquals(brief(outcomes[0]), [`failed message ${at} 554`]);
    assertEquals(heard.filter((unit) => unit.startsWith("BDAT")).length, n + 1);
    assertEquals(heard.includes("RSET"), at === "text");
    assertEquals(brief(outcomes[1]), ["delivered message dot 250"]);
  });
}

test("next() never counts a chunk's 2xx as the message's", () => {
  for (const last of ["354 Go", "hm", { close: "" }]) {
    const { outcomes } = play({
      transactions: [BINARY],
      text: "one",
      script: { EHLO: BINARY_OFFER, BDAT: ["250 OK", last] },
    });
    assertEquals(outcomes[0]![0]!.status, "deferred");
    assertEquals(outcomes[0]![0]!.at, "dot");
  }
});

test("next() asks every recipient before the first chunk", () => {
  const { heard, outcomes } = play({
    transactions: [{ ...BINARY, recipients: to("a@t", "b@t").recipients }],
    script: { EHLO: BINARY_OFFER, RCPT: "550 No" },
  });
  assertEquals(brief(outcomes[0]), Array(2).fill("failed recipient rcpt 550"));
  assertEquals(heard.at(-2), "RCPT TO:<b@t>");
});

const NOTHING = {
  pipelining: false,
  size: undefined,
  eightBitMime: false,
  smtputf8: false,
  binary: false,
  startTls: false,
  dsn: false,
  mechanisms: [],
  maxRecipients: undefined,
  maxTransactions: undefined,
};

const ANSWERS: readonly (readonly [readonly string[], object])[] = [
  [[], {}],
  [["PIPELINING", "8BITMIME", "DSN"], {
    pipelining: true,
    eightBitMime: true,
    dsn: true,
  }],
  [["pipelining", "StartTLS", "smtputf8"], {
    pipelining: true,
    startTls: true,
    smtputf8: true,
  }],
  [["CHUNKING"], {}],
  [["CHUNKING", "BINARYMIME"], { binary: true }],
  [["SIZE 1000"], { size: 1_000 }],
  [["SIZE"], { size: 0 }],
  [["SIZE -1"], { size: 0 }],
  [["SIZE 9999999999999999999999"], { size: 0 }],
  [["SIZE\t1000  "], { size: 1_000 }],
  [["AUTH plain LOGIN", "AUTH=LOGIN CRAM-MD5"], {
    mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5"],
  }],
  [["AUTH"], {}],
  [["LIMITS MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=1"], {
    maxRecipients: 20,
    maxTransactions: 5,
  }],
  [["LIMITS RCPTMAX=0 MAILMAX=01"], {}],
  [["LIMITS RCPTMAX=1000000 MAILMAX=x"], {}],
  [["constructor", "__proto__", "XCLIENT NAME ADDR", ""], {}],
];

for (const [lines, expected] of ANSWERS) {
  test(`parseExtensions() reads ${JSON.stringify(lines)}`, () => {
    const reply = { code: 250, text: ["mx.test", ...lines] };
    assertEquals(parseExtensions(reply), { ...NOTHING, ...expected });
  });
}

test("parseExtensions() takes the host's name for no keyword", () => {
  assertEquals(parseExtensions({ code: 250, text: "PIPELINING" }), NOTHING);
  assertEquals(parseExtensions({ code: 250, text: ["DSN"] }), NOTHING);
});

const [RECIPIENT] = PLAIN.recipients;

/** Transactions that would be read as others, or as more than one command. */
const MISFITS: Readonly<Record<string, Transaction>> = {
  "no recipients": { ...PLAIN, recipients: [] },
  "a negative size": { ...PLAIN, size: -1 },
  "a parameter in the sender's domain": sentBy("a", "b.test> SIZE=0 X=<"),
  "a command in the sender's domain": sentBy("a", "b.test>\r\nRSET"),
  "a line end in the sender's name": sentBy("a\r\nRSET", "b.test"),
  "a control character in the sender's name": sentBy("a\u009b2J", "b.test"),
  "a sender without a domain": sentBy("postmaster", ""),
  "a parameter in a recipient's domain": sentTo({
    address: { local: "a", domain: "b.test> NOTIFY=NEVER X=<" },
  }),
  "a recipient's name that is too long": sentTo({
    address: { local: "x".repeat(65), domain: "b.test" },
  }),
  "a line end in ENVID": { ...PLAIN, envid: "a\r\nRSET" },
  "letters in ENVID that aren't ASCII": { ...PLAIN, envid: "ж" },
  "an empty ENVID": { ...PLAIN, envid: "" },
  "a parameter in ORCPT's type": original("rfc822;a NOTIFY=NEVER", "a@b.test"),
  "a line end in ORCPT": original("rfc822", "a\r\nRSET"),
  "an empty ORCPT": original("rfc822", ""),
};

function sentBy(local: string, domain: string): Transaction {
  return { ...PLAIN, from: { local, domain } };
}

function sentTo(
  recipient: Partial<Transaction["recipients"][number]>,
): Transaction {
  return { ...PLAIN, recipients: [{ ...RECIPIENT!, ...recipient }] };
}

function original(type: string, address: string): Transaction {
  return sentTo({ orcpt: { type, address } });
}

for (const [what, transaction] of Object.entries(MISFITS)) {
  test(`checkTransaction() refuses ${what}`, () => {
    assertThrows(() => checkTransaction(transaction), TypeError, "Cannot send");
  });
}

test("checkTransaction() takes what can be written", () => {
  checkTransaction(REPORTED);
  checkTransaction({ ...UTF8, from: { local: "петя", domain: "почта.рф" } });
  checkTransaction(sentTo({ address: { local: "Postmaster", domain: "" } }));
  checkTransaction(original("utf-8", "ж@b.test"));
});
