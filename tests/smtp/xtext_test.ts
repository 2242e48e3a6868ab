import { assertEquals } from "@std/assert";
import {
  decodeUtf8Address,
  decodeXtext,
  encodeUtf8Address,
  encodeXtext,
} from "../../src/smtp/xtext.ts";

const ASCII = Array.from(
  { length: 128 },
  (_, code) => String.fromCharCode(code),
).join("");

Deno.test("encodeXtext() encodes exactly what RFC 3461 §4 says", () => {
  const kept = [...ASCII].filter((it) => encodeXtext(it) === it).join("");
  const xchar = [...ASCII].filter((it) => it >= "!" && it <= "~")
    .filter((it) => it !== "+" && it !== "=").join("");
  assertEquals(kept, xchar);
  assertEquals(encodeXtext(" +=\r\n%ж"), "+20+2B+3D+0D+0A%+D0+B6");
});

Deno.test("decodeXtext() undoes encodeXtext()", () => {
  for (const text of ["", ASCII, "a%20b", "ж 😀"]) {
    assertEquals(decodeXtext(encodeXtext(text)), text);
  }
  assertEquals(decodeXtext("+2b+2B=%2B"), "++=%2B");
});

Deno.test("decodeXtext() refuses what is no xtext", () => {
  for (const bad of ["+", "+2", "+2G", "a b", "ж", "\n", "+D0", "a+"]) {
    assertEquals(decodeXtext(bad), undefined, bad);
  }
});

Deno.test("encodeUtf8Address() keeps to the characters of its form", () => {
  const escaped = (form: "xtext" | "unitext") =>
    [...`${ASCII}ж😀`].filter((it) => encodeUtf8Address(it, form) !== it)
      .filter((it) => it > " " && it !== "\x7f").join("");
  assertEquals(escaped("xtext"), "+=\\ж😀");
  assertEquals(escaped("unitext"), "+=\\");
  assertEquals(encodeUtf8Address("\ud800", "xtext"), "\\x{FFFD}");
});

Deno.test("decodeUtf8Address() undoes encodeUtf8Address()", () => {
  const text = `${ASCII}\u0085ж\uffff😀\u{10ffff}`;
  for (const form of ["xtext", "unitext"] as const) {
    assertEquals(decodeUtf8Address(encodeUtf8Address(text, form)), text);
  }
});

Deno.test("decodeUtf8Address() refuses what embeds no character", () => {
  const bad = [
    "\\",
    "a\\b",
    "\\x{}",
    "\\x{A}",
    "\\x{G0}",
    "\\x{D83D}\\x{DE00}",
    "\\x{0D800}",
    "\\x{dfff}",
    "\\x{110000}",
    "\\x{41",
    "\\X{41}",
  ];
  for (const text of bad) {
    assertEquals(decodeUtf8Address(text), undefined, text);
  }
  assertEquals(decodeUtf8Address("\\x{D7FF}\\x{E000}"), "\ud7ff\ue000");
  assertEquals(decodeUtf8Address("\\x{D800F}"), "\u{d800f}");
});
