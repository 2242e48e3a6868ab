import { assertEquals } from "@std/assert";
import { mboxText } from "../../src/store/mbox_text.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "": "\n",
  "Hi\r\n": "Hi\n\n",
  "Hi": "Hi\n\n",
  "From me\r\n": ">From me\n\n",
  "From ": ">From \n\n",
  "From": "From\n\n",
  "Fro\r\nFrom\r\n": "Fro\nFrom\n\n",
  "FFrom \r\n": "FFrom \n\n",
  "from me\r\nFrom: me\r\n": "from me\nFrom: me\n\n",
  ">From me\r\n>>From you\r\n": ">>From me\n>>>From you\n\n",
  ">>\r\n> From\r\n>Frog\r\n": ">>\n> From\n>Frog\n\n",
  "x From me\r\n\r\nFrom me\r\n\r\n": "x From me\n\n>From me\n\n\n",
  "x>From me": "x>From me\n\n",
  "a\rb\r\r\nc\r": "a\rb\r\nc\r\n\n",
  "\rFrom me": "\rFrom me\n\n",
  "Fr\rFrom me\r": "Fr\rFrom me\r\n\n",
  "bare\nFrom me\n": "bare\n>From me\n\n",
  "пись\0мо\r\n": "пись\0мо\n\n",
};

Deno.test("mboxText() ends lines in LF and quotes From_ lines, however it is cut", async (t) => {
  for (const [text, expected] of Object.entries(TEXTS)) {
    await t.step(JSON.stringify(text), () => {
      for (const length of [1, 2, 3, 7, 1000]) {
        assertEquals(inPieces(text, length), expected, `pieces of ${length}`);
      }
    });
  }
});

Deno.test("mboxText() holds back no more than a few octets", () => {
  const text = mboxText();
  const line = new Uint8Array(100_000).fill(">".charCodeAt(0));
  assertEquals(text.push(line).length, line.length);
  assertEquals(text.push(new TextEncoder().encode("From ")).length, 6);
});

/** The mbox text of a message that comes in pieces of a length. */
function inPieces(message: string, length: number): string {
  const bytes = new TextEncoder().encode(message);
  const text = mboxText();
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    out.push(...text.push(bytes.subarray(at, at + length)));
  }
  return new TextDecoder().decode(new Uint8Array([...out, ...text.end()]));
}
