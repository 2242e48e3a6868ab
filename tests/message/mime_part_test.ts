import { assertEquals, assertMatch } from "@std/assert";
import { encodePart, encodeText, survey } from "../../src/message/mime_part.ts";

function isText(text: string): boolean {
  return survey(encodeText(text)).lines;
}

Deno.test("survey() knows lines of text from what isn't", () => {
  for (const good of ["", "\r\n", "a", "a\r\n\r\nb", "\r\n\r\n"]) {
    assertEquals(isText(good), true, JSON.stringify(good));
  }
  for (const bad of ["\n", "\r", "a\rb", "a\r\r\n", "\n\r", "a\r\n\n", "\0"]) {
    assertEquals(isText(bad), false, JSON.stringify(bad));
  }
});

Deno.test("survey() takes lines of 998 octets and no more", () => {
  const line = "x".repeat(998);
  assertEquals(isText(`${line}\r\n${line}`), true);
  assertEquals(isText(`${line}x\r\n`), false);
  assertEquals(isText(`a\r\n${line}x`), false);
  assertEquals(isText("ж".repeat(500)), false);
});

Deno.test("encodePart() chooses the plainest encoding that holds the content", () => {
  const encodingOf = (text: string, eightBit: boolean) => {
    const content = encodeText(text);
    const part = encodePart({
      type: "text/plain",
      description: "Test",
      content,
      eightBit,
    });
    const written = new TextDecoder().decode(part.bytes);
    assertMatch(
      written,
      /^Content-Description: Test\r\nContent-Type: text\/plain\r\n/,
    );
    const encoding = /Encoding: (\S+)\r\n\r\n/.exec(written)![1];
    assertEquals(part.eightBit, encoding === "8bit");
    return encoding;
  };
  assertEquals(encodingOf("a\r\n", false), "7bit");
  assertEquals(encodingOf("a\r\n", true), "7bit");
  assertEquals(encodingOf("ж\r\n", true), "8bit");
  assertEquals(encodingOf("ж\r\n", false), "quoted-printable");
  assertEquals(encodingOf("a\n", true), "quoted-printable");
});
