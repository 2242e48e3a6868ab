import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { TLSSocket } from "node:tls";
import { duplexOver } from "../../src/net/duplex.ts";
import { secureClient } from "../../src/net/tls_client.ts";
import { tlsTransport } from "../../src/net/tls_transport.ts";
import { tcpTransport, type Transport } from "../../src/net/transport.ts";
import { AUTHORITY, MX } from "./certificates.ts";
import { type MemoryTransport, memoryTransports } from "./memory_transport.ts";
import { succeeded } from "./succeeded.ts";

const CLIENT = {
  host: "mx.test.ru",
  verify: "required",
  caCerts: [AUTHORITY],
} as const;

/** Both ends of a session over TLS, and what they sit on. */
interface Session<Below> extends AsyncDisposable {
  readonly client: Transport;
  readonly server: Transport;
  readonly serverSocket: TLSSocket;
  readonly below: readonly [Below, Below];
}

/** A handshake between our client and Node's server, each over one of two transports. */
async function session<Below extends Transport>(
  below: readonly [Below, Below],
): Promise<Session<Below>> {
  const [ours, theirs] = below;
  const stream = duplexOver(theirs);
  const serverSocket = new TLSSocket(stream, { isServer: true, ...MX });
  const [secured] = await Promise.all([
    secureClient(ours, CLIENT),
    once(serverSocket, "secure"),
  ]);
  const { transport: client } = succeeded(secured);
  const server = tlsTransport(serverSocket, { transport: theirs, stream });
  return {
    client,
    server,
    serverSocket,
    below,
    async [Symbol.asyncDispose]() {
      const closed = serverSocket.closed || once(serverSocket, "close");
      client[Symbol.dispose]();
      server[Symbol.dispose]();
      await closed;
    },
  };
}

const inMemory = () => session(memoryTransports());

async function overTcp(): Promise<Session<Transport>> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [ours, theirs] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  return session([tcpTransport(ours), tcpTransport(theirs)]);
}

const bytes = (words: string) => new TextEncoder().encode(words);

async function readText(transport: Transport): Promise<string | null> {
  const buffer = new Uint8Array(100);
  const count = await transport.read(buffer);
  if (count === null) return null;
  return new TextDecoder().decode(buffer.subarray(0, count));
}

/** What comes until `size` octets are there. */
async function readAll(transport: Transport, size: number) {
  const all = new Uint8Array(size);
  for (let read = 0; read < size;) {
    const count = await transport.read(all.subarray(read, read + 50_000));
    if (count === null) throw new Error(`Cannot read on: over after ${read}`);
    read += count;
  }
  return all;
}

/** Octets that look like chance but are the same each time. */
function noise(size: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length: size }, () => {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    return state >>> 24;
  });
}

