import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  decodeUtf8,
  isAscii,
  toUpperAscii,
  utf8Length,
} from "../../src/smtp/utf8.ts";
import { widen } from "../transcripts/transcript.ts";

const NONE = { permissions: "none" } as const;
const TEXTS = ["", "a", "\0", "%", "%41", "и", "\u07ff\u0800", "例子", "📨"];

Deno.test("decodeUtf8() undoes what an encoder did", NONE, () => {
  for (const text of TEXTS) {
    assertEquals(decodeUtf8(widen(new TextEncoder().encode(text))), text);
  }
});

Deno.test(
  "decodeUtf8() agrees with the platform on any three octets",
  NONE,
  () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const edges = [0x00, 0x25, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf]
      .concat(0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff);
    for (const a of edges) {
      for (const b of edges) {
        for (const c of edges) {
          const octets = new Uint8Array([a, b, c]);
          let expected: string | undefined;
          try {
            expected = decoder.decode(octets);
          } catch {
            expected = undefined;
          }
          assertEquals(decodeUtf8(widen(octets)), expected, `${octets}`);
        }
      }
    }
  },
);

Deno.test("utf8Length() counts octets", NONE, () => {
  for (const text of TEXTS) {
    assertEquals(utf8Length(text), new TextEncoder().encode(text).length);
  }
});

Deno.test("isAscii() ends at U+007F", NONE, () => {
  assert(isAscii("") && isAscii("\0\x7f\r\n"));
  assertFalse(isAscii("\x80"));
});

Deno.test("toUpperAscii() leaves look-alikes alone", NONE, () => {
  assertEquals(toUpperAscii("rset"), "RSET");
  assertEquals(toUpperAscii("r\u017fet"), "r\u017fet");
});
