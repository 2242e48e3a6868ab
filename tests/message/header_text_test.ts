import { assert, assertEquals } from "@std/assert";
import {
  formatField,
  printable,
  printableAscii,
  wrap,
} from "../../src/message/header_text.ts";

const PLAIN = { first: "", next: "" };

Deno.test("printable() escapes whatever could end a line or mislead a reader", () => {
  const controls = Array.from({ length: 32 }, (_, code) => code)
    .concat(0x7f, 0x85, 0x9f, 0x2028, 0x2029, 0x202e, 0x2066, 0xd800, 0xdfff)
    .filter((code) => code !== 9);
  for (const code of controls) {
    const hex = code.toString(16).toUpperCase().padStart(2, "0");
    assertEquals(
      printable(`a${String.fromCharCode(code)}b`),
      `a\\x{${hex}}b`,
    );
  }
  assertEquals(printable("a\tb ж 😀"), "a b ж 😀");
});

Deno.test("printableAscii() escapes all characters past ASCII whole", () => {
  assertEquals(printableAscii("ж😀\n~"), "\\x{436}\\x{1F600}\\x{0A}~");
});

Deno.test("wrap() fills lines to 78 columns and no further", () => {
  const text = `${"a".repeat(38)} ${"b".repeat(39)} c`;
  assertEquals(wrap(text, PLAIN), [text.slice(0, 78), "c"]);
  assertEquals(wrap(`${text.slice(0, 78)}b c`, PLAIN).length, 2);
});

Deno.test("wrap() counts columns, not octets", () => {
  const text = `${"ж".repeat(38)} ${"😀".repeat(39)}`;
  assertEquals(wrap(text, PLAIN), [text]);
});

Deno.test("wrap() keeps several spaces in a row together", () => {
  const text = `${"a".repeat(70)}  ${"b".repeat(10)} c`;
  assertEquals(wrap(text, PLAIN), [text.slice(0, -2), "c"]);
});

Deno.test("wrap() cuts only words that no line can hold", () => {
  const whole = "x".repeat(900);
  assertEquals(wrap(`a ${whole}`, PLAIN), ["a", whole]);
  for (const character of ["x", "ж", "😀"]) {
    const lines = wrap(`${character.repeat(2000)} end`, PLAIN);
    assertEquals(
      lines.join("").replace(" end", "end").length,
      character.length * 2000 + 3,
    );
    for (const line of lines) {
      assert(new TextEncoder().encode(line).length <= 998);
    }
  }
});

Deno.test("wrap() makes no line of blanks alone", () => {
  for (const text of [`a${" ".repeat(5000)}b`, " ".repeat(5000), ""]) {
    const lines = wrap(text, { first: "Name: ", next: " " });
    assert(lines.every((line) => line.trim() !== ""), JSON.stringify(lines));
  }
});

Deno.test("formatField() unfolds to what was put in", () => {
  const text = "one two  three ".repeat(40).trim();
  const field = formatField("Subject", text);
  assert(field.split("\r\n").every((line) => line.length <= 78));
  assertEquals(field.replaceAll("\r\n ", " "), `Subject: ${text}\r\n`);
});
