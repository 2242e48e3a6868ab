import { assertEquals } from "@std/assert";
import { behindProxy } from "../../src/net/proxied.ts";
import type { Transport } from "../../src/net/transport.ts";
import { memoryTransports, scriptedTransport } from "./memory_transport.ts";
import { binaryHeader, text } from "./proxy_header.ts";
import { succeeded } from "./succeeded.ts";

const LINE = "PROXY TCP4 203.0.113.7 198.51.100.1 40000 25\r\n";
const CLIENT = { address: "203.0.113.7", port: 40000 };
const SERVER = { address: "198.51.100.1", port: 25 };

/** All that comes, read `size` octets at a time. */
async function readAll(transport: Transport, size = 100): Promise<string> {
  const buffer = new Uint8Array(size);
  let all = "";
  for (;;) {
    const count = await transport.read(buffer);
    if (count === null) return all;
    all += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
}

Deno.test("behindProxy() gives the ends that the header names", async () => {
  const proxy = scriptedTransport([text(LINE)]);
  const transport = succeeded(await behindProxy(proxy));
  assertEquals(transport.peer, CLIENT);
  assertEquals(transport.local, SERVER);
});

Deno.test("behindProxy() gives the proxy's own ends when it speaks for itself", async () => {
  const header = binaryHeader({ command: 0x20, follows: [] });
  const proxy = scriptedTransport([header, text("QUIT\r\n")]);
  const transport = succeeded(await behindProxy(proxy));
  assertEquals(transport.peer, proxy.peer);
  assertEquals(transport.local, proxy.local);
  assertEquals(await readAll(transport), "QUIT\r\n");
});

Deno.test("behindProxy() gives what came behind the header, wherever it is cut", async () => {
  const header = binaryHeader({
    follows: [203, 0, 113, 7, 198, 51, 100, 1, 0x9c, 0x40, 0, 25, 4, 0, 0],
  });
  for (const start of [text(LINE), header]) {
    const all = new Uint8Array([...start, ...text("EHLO a.test\r\nNOOP\r\n")]);
    for (let cut = 1; cut < all.length; cut++) {
      const pieces = [all.subarray(0, cut), all.subarray(cut)];
      const proxy = scriptedTransport(pieces);
      const transport = succeeded(await behindProxy(proxy));
      assertEquals(transport.peer, CLIENT);
      assertEquals(await readAll(transport), "EHLO a.test\r\nNOOP\r\n");
    }
  }
});

Deno.test("behindProxy() gives what came behind the header in as small pieces as wanted", async () => {
  const proxy = scriptedTransport([text(`${LINE}EHLO a.test\r\n`)]);
  const transport = succeeded(await behindProxy(proxy));
  assertEquals(await readAll(transport, 5), "EHLO a.test\r\n");
});

Deno.test("behindProxy() reads a header that comes octet by octet", async () => {
  const pieces = [...text(`${LINE}EHLO a.test\r\n`)].map((octet) =>
    Uint8Array.of(octet)
  );
  const transport = succeeded(await behindProxy(scriptedTransport(pieces)));
  assertEquals(await readAll(transport), "EHLO a.test\r\n");
});

Deno.test("behindProxy() waits for nothing behind the header", async () => {
  const [proxy, ours] = memoryTransports();
  const sent = proxy.write(text(LINE));
  using transport = succeeded(await behindProxy(ours));
  assertEquals(await sent, true);
  const answered = transport.write(text("220 mx.test.ru\r\n"));
  const buffer = new Uint8Array(100);
  assertEquals(await proxy.read(buffer), 16);
  assertEquals(await answered, true);
});

/** What a proxy, or whoever it is, sends in place of a header, and why that fails. */
const FAILURES: readonly (readonly [string, readonly string[], string])[] = [
  ["a command", ["EHLO a.test\r\n"], "no PROXY header"],
  ["nothing", [], "no whole PROXY header"],
  ["half a header", [LINE.slice(0, 20)], "no whole PROXY header"],
  ["a bad header", [LINE.replace("25", "025")], "malformed PROXY line"],
];

for (const [what, pieces, failed] of FAILURES) {
  Deno.test(`behindProxy() fails and closes the connection after ${what}`, async () => {
    let closed = 0;
    const proxy = scriptedTransport(pieces.map(text), {
      [Symbol.dispose]: () => void closed++,
    });
    assertEquals(await behindProxy(proxy), { failed });
    assertEquals(closed, 1);
  });
}

Deno.test("behindProxy() fails when the connection is closed meanwhile", async () => {
  const [, ours] = memoryTransports();
  const waiting = behindProxy(ours);
  ours[Symbol.dispose]();
  assertEquals(await waiting, { failed: "no whole PROXY header" });
});

Deno.test("behindProxy() closes the connection with what came behind the header", async () => {
  const [proxy, ours] = memoryTransports();
  const sent = proxy.write(text(`${LINE}EHLO a.test\r\n`));
  const transport = succeeded(await behindProxy(ours));
  assertEquals(await sent, true);
  transport[Symbol.dispose]();
  assertEquals(await readAll(transport), "");
  assertEquals(await proxy.write(text("NOOP\r\n")), false);
  assertEquals(await transport.write(text("250 ok\r\n")), false);
});
