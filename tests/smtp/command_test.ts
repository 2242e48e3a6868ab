import { assert, assertEquals } from "@std/assert";
import {
  parseCommand,
  type Parsed,
  SYNTAX,
  type Verb,
} from "../../src/smtp/command.ts";

const NONE = { permissions: "none" } as const;
const SEVEN_BIT = { body: "7BIT", smtputf8: false } as const;

/** Lines that are commands, and what they say. */
const COMMANDS: readonly (readonly [line: string, command: unknown])[] = [
  ["EHLO client.example", { verb: "EHLO", domain: "client.example" }],
  ["helo [192.168.56.1]", { verb: "HELO", domain: "[192.168.56.1]" }],
  ["EHLO   spaces  ", { verb: "EHLO", domain: "spaces" }],
  ["EHLO почта.рф", { verb: "EHLO", domain: "почта.рф" }],
  ["MAIL FROM:<>", { verb: "MAIL", from: null, parameters: SEVEN_BIT }],
  ["mail from:<a@b>", {
    verb: "MAIL",
    from: { local: "a", domain: "b" },
    parameters: SEVEN_BIT,
  }],
  ["MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME SMTPUTF8 AUTH=<>", {
    verb: "MAIL",
    from: { local: "a", domain: "b" },
    parameters: { size: 12, body: "8BITMIME", smtputf8: true, auth: "<>" },
  }],
  ["MAIL FROM:<ж@b> SMTPUTF8", {
    verb: "MAIL",
    from: { local: "ж", domain: "b" },
    parameters: { body: "7BIT", smtputf8: true },
  }],
  ["RCPT TO:<a@b>", {
    verb: "RCPT",
    to: { local: "a", domain: "b" },
    parameters: {},
  }],
  ["RCPT TO:<ж@b>", {
    verb: "RCPT",
    to: { local: "ж", domain: "b" },
    parameters: {},
  }],
  ["RCPT TO:<a@b> NOTIFY=NEVER", {
    verb: "RCPT",
    to: { local: "a", domain: "b" },
    parameters: { notify: [] },
  }],
  ["RCPT TO:<PostMaster>", {
    verb: "RCPT",
    to: { local: "PostMaster", domain: "" },
    parameters: {},
  }],
  ["BDAT 0", { verb: "BDAT", size: 0, last: false }],
  ["BDAT 5 last", { verb: "BDAT", size: 5, last: true }],
  ["BDAT 5  LAST", { verb: "BDAT", size: 5, last: true }],
  [`BDAT ${"0".repeat(99)}7`, { verb: "BDAT", size: 7, last: false }],
  ["BDAT 999999999999999", {
    verb: "BDAT",
    size: 999_999_999_999_999,
    last: false,
  }],
  ["AUTH plain", { verb: "AUTH", mechanism: "PLAIN" }],
  ["AUTH SCRAM-SHA-256 biws", {
    verb: "AUTH",
    mechanism: "SCRAM-SHA-256",
    initial: "biws",
  }],
  ["AUTH PLAIN =", { verb: "AUTH", mechanism: "PLAIN", initial: "=" }],
  ["VRFY a b", { verb: "VRFY", argument: "a b" }],
  ["HELP", { verb: "HELP", argument: "" }],
  ["HELP rcpt", { verb: "HELP", argument: "rcpt" }],
  ["NOOP", { verb: "NOOP", argument: "" }],
  ["NOOP a  b", { verb: "NOOP", argument: "a  b" }],
  ["DATA", { verb: "DATA" }],
  ["RSET \t ", { verb: "RSET" }],
  ["Quit", { verb: "QUIT" }],
  ["StartTls", { verb: "STARTTLS" }],
];

Deno.test("parseCommand() reads commands", NONE, () => {
  for (const [line, command] of COMMANDS) {
    assertEquals<unknown>(parseCommand(line), command, line);
  }
});

