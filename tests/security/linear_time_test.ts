/**
 * Text that others have a say in, far longer than it is let to be: no reader goes over it for each of
 * its characters, which would take most of a minute. See also tests/smtp/linear_time_test.ts.
 */
import { assert } from "@std/assert";
import { failureText } from "../../src/cli/failure.ts";
import { readConfig } from "../../src/config/config_file.ts";
import { nearest } from "../../src/config/nearest.ts";
import { SETTINGS } from "../../src/config/table.ts";
import { escaped, quoted } from "../../src/log/escape.ts";
import { formatField } from "../../src/message/header_text.ts";
import { HopCounter } from "../../src/message/hops.ts";
import { quotedPrintable } from "../../src/message/quoted_printable.ts";
import { makeSubmission } from "../../src/message/submission.ts";
import { readProxyHeader } from "../../src/net/proxy_protocol.ts";
import { nameServersIn } from "../../src/net/resolver_servers.ts";
import {
  readClientFinal,
  readClientFirst,
} from "../../src/sasl/scram_messages.ts";
import {
  isSent,
  parseLine,
  queuedAs,
} from "../../src/server/transcript_line.ts";
import { parseExtensions } from "../../src/smtp/client_extensions.ts";
import { ReplyParser } from "../../src/smtp/reply_parser.ts";
import {
  decodeUtf8Address,
  decodeXtext,
  encodeUtf8Address,
  encodeXtext,
} from "../../src/smtp/xtext.ts";
import { openAliases } from "../../src/store/aliases.ts";
import { openGreylistFile } from "../../src/store/greylist_file.ts";
import { safeName } from "../../src/store/names.ts";
import { isScrypt } from "../../src/store/password.ts";
import { readScramCredential } from "../../src/store/scram_credential.ts";
import { openUsers } from "../../src/store/users.ts";
import { manualClock } from "../log/manual_clock.ts";
import { keptLog } from "../store/fixtures.ts";
import { memoryDisk } from "../store/memory_disk.ts";

const LENGTH = 200_000;

/** Milliseconds that only a reader takes that doesn't come to an end. */
const HANGS = 10_000;

/** How a text goes on, again and again. */
const UNITS = [
  ...["a", " ", "\t", "a ", " #", "a,", ",", ":", "a:", '"', '""', "\\", '\\"'],
  ...[
    "[",
    "]",
    "[]",
    "=",
    "-",
    ".",
    "a.",
    "0",
    "0,",
    "/",
    "@",
    "a@a ",
    "a=",
    "=2C",
  ],
  ...[
    "{",
    '{"a":',
    "250-a\r\n",
    "\r\n",
    "\n",
    "\r",
    "ж",
    "\u00a0",
    "$",
    "a$",
    "+41",
  ],
];
const STARTS = [
  "",
  "a@b.ru ",
  "a@b.ru: ",
  "250-",
  "n,,n=",
  "--a ",
  '{"domain":"',
];
const ENDS = ["", "!", " #", "\r\n"];

const SUPPLEMENTS = {
  from: { local: "a", domain: "b" },
  date: 0,
  messageId: "1@b",
};

/** What reads text, or writes it down, at once. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  "a setting": (text) => {
    for (const { kind } of Object.values(SETTINGS)) kind.read(text);
  },
  "the config file": (text) => readConfig({ path: "x", text }),
  "a word that is misspelt": (text) => nearest(text, ["port", "domain"]),
  "a reply": (text) => {
    const parser = new ReplyParser();
    parser.push(new TextEncoder().encode(text));
    while (parser.pull()?.kind === "reply");
  },
  "an answer to EHLO": (text) =>
    parseExtensions({ code: 250, text: ["a", text] }),
  "SCRAM": (text) => [readClientFirst(text), readClientFinal(text)],
  "credentials": (text) => [isScrypt(text), readScramCredential(text)],
  "a line of a transcript": (
    text,
  ) => [parseLine(text), queuedAs(text), isSent(text)],
  "xtext": (text) => [decodeXtext(text), encodeXtext(text)],
  "addresses in UTF-8": (
    text,
  ) => [decodeUtf8Address(text), encodeUtf8Address(text, "xtext")],
  "a header": (text) => {
    const octets = new TextEncoder().encode(text);
    makeSubmission(SUPPLEMENTS).push(octets);
    new HopCounter().scan(octets);
  },
  "a report": (text) => [
    formatField("Subject", text),
    quotedPrintable(new TextEncoder().encode(text)),
  ],
  "the log": (text) => [escaped(text), quoted(text)],
  "a name": safeName,
  "a PROXY header": (text) => readProxyHeader(new TextEncoder().encode(text)),
  "resolv.conf": nameServersIn,
  "a failure": (text) => failureText(new Error(text), { stack: false }),
};

for (const [what, read] of Object.entries(READERS)) {
  Deno.test(`no text, however it is made, takes long to read as ${what}`, {
    permissions: "none",
  }, () => {
    for (const text of texts()) {
      const begin = performance.now();
      read(text);
      inTime(performance.now() - begin, text);
    }
  });
}

Deno.test("no text takes long to read as the users, the aliases or the greylist", async () => {
  for (const text of texts()) {
    const disk = memoryDisk();
    disk.put("f/x", text.toWellFormed());
    const clock = manualClock("2026-01-01T00:00:00Z");
    const options = { path: "f/x", disk, clock, log: keptLog() };
    const begin = performance.now();
    await openUsers(options).catch(() => {});
    await openAliases(options).catch(() => {});
    await openGreylistFile(options);
    inTime(performance.now() - begin, text);
  }
});

function* texts(): Generator<string> {
  for (const unit of UNITS) {
    const middle = unit.repeat(LENGTH / unit.length);
    for (const start of STARTS) {
      for (const end of ENDS) yield start + middle + end;
    }
  }
}

function inTime(took: number, text: string): void {
  assert(took < HANGS, `${JSON.stringify(text.slice(0, 30))} took ${took} ms`);
}
