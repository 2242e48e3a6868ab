import { assert, assertEquals } from "@std/assert";
import { quotedPrintable } from "../../src/message/quoted_printable.ts";

/** RFC 2045 §6.7, the other way: what any reader makes of it. */
function decode(text: string): Uint8Array {
  const octets = text.replaceAll("=\r\n", "").replace(
    /=([0-9A-F]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
  return Uint8Array.from(octets, (octet) => octet.charCodeAt(0));
}

Deno.test("quotedPrintable() encodes every octet so that it can be decoded", () => {
  const octets = Uint8Array.from({ length: 256 }, (_, octet) => octet);
  assertEquals(decode(quotedPrintable(octets)), octets);
});

Deno.test("quotedPrintable() keeps lines to 76 characters, blanks off their ends", () => {
  for (const filler of ["x", " ", "=", "\t", "é"]) {
    for (let length = 0; length < 240; length++) {
      const octets = new TextEncoder().encode(`${filler.repeat(length)}\r\ny `);
      const text = quotedPrintable(octets);
      assertEquals(decode(text), octets);
      for (const line of text.split("\r\n")) {
        assert(line.length <= 76 && !/[ \t]$/.test(line), line);
      }
    }
  }
});

Deno.test("quotedPrintable() fills a line of 76 characters without a soft break", () => {
  const line = "x".repeat(76);
  const octets = new TextEncoder().encode(`${line}\r\n${line}`);
  assertEquals(quotedPrintable(octets), `${line}\r\n${line}`);
});
