import { assertEquals } from "@std/assert";
import {
  formatEndpoint,
  tcpTransport,
  type Transport,
} from "../../src/net/transport.ts";

/** Both ends of a connection over 127.0.0.1. */
async function pair(): Promise<
  { readonly transport: Transport; readonly peer: Deno.TcpConn } & Disposable
> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [peer, conn] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  const transport = tcpTransport(conn);
  let open = true;
  const close = peer.close.bind(peer);
  peer.close = () => {
    if (open) close();
    open = false;
  };
  return {
    transport,
    peer,
    [Symbol.dispose]() {
      peer.close();
      transport[Symbol.dispose]();
    },
  };
}

/** A connection that is made of nothing but what the test is about. */
function conn(parts: Partial<Deno.TcpConn>): Deno.TcpConn {
  const address = { transport: "tcp", hostname: "192.0.2.1", port: 25 };
  return { remoteAddr: address, localAddr: address, ...parts } as Deno.TcpConn;
}

const encoder = new TextEncoder();

Deno.test("read() gives what there is, then null when the peer is done", async () => {
  using ends = await pair();
  const { transport, peer } = ends;
  await peer.write(encoder.encode("NOOP\r\n"));
  await peer.closeWrite();
  const buffer = new Uint8Array(100);
  assertEquals(await transport.read(buffer), 6);
  assertEquals(buffer.subarray(0, 6), encoder.encode("NOOP\r\n"));
  assertEquals(await transport.read(buffer), null);
});

Deno.test("read() gives null when the connection is reset", async () => {
  using ends = await pair();
  const { transport, peer } = ends;
  // Closing with octets unread resets the connection.
  await transport.write(encoder.encode("220 mx.test.ru\r\n"));
  await peer.read(new Uint8Array(1));
  peer.close();
  assertEquals(await transport.read(new Uint8Array(100)), null);
});

Deno.test("read() gives null when the transport is closed meanwhile, and after", async () => {
  using ends = await pair();
  const { transport } = ends;
  const reading = transport.read(new Uint8Array(100));
  transport[Symbol.dispose]();
  assertEquals(await reading, null);
  assertEquals(await transport.read(new Uint8Array(100)), null);
});

Deno.test("write() sends all, however little the system takes at a time", async () => {
  const taken: number[] = [];
  const transport = tcpTransport(conn({
    write: (bytes) => {
      const count = Math.min(3, bytes.length);
      taken.push(...bytes.subarray(0, count));
      return Promise.resolve(count);
    },
  }));
  const sent = encoder.encode("250 2.0.0 OK\r\n");
  assertEquals(await transport.write(sent), true);
  assertEquals(new Uint8Array(taken), sent);
});

Deno.test("write() gives false when the peer is gone", async () => {
  using ends = await pair();
  const { transport, peer } = ends;
  peer.close();
  const chunk = new Uint8Array(64 * 1024);
  // The first writes may still go into the system's buffer.
  let sent = true;
  for (let count = 0; sent && count < 100; count++) {
    sent = await transport.write(chunk);
  }
  assertEquals(sent, false);
});

Deno.test("write() gives false when the transport is closed meanwhile, and after", async () => {
  using ends = await pair();
  const { transport } = ends;
  // More than the system's buffers hold, to a peer that doesn't read.
  const writing = transport.write(new Uint8Array(32 * 1024 * 1024));
  transport[Symbol.dispose]();
  assertEquals(await writing, false);
  assertEquals(await transport.write(new Uint8Array(1)), false);
});

Deno.test("tcpTransport() takes any failure of the network for its end", async () => {
  const fail = () =>
    Promise.reject(new Error("No route to host (os error 113)"));
  const transport = tcpTransport(conn({ read: fail, write: fail }));
  assertEquals(await transport.read(new Uint8Array(1)), null);
  assertEquals(await transport.write(new Uint8Array(1)), false);
});

Deno.test("tcpTransport() closes once", () => {
  let closed = 0;
  const transport = tcpTransport(conn({ close: () => void closed++ }));
  transport[Symbol.dispose]();
  transport[Symbol.dispose]();
  assertEquals(closed, 1);
});

Deno.test("tcpTransport() knows both ends", async () => {
  using ends = await pair();
  const { transport, peer } = ends;
  const local = peer.localAddr as Deno.NetAddr;
  const remote = peer.remoteAddr as Deno.NetAddr;
  assertEquals(transport.peer, { address: "127.0.0.1", port: local.port });
  assertEquals(transport.local, { address: "127.0.0.1", port: remote.port });
});

Deno.test("tcpTransport() writes IPv4 as IPv4 though it came by IPv6", () => {
  const { peer, local } = tcpTransport(conn({
    remoteAddr: { transport: "tcp", hostname: "::ffff:192.0.2.1", port: 4242 },
    localAddr: { transport: "tcp", hostname: "2001:db8::ffff:1", port: 25 },
  }));
  assertEquals(formatEndpoint(peer), "192.0.2.1:4242");
  assertEquals(formatEndpoint(local), "[2001:db8::ffff:1]:25");
});
