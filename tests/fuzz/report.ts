/**
 * Reports on messages, of whatever clients and servers have said: one message, of lines that are no
 * longer than lines may be, whose header and fields nobody else has added to.
 */
import { assert, assertEquals } from "@std/assert";
import { formatReport } from "../../src/message/dsn.ts";
import type { ReportFacts } from "../../src/message/dsn_facts.ts";
import { anyAddress } from "./addresses.ts";
import { anyOctets, anyText, repeat, several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const PIECES = [
  ...[
    "\r\n",
    "\n",
    "\r",
    "\r\nBcc: all",
    "\r\n\r\n",
    "--=_1",
    "\r\n--=_1--\r\n",
  ],
  ...[
    "550 5.1.1 ",
    "\0",
    "\x1b[2J",
    "\u202e",
    "ж",
    " ",
    "x".repeat(1100),
    "\t",
  ],
  ...["Action: delivered", "=", "; ", "<a@b>", "rfc822;"],
];

const HEADERS = [
  ...["From: a\r\n", "Subject: \xe9\r\n", "X: --=_1\r\n", "\r\n", "\n", "a\nb"],
  ...[
    "Y: \xd0\xb6\r\n",
    `Z: ${"z".repeat(1100)}\r\n`,
    "\0",
    "\r\n\r\nbody\r\n",
  ],
];

/** One try. */
export function report(seed: number): void {
  const chance = random(seed);
  const facts = anyFacts(chance);
  showing(facts, () => check(facts));
}

function anyFacts(chance: Random): ReportFacts {
  const said = () => repeat(chance, 4, () => chance.pick(PIECES));
  const octets = chance.chance(0.2) ? anyOctets(chance, 200) : Uint8Array.from(
    repeat(chance, 5, () => chance.pick(HEADERS)),
    (character) => character.charCodeAt(0),
  );
  return {
    hostname: "mx.test.ru",
    date: Date.UTC(2026, 10, 23),
    seed: "1",
    sender: anyAddress(chance),
    message: {
      queueId: "0K3F7Q2M1QW",
      receivedAt: Date.UTC(2026, 10, 22),
      ...(chance.chance(0.5) && { envid: said() }),
      ...(chance.chance(0.5) && { messageId: `<${said()}>` }),
      smtputf8: chance.chance(0.5),
      returned: chance.pick([
        null,
        { kind: "header", octets },
        { kind: "message", octets },
      ]),
    },
    recipients: [undefined, ...several(chance, 2, () => undefined)].map(() => ({
      action: chance.pick(["failed", "delayed", "delivered", "relayed"]),
      given: anyAddress(chance),
      final: anyAddress(chance),
      ...(chance.chance(0.5) && {
        orcpt: { type: chance.pick(["rfc822", "utf-8"]), address: said() },
      }),
      status: chance.chance(0.5) ? "5.1.1" : said(),
      reply: several(
        chance,
        3,
        () => chance.chance(0.3) ? anyText(chance, 50) : said(),
      ),
      ...(chance.chance(0.5) && { host: said() }),
    })),
  };
}

function check(facts: ReportFacts): void {
  const { octets, smtputf8, body } = formatReport(facts);
  const text = new TextDecoder("latin1").decode(octets);
  assert(!/\r(?!\n)|(?<!\r)\n|\0/.test(text), "not lines");
  const [header = ""] = text.split("\r\n\r\n");
  for (const line of text.split("\r\n")) {
    assert(line.length <= 998, `too long: ${line}`);
  }
  const names = [...header.matchAll(/^([^\s:]+):/gm)].map(([, name]) => name!);
  assertEquals(names.filter((name) => !NAMES.has(name)), []);
  assertEquals(new Set(names).size, names.length);
  // deno-lint-ignore no-control-regex -- that is what is looked for
  const eightBit = /[^\x00-\x7f]/;
  assertEquals(eightBit.test(text), body === "8BITMIME" || smtputf8);
  assertEquals(eightBit.test(header), smtputf8);

  const [, boundary] = /boundary="(.+?)"/.exec(header)!;
  const parts = text.split(new RegExp(`^--${RegExp.escape(boundary!)}`, "m"));
  const known = facts.message.returned === null ? [4] : [4, 5];
  assert(known.includes(parts.length), `${parts.length - 2} parts`);
  const status = parts[2]!;
  for (const field of ["Final-Recipient", "Action", "Status"]) {
    const times = status.split(`\r\n${field}: `).length - 1;
    assertEquals(times, facts.recipients.length, field);
  }
}

const NAMES: ReadonlySet<string> = new Set([
  "From",
  "To",
  "Subject",
  "Date",
  "Message-ID",
  "In-Reply-To",
  "References",
  "Auto-Submitted",
  "MIME-Version",
  "Content-Type",
  "Content-Transfer-Encoding",
]);
