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
const ENDS = ["", "!"];

const SUPPLEMENTS = {
  from: { local: "a", domain: "b" },
  date: 0,
  messageId: "1@b",
};

/** What reads text, or writes it down, at once. */
interface Reader {
  readonly what: string;
  /** How the text begins that it gets to the end of. */
  readonly start?: string;
  readonly read: (text: string) => unknown;
}

const READERS: readonly Reader[] = [
  {
    what: "a setting",
    read(text) {
      for (const { kind } of Object.values(SETTINGS)) kind.read(text);
    },
  },
  { what: "the config file", read: config },
  { what: "a key in the config file", start: '{"', read: config },
  { what: "a misspelt word", read: (text) => nearest(text, ["port", "host"]) },
  {
    what: "a reply",
    read(text) {
      const parser = new ReplyParser();
      parser.push(new TextEncoder().encode(text));
      while (parser.pull()?.kind === "reply");
    },
  },
  {
    what: "an answer to EHLO",
    read: (text) => parseExtensions({ code: 250, text: ["a", text] }),
  },
  { what: "the start of SCRAM", start: "n,,n=", read: readClientFirst },
  { what: "the end of SCRAM", start: "c=", read: readClientFinal },
  { what: "scrypt", start: "scrypt$", read: isScrypt },
  { what: "SCRAM's keys", start: "scram-sha-256$", read: readScramCredential },
  {
    what: "a line of a transcript",
    start: "2026-01-01T00:00:00.000Z a ",
    read: (text) => [parseLine(text), queuedAs(text), isSent(text)],
  },
  {
    what: "xtext",
    read: (text) => [decodeXtext(text), encodeXtext(text)],
  },
  {
    what: "an address in UTF-8",
    read: (text) => [decodeUtf8Address(text), encodeUtf8Address(text, "xtext")],
  },
  {
    what: "a header",
    read(text) {
      const octets = new TextEncoder().encode(text);
      makeSubmission(SUPPLEMENTS).push(octets);
      new HopCounter().scan(octets);
    },
  },
  {
    what: "a report",
    read: (text) => [
      formatField("Subject", text),
      quotedPrintable(new TextEncoder().encode(text)),
    ],
  },
  { what: "the log", read: (text) => [escaped(text), quoted(text)] },
  {
    what: "a PROXY header",
    start: "PROXY ",
    read: (text) => readProxyHeader(new TextEncoder().encode(text)),
  },
  { what: "resolv.conf", start: "nameserver ", read: nameServersIn },
  {
    what: "a failure",
    read: (text) => failureText(new Error(text), { stack: false }),
  },
];

function config(text: string): unknown {
  return readConfig({ path: "x", text });
}

for (const { what, start = "", read } of READERS) {
  Deno.test(`no text, however it is made, takes long to read as ${what}`, {
    permissions: "none",
  }, () => {
    for (const text of texts(start)) {
      const begin = performance.now();
      read(text);
      inTime(performance.now() - begin, text);
    }
  });
}

Deno.test("no text takes long to read as the users, the aliases or the greylist", async () => {
  const starts = ["", "a@b.ru ", "a@b.ru: ", "2026-01-01T00:00:00Z 0 "];
  for (const text of starts.flatMap((start) => [...texts(start)])) {
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

function* texts(start: string): Generator<string> {
  for (const unit of UNITS) {
    const middle = unit.repeat(LENGTH / unit.length);
    for (const end of ENDS) yield start + middle + end;
  }
}

function inTime(took: number, text: string): void {
  assert(took < HANGS, `${JSON.stringify(text.slice(0, 30))} took ${took} ms`);
}
