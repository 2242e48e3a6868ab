import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Framer } from "../../src/smtp/framer.ts";
import { Stuffer } from "../../src/smtp/stuffing.ts";

const CUTS = [1, 2, 3, 7, 64, Infinity];
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

function stuffed(text: string, cut: number): string {
  const stuffer = new Stuffer();
  const bytes = ENCODER.encode(text);
  let out = "";
  for (let at = 0; at < bytes.length; at += cut) {
    out += DECODER.decode(stuffer.stuff(bytes.slice(at, at + cut)));
  }
  return out + stuffer.end();
}

const TEXTS: readonly (readonly [text: string, wire: string])[] = [
  ["", ".\r\n"],
  ["\r\n", "\r\n.\r\n"],
  ["a", "a\r\n.\r\n"],
  ["a\r\n", "a\r\n.\r\n"],
  [".", "..\r\n.\r\n"],
  [".\r\n", "..\r\n.\r\n"],
  ["..\r\n", "...\r\n.\r\n"],
  ["a.\r\n.b\r\n..c\r\n", "a.\r\n..b\r\n...c\r\n.\r\n"],
  ["\r\n.\r\n", "\r\n..\r\n.\r\n"],
  ["a\r\n.\r\n.\r\nb", "a\r\n..\r\n..\r\nb\r\n.\r\n"],
  // No CR or LF leaves alone.
  ["a\n", "a\r\n.\r\n"],
  ["\n", "\r\n.\r\n"],
  ["\n\n", "\r\n\r\n.\r\n"],
  ["a\rb", "a\r\nb\r\n.\r\n"],
  ["a\r", "a\r\n.\r\n"],
  ["\r", "\r\n.\r\n"],
  ["\r\r\n", "\r\n\r\n.\r\n"],
  ["\n\r", "\r\n\r\n.\r\n"],
  ["\r\n\n", "\r\n\r\n.\r\n"],
  // Nor can it hide the end of another message.
  ["a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"],
  ["a\r\n.\rb", "a\r\n..\r\nb\r\n.\r\n"],
  ["\r.", "\r\n..\r\n.\r\n"],
];

for (const [text, wire] of TEXTS) {
  Deno.test({
    name: `stuff() and end() send ${JSON.stringify(text)} as it must be`,
    permissions: "none",
    fn() {
      for (const cut of CUTS) assertEquals(stuffed(text, cut), wire);
    },
  });
}

/** All texts of up to `length` of the octets that matter. */
function* texts(length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const octet of ["\r", "\n", ".", "a"]) {
    for (const rest of texts(length - 1)) yield octet + rest;
  }
}

Deno.test({
  name: "stuff() sends every short text so that the framer reads it as lines",
  permissions: "none",
  fn() {
    for (const text of texts(6)) {
      const wire = stuffed(text, Infinity);
      for (const cut of [1, 2, 3]) assertEquals(stuffed(text, cut), wire);
      assert(!/\r(?!\n)|(?<!\r)\n/.test(wire));
      const lines = text.replace(/\r\n|\r|\n/g, "\r\n");
      const whole = lines === "" || lines.endsWith("\r\n")
        ? lines
        : `${lines}\r\n`;
      assertEquals(unstuffed(wire), whole);
    }
  },
});

/** What our own framer reads; it must be at its end exactly at the end of the wire. */
function unstuffed(wire: string): string {
  const framer = new Framer();
  framer.startText();
  framer.push(ENCODER.encode(wire));
  let out = "";
  for (;;) {
    const frame = framer.pull({ unit: "dotted" });
    if (frame?.kind !== "body") {
      assertEquals(frame, { kind: "end" });
      assert(framer.idle);
      return out;
    }
    out += DECODER.decode(frame.bytes);
  }
}

Deno.test({
  name: "stuff() gives back the octets themselves when nothing is to be done",
  permissions: "none",
  fn() {
    const stuffer = new Stuffer();
    const piece = ENCODER.encode("Subject: a\r\n\r\nb.\x00\xff\r\n");
    assertStrictEquals(stuffer.stuff(piece), piece);
    assertStrictEquals(stuffer.stuff(piece), piece);
  },
});

Deno.test({
  name: "end() makes ready for the next message",
  permissions: "none",
  fn() {
    const stuffer = new Stuffer();
    stuffer.stuff(ENCODER.encode("a"));
    stuffer.end();
    assertEquals(stuffer.end(), ".\r\n");
  },
});
