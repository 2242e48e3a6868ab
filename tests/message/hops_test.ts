import { assertEquals } from "@std/assert";
import { HopCounter } from "../../src/message/hops.ts";

const encoder = new TextEncoder();

/** Hops counted in a message that comes in pieces of so many octets. */
function hopsOf(text: string, size = Infinity): number {
  const counter = new HopCounter();
  const octets = encoder.encode(text);
  for (let at = 0; at < octets.length; at += size) {
    counter.scan(octets.subarray(at, at + size));
  }
  return counter.hops;
}

const MESSAGES: readonly (readonly [string, number])[] = [
  ["", 0],
  ["\r\n", 0],
  ["\r\nReceived: body\r\n", 0],
  ["Received: a\r\n\r\n", 1],
  ["Received:\r\n", 1],
  ["received: a\r\nRECEIVED: b\r\nrEcEiVeD: c\r\n\r\nReceived: body\r\n", 3],
  ["Received: a\r\n\tby b\r\n Received: folded\r\nReceived: b\r\n\r\n", 2],
  ["Subject: Received: no\r\nX-Received: no\r\nReceived-SPF: no\r\n\r\n", 0],
  ["Received : a\r\nReceived \t : b\r\nReceived x: no\r\n\r\n", 2],
  ["Receive: no\r\nReceived no\r\nRReceived: no\r\n\r\n", 0],
  ["ReceivedReceived: no\r\nReceived: yes\r\n\r\n", 1],
  // U+001A is a colon but for the bit that makes capitals of small letters.
  ["Received\x1a no\r\nReceived \x1a no\r\n\r\n", 0],
  ["Subject: x\r\nReceived: a", 1],
  ["Received: a\r\n.\r\nReceived: b\r\n\r\n\r\nReceived: body\r\n", 2],
];

for (const [text, hops] of MESSAGES) {
  Deno.test(`scan() counts ${hops} in ${JSON.stringify(text)}, however it is cut`, () => {
    assertEquals(hopsOf(text), hops);
    for (let size = 1; size <= text.length; size++) {
      assertEquals(hopsOf(text, size), hops, `in pieces of ${size}`);
    }
  });
}

Deno.test("scan() counts past the limit of hops", () => {
  assertEquals(hopsOf("Received: from a by b\r\n".repeat(150), 64), 150);
});
