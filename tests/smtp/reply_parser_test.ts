import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ParsedReply,
  REPLY_LIMIT,
  ReplyParser,
} from "../../src/smtp/reply_parser.ts";
import { formatReply, type Reply } from "../../src/smtp/reply.ts";

const CUTS = [1, 2, 3, 7, 64, Infinity];

/** Octets of text with a UTF-16 unit each. */
function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

function parseAll(input: Uint8Array, cut: number): readonly ParsedReply[] {
  const parser = new ReplyParser();
  const parsed: ParsedReply[] = [];
  for (let at = 0; at < input.length; at += cut) {
    parser.push(input.subarray(at, at + cut));
    for (let one = parser.pull(); one; one = parser.pull()) parsed.push(one);
  }
  return parsed;
}

type Good = ParsedReply & { readonly kind: "reply" };
type Bad = ParsedReply & { readonly kind: "fault" };

/** The replies, every one of them good. */
function replies(input: Uint8Array, cut: number): readonly Good[] {
  const parsed = parseAll(input, cut);
  assertEquals(parsed.map(({ kind }) => kind), parsed.map(() => "reply"));
  return parsed as readonly Good[];
}

/** The fault that comes first. */
function fault(input: Uint8Array, cut: number): Bad {
  const [first] = parseAll(input, cut);
  assertEquals(first?.kind, "fault");
  return first as Bad;
}

const REPLIES: Readonly<Record<string, readonly [string, Reply]>> = {
  "a plain reply": ["250 OK\r\n", { code: 250, text: "OK" }],
  "no text": ["250\r\n", { code: 250, text: "" }],
  "no text after a space": ["250 \r\n", { code: 250, text: "" }],
  "no text on a continued line": [
    "250-\r\n250 a\r\n",
    { code: 250, text: ["", "a"] },
  ],
  "a line that ends in LF alone": ["250 OK\n", { code: 250, text: "OK" }],
  "a line that ends in CR CR LF": ["250 OK\r\r\n", { code: 250, text: "OK" }],
  "a tab as separator": ["250\tOK\r\n", { code: 250, text: "OK" }],
  "a colon as separator": ["550:5.1.1 No\r\n", {
    code: 550,
    status: "5.1.1",
    text: "No",
  }],
  "a picture as separator": ["250😀OK\r\n", { code: 250, text: "OK" }],
  "a letter as separator": ["250xOK\r\n", { code: 250, text: "OK" }],
  "an enhanced status": ["421 4.3.2 Bye\r\n", {
    code: 421,
    status: "4.3.2",
    text: "Bye",
  }],
  "an enhanced status and nothing else": ["250 2.0.0\r\n", {
    code: 250,
    status: "2.0.0",
    text: "",
  }],
  "an enhanced status of another class": [
    "450 5.2.2 Full\r\n",
    { code: 450, text: "5.2.2 Full" },
  ],
  "an enhanced status that is none": [
    "550 5.1 No\r\n",
    { code: 550, text: "5.1 No" },
  ],
  "an address that looks like a status": [
    "550 5.1.1.4 is listed\r\n",
    { code: 550, text: "5.1.1.4 is listed" },
  ],
  "a status in a 3xx": ["354 3.0.0 Go\r\n", { code: 354, text: "3.0.0 Go" }],
  "a status on the last line only": [
    "550-Sorry\r\n550 5.7.1 Go away\r\n",
    { code: 550, status: "5.7.1", text: ["Sorry", "Go away"] },
  ],
  "lines with different codes, the last of which counts": [
    "250-Fine\r\n550 5.0.0 or not\r\n",
    { code: 550, status: "5.0.0", text: ["Fine", "or not"] },
  ],
  "UTF-8": ["550 \xd0\xbd\xd0\xb5\xd1\x82\r\n", { code: 550, text: "нет" }],
  "text of another charset": [
    "550 \xed\xe5\xf2!\r\n",
    { code: 550, text: "\ufffd\ufffd\ufffd!" },
  ],
  "control characters": [
    "550 a\x00b\x1b[2Jc\x7f\xc2\x9b\r\n",
    { code: 550, text: "a b [2Jc" },
  ],
};