async function digest(octets: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

Deno.test("tlsTransport() carries what both ends say", async () => {
  await using over = await overTcp();
  const { client, server } = over;
  assertEquals(await server.write(bytes("220 ready\r\n")), true);
  assertEquals(await readText(client), "220 ready\r\n");
  assertEquals(await client.write(bytes("QUIT\r\n")), true);
  assertEquals(await readText(server), "QUIT\r\n");
  assertEquals(client.peer, over.below[0].peer);
  assertEquals(server.local, over.below[1].local);
});

Deno.test("tlsTransport() carries 10 MiB both ways at once", async () => {
  await using over = await overTcp();
  const { client, server } = over;
  const size = 10 * 1024 * 1024;
  const up = noise(size, 1);
  const down = noise(size, 2);
  const [sentUp, sentDown, gotUp, gotDown] = await Promise.all([
    client.write(up),
    server.write(down),
    readAll(server, size),
    readAll(client, size),
  ]);
  assert(sentUp && sentDown);
  assertEquals(await digest(gotUp), await digest(up));
  assertEquals(await digest(gotDown), await digest(down));
});

Deno.test("tlsTransport() takes from the network only what is read", async () => {
  await using over = await inMemory();
  const { client, server, below: [ours] } = over;
  const before = ours.taken;
  const size = 1024 * 1024;
  const sent = noise(size, 3);
  const written = server.write(sent);
  const first = await readAll(client, 1000);
  for (let turn = 0; turn < 200; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert(ours.taken - before < 100_000, `took ${ours.taken - before}`);

  const rest = await readAll(client, size - first.length);
  assertEquals(await written, true);
  assertEquals(
    await digest(Uint8Array.from([...first, ...rest])),
    await digest(sent),
  );
});

Deno.test("tlsTransport() reads the end and can still be written to", async () => {
  await using over = await overTcp();
  const { client, server, serverSocket } = over;
  await server.write(bytes("bye"));
  serverSocket.end();
  assertEquals(await readText(client), "bye");
  assertEquals(await readText(client), null);
  assertEquals(await readText(client), null);
  assertEquals(await client.write(bytes("bye")), true);
  assertEquals(await readText(server), "bye");
});

Deno.test("tlsTransport() ends a read that waits when it is closed", async () => {
  await using over = await overTcp();
  const { client, server } = over;
  const reading = readText(client);
  client[Symbol.dispose]();
  client[Symbol.dispose]();
  assertEquals(await reading, null);
  assertEquals(await readText(client), null);
  assertEquals(await client.write(bytes("late")), false);
  assertEquals(await readText(server), null);
});

Deno.test("tlsTransport() ends a write that waits when it is closed", async () => {
  await using over = await inMemory();
  const { client, below: [ours] } = over;
  const writing = client.write(noise(200_000, 4));
  client[Symbol.dispose]();
  assertEquals(await writing, false);
  assertEquals(await ours.write(bytes("late")), false);
});

Deno.test("tlsTransport() may be closed by both ends at once", async () => {
  await using over = await overTcp();
  const { client, server } = over;
  const reading = [readText(client), readText(server)];
  client[Symbol.dispose]();
  server[Symbol.dispose]();
  assertEquals(await Promise.all(reading), [null, null]);
});

Deno.test("tlsTransport() ends when the connection below is lost", async () => {
  await using over = await inMemory();
  const { client, server, below: [ours] } = over;
  const reading = [readText(client), readText(server)];
  ours[Symbol.dispose]();
  assertEquals(await Promise.all(reading), [null, null]);
  assertEquals(await client.write(bytes("late")), false);
  assertEquals(await server.write(bytes("late")), false);
});

for (const end of ["client", "server"] as const) {
  Deno.test(`tlsTransport() takes a bad record to a ${end} for the end`, async () => {
    await using over = await inMemory();
    const [ours, theirs]: readonly MemoryTransport[] = over.below;
    const reading = readText(over[end]);
    // An application record (RFC 8446 §5.1) that no key of ours opens.
    const record = new Uint8Array(5 + 40).fill(7);
    record.set([23, 3, 3, 0, 40]);
    await (end === "client" ? theirs : ours)?.write(record);
    assertEquals(await reading, null);
    assertEquals(await over[end].write(bytes("late")), false);
  });
}

Deno.test("tlsTransport() of a client tells a strict server that it closes", async () => {
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...MX });
  const { port } = listener.addr;
  const [ours, theirs] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  using _closed = theirs;
  const [secured] = await Promise.all([
    secureClient(tcpTransport(ours), CLIENT),
    theirs.handshake(),
  ]);
  const { transport } = succeeded(secured);
  const buffer = new Uint8Array(100);
  await transport.write(bytes("QUIT\r\n"));
  transport[Symbol.dispose]();
  assertEquals(await theirs.read(buffer), 6);
  // Throws if the connection ends without a word.
  assertEquals(await theirs.read(buffer), null);
});

Deno.test("tlsTransport() of a server tells a strict client that it closes", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = Deno.connectTls({
    hostname: "127.0.0.1",
    port: listener.addr.port,
    caCerts: [AUTHORITY],
  });
  const below = tcpTransport(await listener.accept());
  const stream = duplexOver(below);
  const socket = new TLSSocket(stream, { isServer: true, ...MX });
  await once(socket, "secure");
  const transport = tlsTransport(socket, { transport: below, stream });
  using client = await connecting;
  await transport.write(bytes("221 bye\r\n"));
  transport[Symbol.dispose]();
  const buffer = new Uint8Array(100);
  assertEquals(await client.read(buffer), 9);
  assertEquals(await client.read(buffer), null);
});
