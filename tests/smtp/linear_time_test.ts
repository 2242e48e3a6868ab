import { assert } from "@std/assert";
import {
  formatMailbox,
  isAddressLiteral,
  isDomain,
  isIpv6,
  parseMailbox,
} from "../../src/smtp/address.ts";
import { parseCommand } from "../../src/smtp/command.ts";
import { decodeUtf8 } from "../../src/smtp/utf8.ts";

/** Ways for a line to begin, one for each expression that will look at it. */
const STARTS = [
  "",
  "EHLO ",
  "MAIL FROM:",
  "MAIL FROM:<",
  "MAIL FROM:<@",
  'MAIL FROM:<"',
  "MAIL FROM:<a@",
  "MAIL FROM:<a@[",
  "MAIL FROM:<a@[IPv6:",
  "MAIL FROM:<a@b> ",
  "MAIL FROM:<a@b> AUTH=",
  "RCPT TO:<",
  "RCPT TO:<a@b> ",
  "RCPT TO:<a@b> NOTIFY=",
  "RCPT TO:<a@b> ORCPT=utf-8;",
  "BDAT ",
  "AUTH ",
  "AUTH PLAIN ",
  "VRFY ",
  "HELP ",
  "GET ",
];

/** What it goes on with, again and again. */
const UNITS = [
  "a",
  "a.",
  ".",
  "-",
  "a-",
  "_-",
  "@",
  "@a,",
  "@a:",
  " ",
  "\t",
  " \t",
  '"',
  "\\",
  '\\"',
  "0",
  "0 ",
  ":",
  "0:",
  "=",
  "A=1 ",
  "+4",
  "[",
  "ж",
  "ж.",
  "HTTP/",
];

const ENDS = ["", ">", "!", "a", "ж", " x"];

/**
 * Far longer than any line there can be, so that the two kinds of reader are worlds apart: one that
 * goes over it a few times is done in milliseconds, one that goes over it for each of its octets takes
 * 90,000,000,000 steps, most of a minute. The bound only keeps the latter from hanging the tests.
 */
const LENGTH = 300_000;
const HANGS = 10_000;

Deno.test("no line, however it is made, takes a reader long", {
  permissions: "none",
}, () => {
  const readers = [
    parseMailbox,
    isDomain,
    isAddressLiteral,
    isIpv6,
    decodeUtf8,
    (local: string) => formatMailbox({ local, domain: "b" }),
  ];
  for (const unit of UNITS) {
    const middle = unit.repeat(LENGTH / unit.length);
    for (const end of ENDS) {
      for (const start of STARTS) {
        inTime(() => parseCommand(start + middle + end), start + unit + end);
      }
      for (const reader of readers) {
        inTime(() => reader(middle + end), unit + end);
        inTime(() => reader(`a@${middle}${end}`), `a@${unit}${end}`);
        inTime(() => reader(`[IPv6:${middle}${end}]`), `[${unit}${end}]`);
      }
    }
  }
});

function inTime(read: () => unknown, shape: string): void {
  const start = performance.now();
  read();
  const took = performance.now() - start;
  assert(took < HANGS, `${JSON.stringify(shape)} took ${took} ms`);
}