for (const [what, [input, expected]] of Object.entries(REPLIES)) {
  Deno.test({
    name: `pull() reads ${what}`,
    permissions: "none",
    fn() {
      for (const cut of CUTS) {
        const parsed = replies(octets(input), cut);
        assertEquals(parsed.map(({ reply }) => reply), [expected]);
      }
    },
  });
}

const FAULTS = {
  "a word": "hello\r\n",
  "an empty line": "\r\n",
  "a code of two digits": "25 OK\r\n",
  "a code of four digits": "2500 OK\r\n",
  "a code of no class": "150 OK\r\n",
  "a code past 599": "600 OK\r\n",
  "a space before the code": " 250 OK\r\n",
  "digits of another script": "\xd9\xa2\xd9\xa5\xd9\xa0 OK\r\n",
  "a line without a code in a reply": "250-a\r\nb\r\n250 c\r\n",
} as const;

for (const [what, input] of Object.entries(FAULTS)) {
  Deno.test({
    name: `pull() calls ${what} no reply`,
    permissions: "none",
    fn() {
      for (const cut of CUTS) {
        assertEquals(fault(octets(input), cut).why, "not a reply");
      }
    },
  });
}

Deno.test({
  name: "pull() reads reply after reply, wherever they are cut",
  permissions: "none",
  fn() {
    const expected: readonly Reply[] = [
      { code: 220, text: "mx" },
      { code: 250, text: ["mx", "SIZE 10", "PIPELINING"] },
      { code: 550, status: "5.1.1", text: ["No", "such user"] },
      { code: 354, text: "Go" },
    ];
    const input = octets(expected.map(formatReply).join(""));
    for (const cut of CUTS) {
      assertEquals(replies(input, cut).map(({ reply }) => reply), expected);
    }
  },
});

Deno.test({
  name: "pull() gives the lines as they came",
  permissions: "none",
  fn() {
    const [reply] = replies(octets("250-2.1.0 a\n250\t2.1.0 b \r\n"), 4);
    // A control character, such as the tab, never gets into the record.
    assertEquals(reply?.lines, ["250-2.1.0 a", "250 2.1.0 b"]);
  },
});

Deno.test({
  name: "pull() keeps the start of a long line",
  permissions: "none",
  fn() {
    const input = octets(`550 ${"x".repeat(10_000)}\r\n250 OK\r\n`);
    for (const cut of CUTS) {
      const texts = replies(input, cut).map(({ reply }) => reply.text);
      assertEquals(texts, ["x".repeat(2_044), "OK"]);
    }
  },
});

const ENDLESS = {
  "of lines": "250-more\r\n".repeat(REPLY_LIMIT / 10 + 1),
  "in one line": `250 ${"x".repeat(REPLY_LIMIT)}`,
} as const;

for (const [what, input] of Object.entries(ENDLESS)) {
  Deno.test({
    name: `pull() doesn't wait for the end of a reply without end ${what}`,
    permissions: "none",
    fn() {
      for (const cut of CUTS) {
        const { why, line } = fault(octets(input), cut);
        assertEquals(why, "too long");
        assert(line.length <= 2_048);
      }
    },
  });
}

Deno.test({
  name: "idle is whether not even part of a reply waits",
  permissions: "none",
  fn() {
    const parser = new ReplyParser();
    const states: boolean[] = [];
    for (const piece of ["2", "50-a\r\n", "250 b\r\n", "250 c\r\n2"]) {
      parser.push(octets(piece));
      const reply = parser.pull();
      states.push(parser.idle);
      if (reply) parser.pull();
    }
    assertEquals(states, [false, false, true, false]);
    assertEquals(parser.idle, false);
  },
});

Deno.test({
  name: "push() throws while octets are left",
  permissions: "none",
  fn() {
    const parser = new ReplyParser();
    parser.push(octets("250 a\r\n250 b\r\n"));
    parser.pull();
    assertThrows(() => parser.push(octets("x")), TypeError, "not used up");
  },
});
