import { assertEquals, assertThrows } from "@std/assert";
import {
  type Frame,
  Framer,
  type Framing,
  LINE_LIMIT,
} from "../../src/smtp/framer.ts";
import { readDotted } from "../fuzz/reference.ts";
import { widen } from "../transcripts/transcript.ts";

const CUTS = [Infinity, 64, 7, 3, 2, 1];

function narrow(octets: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(octets, (octet) => octet.charCodeAt(0));
}

/** What a framer makes of octets that come in pieces, in a form that cuts don't change. */
function frames(
  octets: string,
  cut: number,
  next: (frame: Frame | undefined) => Framing,
): string[] {
  const framer = new Framer();
  const bytes = narrow(octets);
  const seen: string[] = [];
  let framing = next(undefined);
  for (let at = 0; at < bytes.length; at += cut) {
    framer.push(bytes.slice(at, at + cut));
    for (;;) {
      const frame = framer.pull(framing);
      if (frame === undefined) break;
      framing = next(frame);
      const last = seen.at(-1);
      if (frame.kind !== "body") {
        seen.push(show(frame, framer));
      } else if (last?.startsWith("body ")) {
        seen[seen.length - 1] = last + widen(frame.bytes);
      } else seen.push(`body ${widen(frame.bytes)}`);
    }
  }
  return seen;
}

function show(
  frame: Frame & { kind: "line" | "bad line" | "end" },
  framer: Framer,
) {
  switch (frame.kind) {
    case "line":
      return `line ${frame.text}`;
    case "bad line":
      return `bad line: ${frame.fault}`;
    case "end":
      return `end: ${framer.textFault({ whole: true }) ?? "good"}`;
  }
}

const BARE_LF_THRICE = Array<string>(3).fill("bad line: bare LF");
const CONTROL = "bad line: control character";
const NOT_UTF8 = "bad line: not UTF-8";
const LONG = "x".repeat(5 * LINE_LIMIT);

const LINES: readonly (readonly [octets: string, ...frames: string[]])[] = [
  ["NOOP\r\n", "line NOOP"],
  ["\r\n", "line "],
  ["NOOP\r\nQUIT\r\n", "line NOOP", "line QUIT"],
  ["NOOP"],
  ["NOOP\r"],
  ["a\tb\r\n", "line a\tb"],
  ["\n", "bad line: bare LF"],
  ["NOOP\nQUIT\r\n", "bad line: bare LF", "bad line: bare LF"],
  ["a\nb\nc\r\nQUIT\r\n", ...BARE_LF_THRICE, "line QUIT"],
  ["\n\r\r\n\r\n", "bad line: bare LF", CONTROL, "line "],
  ["a\n\xff\r\nQ\r\n", "bad line: bare LF", NOT_UTF8, "line Q"],
  ["a\n\x16\x03\x01\r\nQ\r\n", "bad line: bare LF", CONTROL, "line Q"],
  ["NO\rOP\r\n", "bad line: control character"],
  ["NOOP\r\r\n", "bad line: control character"],
  ["NO\0OP\r\nQUIT\r\n", "bad line: control character", "line QUIT"],
  ["\x1b[2J\r\n", "bad line: control character"],
  ["\x7f\r\n", "bad line: control character"],
  ["\xd0\xb8\r\n", "line и"],
  ["\xf0\x9f\x93\xa8\r\n", "line 📨"],
  ["%41\xd0\xb8%\r\n", "line %41и%"],
  ["\xd0\r\n", "bad line: not UTF-8"],
  ["\xc0\xaf\r\n", "bad line: not UTF-8"],
  ["\xed\xa0\x80\r\n", "bad line: not UTF-8"],
  ["\xf4\x90\x80\x80\r\n", "bad line: not UTF-8"],
  ["\xff\xfe\r\n", "bad line: not UTF-8"],
  ["\x16\x03\x01\x00\r\n", "bad line: TLS"],
  ["NOOP\r\n\x16\x03\x01", "line NOOP", "bad line: TLS"],
  ["N\x16\r\n", "bad line: control character"],
  [`${"x".repeat(LINE_LIMIT - 2)}\r\n`, `line ${"x".repeat(LINE_LIMIT - 2)}`],
  [`${"x".repeat(LINE_LIMIT - 1)}\r\nQ\r\n`, "bad line: too long", "line Q"],
  [`${"x".repeat(LINE_LIMIT)}\x16${"x".repeat(99)}\r\n`, "bad line: too long"],
  [`${LONG}\nQ\r\nQ\r\n`, "bad line: too long", "bad line: bare LF", "line Q"],
  [`${LONG}\r\nQ\r\n`, "bad line: too long", "line Q"],
];

