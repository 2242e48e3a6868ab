import { assertEquals } from "@std/assert";
import { type Connect, dial } from "../../src/net/dial.ts";
import { succeeded } from "./succeeded.ts";

const ENDPOINT = { address: "192.0.2.1", port: 25 };
/** Milliseconds; nothing here takes that long. */
const LONG = 60_000;

const never: Connect = ({ signal }) =>
  new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason))
  );

const failing = (error: unknown): Connect => () => Promise.reject(error);

function systemError(code: string, message = "?"): Error {
  return Object.assign(new Error(message), { code });
}

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(`dial() connects to ${hostname}`, async () => {
    using listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr;
    using transport = succeeded(
      await dial({ address: hostname, port }, LONG),
    );
    using peer = await listener.accept();
    assertEquals(transport.peer, { address: hostname, port });
    assertEquals(transport.local.port, peer.remoteAddr.port);

    await peer.write(new TextEncoder().encode("220 "));
    const buffer = new Uint8Array(10);
    assertEquals(await transport.read(buffer), 4);
  });
}

Deno.test("dial() lets what is written leave at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let noDelay: boolean | undefined;
  const connect: Connect = async (options) => {
    const conn = await Deno.connect(options);
    conn.setNoDelay = (on) => noDelay = on ?? true;
    return conn;
  };
  const endpoint = { address: "127.0.0.1", port: listener.addr.port };
  using _transport = succeeded(await dial(endpoint, LONG, { connect }));
  using _peer = await listener.accept();
  assertEquals(noDelay, true);
});

Deno.test("dial() says that nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(
    await dial({ address: "127.0.0.1", port }, LONG),
    { failed: "connection refused" },
  );
});

Deno.test("dial() names the permission that is missing", async () => {
  assertEquals(await dial(ENDPOINT, LONG), {
    failed: "the sandbox doesn't let us: start with --allow-net=192.0.2.1:25",
  });
});

Deno.test("dial() gives up after the limit", async () => {
  const connect = never;
  assertEquals(await dial(ENDPOINT, 1, { connect }), { failed: "timed out" });
});

Deno.test("dial() gives up when the server stops", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const dialled = dial(ENDPOINT, LONG, { signal, connect: never });
  stop.abort();
  const given = { failed: "given up, as this server stops" };
  assertEquals(await dialled, given);
  assertEquals(await dial(ENDPOINT, LONG, { signal }), given);
});

Deno.test({
  name: "dial() gives up on a server that answers nothing",
  // Elsewhere a full backlog refuses.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const hostname = "127.0.0.1";
    using listener = Deno.listen({ hostname, port: 0, tcpBacklog: 1 });
    const endpoint = { address: hostname, port: listener.addr.port };
    using _first = await Deno.connect({ hostname, port: endpoint.port });
    using _second = await Deno.connect({ hostname, port: endpoint.port });
    assertEquals(await dial(endpoint, 50), { failed: "timed out" });
  },
});

for (
  const [error, failed] of [
    [systemError("EHOSTUNREACH"), "no route to host"],
    [systemError("ENETUNREACH"), "network unreachable"],
    [systemError("ETIMEDOUT"), "timed out"],
    [systemError("ECONNRESET"), "connection reset"],
    [systemError("EACCES"), "forbidden by this machine"],
    [
      systemError("EADDRNOTAVAIL"),
      "no port or address left to connect from",
    ],
    [
      systemError("EMFILE", "Too many open files (os error 24)"),
      "Too many open files",
    ],
    [new URIError("invalid host 'a b'"), "invalid host 'a b'"],
    ["thrown", "thrown"],
  ] as const
) {
  Deno.test(`dial() says "${failed}" for ${error}`, async () => {
    assertEquals(await dial(ENDPOINT, LONG, { connect: failing(error) }), {
      failed,
    });
  });
}