/** Lines that are none: the code and enhanced code of the reply, and what they were meant to be. */
const FAULTS: readonly (readonly [line: string, fault: string, of?: Verb])[] = [
  ["", "500 5.5.1"],
  [" ", "500 5.5.1"],
  [" NOOP", "500 5.5.1"],
  ["XYZZY", "500 5.5.1"],
  ["NO OP", "500 5.5.1"],
  ["NOOP\u00a0", "500 5.5.1"],
  ["RSET\u2028", "500 5.5.1"],
  ["R\u017fET", "500 5.5.1"],
  ["ＱＵＩＴ", "500 5.5.1"],
  ["__proto__", "500 5.5.1"],
  ["EXPN", "502 5.5.1"],
  ["turn", "502 5.5.1"],
  ["EHLO", "501 undefined", "EHLO"],
  ["HELO a b", "501 undefined", "HELO"],
  ["EHLO a\tb", "501 undefined", "EHLO"],
  [`EHLO ${"x".repeat(256)}`, "501 undefined", "EHLO"],
  [`EHLO ${"ж".repeat(128)}`, "501 undefined", "EHLO"],
  ["MAIL", "501 5.5.4", "MAIL"],
  ["MAIL FROM", "501 5.5.4", "MAIL"],
  ["MAIL FROM <a@b>", "501 5.5.4", "MAIL"],
  ["MAIL FROM:", "501 5.1.7", "MAIL"],
  ["MAIL FROM:<a@b", "501 5.1.7", "MAIL"],
  ["MAIL FROM:<a@b>x", "501 5.1.7", "MAIL"],
  ["MAIL FROM:<a@b>\tSIZE=1", "501 5.1.7", "MAIL"],
  ["MAIL FROM:<postmaster>", "501 5.1.7", "MAIL"],
  ["MAIL FROM:<a@b> SIZE=x", "501 5.5.4", "MAIL"],
  ["MAIL FROM:<a@b> FOO=x", "555 5.5.4", "MAIL"],
  ["MAIL FROM:<ж@b>", "553 5.6.7", "MAIL"],
  ["RCPT TO:<>", "501 5.1.3", "RCPT"],
  ["RCPT TO:<a>", "501 5.1.3", "RCPT"],
  ["RCPT FROM:<a@b>", "501 5.5.4", "RCPT"],
  ["RCPT TO:<a@b> FOO", "555 5.5.4", "RCPT"],
  ["AUTH", "501 5.5.4", "AUTH"],
  ["AUTH a b c", "501 5.5.4", "AUTH"],
  [`AUTH ${"M".repeat(21)}`, "501 5.5.4", "AUTH"],
  ["AUTH PLAIN ж", "501 5.5.4", "AUTH"],
  ["VRFY", "501 5.5.4", "VRFY"],
  ["DATA x", "501 5.5.4", "DATA"],
  ["RSET x", "501 5.5.4", "RSET"],
  ["QUIT x", "501 5.5.4", "QUIT"],
  ["STARTTLS x", "501 5.5.4", "STARTTLS"],
];

function parseFault(line: string): Parsed & { readonly verb: "?" } {
  const command = parseCommand(line);
  if (command.verb !== "?") throw new Error(`${line} is a command`);
  return command;
}

Deno.test("parseCommand() says what is wrong with a line", NONE, () => {
  for (const [line, expected, of] of FAULTS) {
    const command = parseFault(line);
    const { code, status } = command.fault;
    assertEquals(`${code} ${status}`, expected, JSON.stringify(line));
    assertEquals(command.of, of, line);
    assertEquals(command.fatal, undefined, line);
  }
});

Deno.test(
  "parseCommand() ends the session where there is no going on",
  NONE,
  () => {
    const fatal = [
      "BDAT",
      "BDAT x",
      "BDAT -1",
      "BDAT 1.5",
      "BDAT 1 x",
      "BDAT 1LAST",
      "BDAT 1 LAST x",
      "BDAT 1000000000000000",
      "GET / HTTP/1.1",
      "POST /a b HTTP/1.0",
      "CONNECT mx.test.ru:25 HTTP/1.1",
      "PRI * HTTP/2.0",
    ];
    for (const line of fatal) {
      assertEquals(parseFault(line).fatal, true, line);
    }
    for (const line of ["GET", "GET /", "get / http/1.1", "FETCH / HTTP/1.1"]) {
      assertEquals(parseFault(line).fatal, undefined, line);
    }
  },
);

Deno.test("SYNTAX says of each command how it begins", NONE, () => {
  for (const [verb, syntax] of Object.entries(SYNTAX)) {
    assert(syntax === verb || syntax.startsWith(`${verb} `), syntax);
  }
});