Deno.test("Framer cuts lines", { permissions: "none" }, () => {
  for (const [octets, ...expected] of LINES) {
    // What is left behind a TLS hello is lost, of which one octet at a time leaves the most.
    const cuts = expected.includes("bad line: TLS") ? [Infinity] : CUTS;
    for (const cut of cuts) {
      const seen = frames(octets, cut, () => ({ unit: "line" }));
      assertEquals(seen, expected, `${JSON.stringify(octets)} by ${cut}`);
    }
  }
});

/** Text after DATA, what comes out, and why. `QUIT` behind the end must be a line. */
const DOTTED:
  readonly (readonly [octets: string, body: string, why: string])[] = [
    [".\r\n", "", "the text starts as if after CRLF"],
    ["\r\n.\r\n", "\r\n", "an empty line is a line"],
    ["a\r\n.\r\n", "a\r\n", "the CRLF before the dot is of the text"],
    ["a\r\nb\r\n.\r\n", "a\r\nb\r\n", "lines"],
    ["..\r\n.\r\n", ".\r\n", "a stuffed dot goes, at the start too"],
    [".a\r\n.\r\n", "a\r\n", "a dot that was not doubled goes as well"],
    ["...\r\n.\r\n", "..\r\n", "only one goes"],
    ["a\r\n..\r\n.\r\n", "a\r\n.\r\n", "a line of one dot"],
    ["a\r\n..b\r\n...c\r\n.\r\n", "a\r\n.b\r\n..c\r\n", "one from each line"],
    ["a.\r\nb.c\r\n.\r\n", "a.\r\nb.c\r\n", "dots elsewhere stay"],
    [". \r\n.\r\n", " \r\n", "dot and space is not the end"],
    [".\t\r\n.\r\n", "\t\r\n", "dot and tab is not the end"],
    [" .\r\n.\r\n", " .\r\n", "space and dot is not the end"],
    ["\r\n\r\n\r\n.\r\n", "\r\n\r\n\r\n", "empty lines"],
    ["\xff\x80\xfe\r\n.\r\n", "\xff\x80\xfe\r\n", "any other octet passes"],
    ["\x01\x0b\x0c\x1a\x7f\r\n.\r\n", "\x01\x0b\x0c\x1a\x7f\r\n", "so does ^Z"],
    [
      `${"x".repeat(70_000)}\r\n.\r\n`,
      `${"x".repeat(70_000)}\r\n`,
      "long lines",
    ],
    [".a.b\r\n.\r\n", "a.b\r\n", "the second dot of a line is text"],
    ["..\r\n..\r\n..\r\n.\r\n", ".\r\n.\r\n.\r\n", "dots, line after line"],
  ];

/** Text that must not end where it seems to, and what is wrong with it. */
const SMUGGLED: readonly (readonly [octets: string, fault: string])[] = [
  ["a\n.\n", "bare LF"],
  ["a\n.\r\n", "bare LF"],
  ["a\r\n.\n", "bare LF"],
  ["a\r.\r", "bare CR"],
  ["a\r.\r\n", "bare CR"],
  ["a\r\n.\r", "bare CR"],
  ["a\r\n.\r\r\n", "bare CR"],
  ["a\r\r\n.\n", "bare CR"],
  ["a\n\r.\n\r", "bare LF"],
  ["a\n\n.\n\n", "bare LF"],
  ["a\r\n\0.\r\n", "NUL"],
  ["a\r\n.\0\r\n", "NUL"],
  ["a\r\0\n.\r\n", "bare CR"],
  ["a\r\n.\r\0\n", "bare CR"],
  ["\n.\r\n", "bare LF"],
  ["\r.\r\n", "bare CR"],
  [".\n", "bare LF"],
  [".\r", "bare CR"],
  [".\r.\r\n", "bare CR"],
  ["..\n", "bare LF"],
];

function dottedThenLine(frame: Frame | undefined): Framing {
  return {
    unit: frame === undefined || frame.kind === "body" ? "dotted" : "line",
  };
}

Deno.test("Framer undoes transparency and finds the end of text", {
  permissions: "none",
}, () => {
  for (const [octets, body, why] of DOTTED) {
    assertEquals(readDotted(octets), { text: body, bad: false, rest: "" }, why);
    for (const cut of CUTS) {
      const seen = frames(`${octets}QUIT\r\n`, cut, dottedThenLine);
      const expected = [
        ...(body === "" ? [] : [`body ${body}`]),
        "end: good",
        "line QUIT",
      ];
      assertEquals(seen, expected, `${why}, by ${cut}`);
    }
  }
});

