/** How fast a message's header is read: no sockets, no disk. */
import { HopCounter } from "../../src/message/hops.ts";

const encoder = new TextEncoder();

const RECEIVED = "Received: from mx.another.ru ([192.0.2.1])\r\n" +
  "\tby mx.test.ru with ESMTPS id 0AM8X65X8QF\r\n" +
  "\tfor <petya@test.ru>; Mon, 23 Nov 2026 05:00:16 +0000\r\n";

const FIELDS = "From: Denis <denis@another.ru>\r\nTo: <petya@test.ru>\r\n" +
  "Date: Mon, 23 Nov 2026 05:00:16 +0000\r\nSubject: hello\r\n" +
  "Message-ID: <0AM8X65X8QF@another.ru>\r\nMIME-Version: 1.0\r\n";

const HEADERS = {
  "3 hops and 6 fields": RECEIVED.repeat(3) + FIELDS,
  "64 KiB of fields": FIELDS.repeat(Math.ceil(65_536 / FIELDS.length)),
};

for (const [name, header] of Object.entries(HEADERS)) {
  const octets = encoder.encode(`${header}\r\nHi\r\n`);
  const hops = header.split("Received:").length - 1;
  Deno.bench(`HopCounter, a header of ${name}`, { group: "header" }, () => {
    const counter = new HopCounter();
    counter.scan(octets);
    if (counter.hops !== hops) throw new Error(`Counted ${counter.hops} hops`);
  });
}
