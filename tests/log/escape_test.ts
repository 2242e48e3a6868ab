import { assertEquals } from "@std/assert";
import { escaped, quoted } from "../../src/log/escape.ts";

const HOSTILE = [
  ["a newline", "a\r\nb", String.raw`a\x0d\x0ab`, String.raw`"a\r\nb"`],
  ["an escape", "\x1b]0;x\x07", String.raw`\x1b]0;x\x07`, undefined],
  ["DEL", "\x7f", String.raw`\x7f`, String.raw`"\u007f"`],
  ["a C1 CSI", "\x9b2J", String.raw`\x9b2J`, String.raw`"\u009b2J"`],
  ["a line separator", "\u2028", String.raw`\u{2028}`, String.raw`"\u2028"`],
  ["reversed text", "\u202eoof", String.raw`\u{202e}oof`, undefined],
  ["half a pair", "\ud83d", String.raw`\u{d83d}`, String.raw`"\ud83d"`],
] as const;

for (const [what, text, shown, json] of HOSTILE) {
  Deno.test(`escaped() and quoted() let no terminal obey ${what}`, () => {
    assertEquals(escaped(text), shown);
    assertEquals(JSON.parse(quoted(text)), text);
    // deno-lint-ignore no-control-regex
    assertEquals(quoted(text).match(/[\x00-\x1f\x7f-\x9f\u2028\u202e]/), null);
    if (json) assertEquals(quoted(text), json);
  });
}

Deno.test("escaped() leaves what people write as it is", () => {
  const text = 'Grüße, Петя 📮 <a@b.test> \\ "quoted"';
  assertEquals(escaped(text), text);
});
