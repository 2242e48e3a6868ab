import { assertEquals } from "@std/assert";
import { ReplyCodes } from "./client.ts";

/** The codes in what a server says, read in pieces of some octets. */
function codesIn(text: string, piece: number): readonly number[] {
  const codes = new ReplyCodes();
  const octets = new TextEncoder().encode(text);
  const found: number[] = [];
  for (let at = 0; at < octets.length; at += piece) {
    codes.push(octets.subarray(at, at + piece));
    for (let code = codes.next(); code !== undefined; code = codes.next()) {
      found.push(code);
    }
  }
  return found;
}

Deno.test("ReplyCodes gives a code for each reply, however it is cut", () => {
  const text = "220 hello\r\n250-one\r\n250-two\r\n250 three\r\n354\r\n" +
    "250-\r\n250\r\n451 4.3.0 later - much\r\n";
  for (const piece of [1, 2, 3, 7, 64, 1_000]) {
    assertEquals(codesIn(text, piece), [220, 250, 354, 250, 451]);
  }
});

Deno.test("ReplyCodes waits for the end of a line", () => {
  assertEquals(codesIn("250 Ok\r", 64), []);
});