Deno.test("Framer ends text at CRLF.CRLF and at nothing else", {
  permissions: "none",
}, () => {
  for (const [octets, fault] of SMUGGLED) {
    const text = `${octets}MAIL FROM:<x@test.ru>\r\n.\r\nQUIT\r\n`;
    for (const cut of CUTS) {
      const seen = frames(text, cut, dottedThenLine)
        .filter((frame) => !frame.startsWith("body "));
      assertEquals(
        seen,
        [`end: ${fault}`, "line QUIT"],
        `${JSON.stringify(octets)} by ${cut}`,
      );
    }
  }
});

/** Chunks of one message, and what is wrong with it as text. */
const CHUNKS: readonly (readonly [chunks: readonly string[], fault: string])[] =
  [
    [["a\r\n"], "good"],
    [[""], "good"],
    [["no end"], "good"],
    [["\r\n.\r\n"], "good"],
    [["a\r", "\nb\r\n"], "good"],
    [["a\r", "", "\nb"], "good"],
    [["a\r"], "bare CR"],
    [["a\r", ""], "bare CR"],
    [["a\r", "b"], "bare CR"],
    [["a", "\nb"], "bare LF"],
    [["\n"], "bare LF"],
    [["\r\r\n"], "bare CR"],
    [["a\0b"], "NUL"],
  ];

Deno.test("Framer counts octets of chunks and looks at their text as one", {
  permissions: "none",
}, () => {
  for (const [chunks, fault] of CHUNKS) {
    for (const cut of CUTS) {
      const framer = new Framer();
      let seen = "";
      for (const chunk of chunks) {
        let left = chunk.length;
        const bytes = narrow(chunk);
        for (let at = 0; at < bytes.length; at += cut) {
          framer.push(bytes.slice(at, at + cut));
          const frame = framer.pull({ unit: "octets", left, text: true });
          if (frame?.kind !== "body") throw new Error("no body");
          left -= frame.bytes.length;
          seen += widen(frame.bytes);
        }
        const end = framer.pull({ unit: "octets", left, text: true });
        assertEquals(end, { kind: "end" });
      }
      assertEquals(seen, chunks.join(""));
      assertEquals(
        framer.textFault({ whole: true }) ?? "good",
        fault,
        `${JSON.stringify(chunks)} by ${cut}`,
      );
    }
  }
});

Deno.test("Framer takes no more octets than a chunk has", {
  permissions: "none",
}, () => {
  const seen = frames(
    "binary\n\0\rNOOP\r\n",
    Infinity,
    (frame) =>
      frame === undefined
        ? { unit: "octets", left: 9, text: false }
        : frame.kind === "body"
        ? { unit: "octets", left: 0, text: false }
        : { unit: "line" },
  );
  assertEquals(seen, ["body binary\n\0\r", "end: good", "line NOOP"]);
});

Deno.test("startText() forgets what was wrong with the message before", {
  permissions: "none",
}, () => {
  const framer = new Framer();
  framer.push(narrow("a\nb\r"));
  framer.pull({ unit: "octets", left: 4, text: true });
  assertEquals(framer.textFault({ whole: false }), "bare LF");
  framer.startText();
  assertEquals(framer.textFault({ whole: true }), undefined);
  framer.push(narrow(".\r\n"));
  assertEquals(framer.pull({ unit: "dotted" }), { kind: "end" });
});

Deno.test("push() refuses octets while others wait", {
  permissions: "none",
}, () => {
  const framer = new Framer();
  framer.push(narrow("NOOP\r\nNOOP\r\n"));
  framer.pull({ unit: "line" });
  assertThrows(() => framer.push(narrow("x")), TypeError, "not used up");
  framer.pull({ unit: "line" });
  framer.push(narrow("x"));
});

Deno.test("clear() says whether anything was waiting", {
  permissions: "none",
}, () => {
  const framer = new Framer();
  assertEquals(framer.clear(), false);
  framer.push(narrow("NOOP\r\n"));
  assertEquals(framer.clear(), true);
  assertEquals(framer.clear(), false);
  for (const begun of ["N", "x".repeat(LINE_LIMIT + 1)]) {
    framer.push(narrow(begun));
    assertEquals(framer.pull({ unit: "line" }), undefined);
    assertEquals(framer.clear(), true);
  }
  framer.push(narrow("QUIT\r\n"));
  assertEquals(framer.pull({ unit: "line" }), { kind: "line", text: "QUIT" });
});

Deno.test("Framer hands out views of the octets pushed, not copies", {
  permissions: "none",
}, () => {
  const framer = new Framer();
  const bytes = narrow("text\r\n");
  framer.push(bytes);
  const frame = framer.pull({ unit: "dotted" });
  assertEquals(frame?.kind === "body" && frame.bytes.buffer, bytes.buffer);
});
