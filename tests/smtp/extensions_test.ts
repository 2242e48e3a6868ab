import { assert, assertEquals } from "@std/assert";
import {
  keywords,
  type MailParameters,
  parseMailParameters,
  parseRcptParameters,
  type RcptParameters,
} from "../../src/smtp/extensions.ts";
import { replyLines } from "../../src/smtp/reply.ts";

const NONE = { permissions: "none" } as const;

const VALID:
  readonly (readonly [text: string, said: Partial<MailParameters>])[] = [
    ["", {}],
    ["   ", {}],
    ["SIZE=0", { size: 0 }],
    ["size=00012", { size: 12 }],
    ["SIZE=99999999999999999999", { size: 1e20 }],
    ["BODY=7bit", { body: "7BIT" }],
    ["Body=8BitMime", { body: "8BITMIME" }],
    ["BODY=BINARYMIME", { body: "BINARYMIME" }],
    ["SmtpUtf8", { smtputf8: true }],
    ["AUTH=<>", { auth: "<>" }],
    ["AUTH=e+3Dmc2@b", { auth: "e+3Dmc2@b" }],
    ["RET=hdrs ENVID=QQ+2B1", { ret: "HDRS", envid: "QQ+1" }],
    ["SIZE=1  SMTPUTF8   BODY=8BITMIME ", {
      size: 1,
      smtputf8: true,
      body: "8BITMIME",
    }],
  ];

Deno.test("parseMailParameters() reads what we offer", NONE, () => {
  for (const [text, said] of VALID) {
    assertEquals(parseMailParameters(text), {
      kind: "parameters",
      parameters: { body: "7BIT", smtputf8: false, ...said },
    }, text);
  }
});

const INVALID: readonly (readonly [text: string, reply: string])[] = [
  ["SIZE", "501 5.5.4 Parameter SIZE: expected a number of octets"],
  ["SIZE=", "501 5.5.4 Parameter SIZE: expected a number of octets"],
  ["SIZE=1=2", "501 5.5.4 Parameter SIZE: expected a number of octets"],
  ["SIZE=+1", "501 5.5.4 Parameter SIZE: expected a number of octets"],
  ["SIZE=1e3", "501 5.5.4 Parameter SIZE: expected a number of octets"],
  ["SIZE=٣", "501 5.5.4 Parameter SIZE: expected a number of octets"],
  [
    `SIZE=${"1".repeat(21)}`,
    "501 5.5.4 Parameter SIZE: expected a number of octets",
  ],
  [
    "BODY",
    "501 5.5.4 Parameter BODY: expected 7BIT, 8BITMIME or BINARYMIME",
  ],
  [
    "BODY=8B\u0131TMIME",
    "501 5.5.4 Parameter BODY: expected 7BIT, 8BITMIME or BINARYMIME",
  ],
  ["SMTPUTF8=", "501 5.5.4 Parameter SMTPUTF8: takes no value"],
  ["AUTH=", "501 5.5.4 Parameter AUTH: expected a mailbox in xtext"],
  ["AUTH=a+b", "501 5.5.4 Parameter AUTH: expected a mailbox in xtext"],
  ["AUTH=ж", "501 5.5.4 Parameter AUTH: expected a mailbox in xtext"],
  ["SIZE=1 size=1", "501 5.5.4 Parameter SIZE: given twice"],
  ["RET", "501 5.5.4 Parameter RET: expected FULL or HDRS"],
  ["RET=FULL RET=HDRS", "501 5.5.4 Parameter RET: given twice"],
  [
    "ENVID=+0A",
    "501 5.5.4 Parameter ENVID: expected printable ASCII, encoded as xtext",
  ],
  ["NOTIFY=NEVER", "555 5.5.4 Parameter NOTIFY is not recognized"],
  ["NOPE=1", "555 5.5.4 Parameter NOPE is not recognized"],
  ["no-pe", "555 5.5.4 Parameter NO-PE is not recognized"],
  ["=", "555 5.5.4 Parameter given is not recognized"],
  ["-X", "555 5.5.4 Parameter given is not recognized"],
  ["\u017fIZE=1", "555 5.5.4 Parameter given is not recognized"],
  ["X".repeat(41), "555 5.5.4 Parameter given is not recognized"],
  ["TOSTRING", "555 5.5.4 Parameter TOSTRING is not recognized"],
];

Deno.test("parseMailParameters() refuses the rest", NONE, () => {
  for (const [text, expected] of INVALID) {
    const parsed = parseMailParameters(text);
    assertEquals(
      parsed.kind === "fault" && replyLines(parsed.reply),
      [expected],
    );
  }
});

const VALID_RCPT: readonly (readonly [text: string, said: RcptParameters])[] = [
  ["", {}],
  ["notify=never", { notify: [] }],
  ["NOTIFY=SUCCESS,delay", { notify: ["SUCCESS", "DELAY"] }],
  ["ORCPT=rfc822;a+2Bb@test.ru NOTIFY=FAILURE", {
    orcpt: { type: "rfc822", address: "a+b@test.ru" },
    notify: ["FAILURE"],
  }],
];

Deno.test("parseRcptParameters() reads what we offer", NONE, () => {
  for (const [text, said] of VALID_RCPT) {
    assertEquals(parseRcptParameters(text), {
      kind: "parameters",
      parameters: said,
    }, text);
  }
});

const NOTIFY_FORM =
  "501 5.5.4 Parameter NOTIFY: expected NEVER, or a list of SUCCESS, FAILURE and DELAY";

const INVALID_RCPT: readonly (readonly [text: string, reply: string])[] = [
  ["NOTIFY", NOTIFY_FORM],
  ["NOTIFY=", NOTIFY_FORM],
  ["NOTIFY=ALWAYS", NOTIFY_FORM],
  ["NOTIFY=NEVER,FAILURE", NOTIFY_FORM],
  ["NOTIFY=FAILURE NOTIFY=DELAY", "501 5.5.4 Parameter NOTIFY: given twice"],
  ["ORCPT=a@test.ru", "501 5.5.4 Parameter ORCPT: expected TYPE;ADDRESS"],
  ["RET=FULL", "555 5.5.4 Parameter RET is not recognized"],
  ["SIZE=1", "555 5.5.4 Parameter SIZE is not recognized"],
];

Deno.test("parseRcptParameters() refuses the rest", NONE, () => {
  for (const [text, expected] of INVALID_RCPT) {
    const parsed = parseRcptParameters(text);
    assertEquals(
      parsed.kind === "fault" && replyLines(parsed.reply),
      [expected],
    );
  }
});

Deno.test(
  "keywords() offers STARTTLS and AUTH only where they work",
  NONE,
  () => {
    const offer = { maxSize: 1, maxRecipients: 2, tls: false, mechanisms: [] };
    const always = keywords(offer);
    assert(always.includes("SIZE 1") && always.includes("LIMITS RCPTMAX=2"));
    const all = keywords({
      ...offer,
      tls: true,
      mechanisms: ["PLAIN", "LOGIN"],
    });
    assertEquals(all.filter((keyword) => !always.includes(keyword)), [
      "STARTTLS",
      "AUTH PLAIN LOGIN",
    ]);
  },
);
