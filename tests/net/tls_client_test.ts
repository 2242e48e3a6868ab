import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { TLSSocket } from "node:tls";
import type { Failed } from "../../src/net/dial.ts";
import { duplexOver } from "../../src/net/duplex.ts";
import {
  secureClient,
  type SecureClientOptions,
} from "../../src/net/tls_client.ts";
import { tcpTransport } from "../../src/net/transport.ts";
import {
  AUTHORITY,
  EXPIRED,
  FUTURE,
  type Identity,
  MX,
  NAMELESS,
  ODD,
  SELF_SIGNED,
  WEAK_FILES,
} from "./certificates.ts";
import { type MemoryTransport, memoryTransports } from "./memory_transport.ts";

const HOST = "mx.test.ru";
const OPPORTUNISTIC = { host: HOST, verify: "opportunistic" } as const;

/** A handshake with a server that shows `identity`, and what we find out about it. */
async function meet(
  identity: Identity,
  options: SecureClientOptions,
): Promise<unknown> {
  using listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    ...identity,
  });
  const { port } = listener.addr;
  const [ours, theirs] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  using server = theirs;
  const handshake = server.handshake().catch(() => "refused");
  const outcome = await secureClient(tcpTransport(ours), options);
  await handshake;
  if ("failed" in outcome) return outcome;

  const { transport, ...facts } = outcome;
  using _closed = transport;
  await server.write(new Uint8Array(3));
  assertEquals(await transport.read(new Uint8Array(10)), 3);
  return facts;
}

const TERMS = { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };

for (
  const { certificate, identity, host = HOST, known = true, why } of [
    { certificate: "a good one", identity: MX },
    { certificate: "a good one", identity: MX, host: "MX.test.ru" },
    { certificate: "a good one", identity: MX, host: "127.0.0.1" },
    {
      certificate: "somebody else's",
      identity: MX,
      host: "mx.test.net",
      why: "the certificate is not for mx.test.net",
    },
    {
      certificate: "somebody else's",
      identity: MX,
      host: "127.0.0.2",
      why: "the certificate is not for 127.0.0.2",
    },
    {
      certificate: "a nameless one",
      identity: NAMELESS,
      why: "the certificate is not for mx.test.ru",
    },
    {
      certificate: "an odd one",
      identity: ODD,
      why: "the certificate is not for mx.test.ru",
    },
    {
      certificate: "an expired one",
      identity: EXPIRED,
      why: "the certificate has expired",
    },
    {
      certificate: "a premature one",
      identity: FUTURE,
      why: "the certificate is not valid yet",
    },
    {
      certificate: "a self-signed one",
      identity: SELF_SIGNED,
      why: "the certificate is self-signed",
    },
    {
      certificate: "an unknown authority's",
      identity: MX,
      known: false,
      why: "no authority we trust vouches for the certificate",
    },
  ]
) {
  const options = { host, ...(known && { caCerts: [AUTHORITY] }) };
  Deno.test(`secureClient() uses ${certificate} for ${host} if it may`, async () => {
    assertEquals(
      await meet(identity, { ...options, verify: "opportunistic" }),
      {
        ...(why === undefined ? { verified: true } : { verified: false, why }),
        ...TERMS,
      },
    );
  });
  Deno.test(`secureClient() takes only a good certificate for ${host} if it must: ${certificate}`, async () => {
    assertEquals(
      await meet(identity, { ...options, verify: "required" }),
      why === undefined ? { verified: true, ...TERMS } : { failed: why },
    );
  });
}

Deno.test("secureClient() doesn't trust whom it met before", async () => {
  for (let time = 0; time < 3; time++) {
    assertEquals(await meet(SELF_SIGNED, OPPORTUNISTIC), {
      verified: false,
      why: "the certificate is self-signed",
      ...TERMS,
    });
  }
  assertEquals(
    await meet(SELF_SIGNED, { host: HOST, verify: "required" }),
    { failed: "the certificate is self-signed" },
  );
});

for (
  const [host, asked] of [
    [HOST, HOST],

    ["127.0.0.1", null],
    ["::1", null],
  ] as const
) {
  Deno.test(`secureClient() asks for ${asked ?? "no name"} to meet ${host}`, async () => {
    const [ours, theirs] = memoryTransports();
    const server = new TLSSocket(duplexOver(theirs), {
      isServer: true,
      ...MX,
    });
    const [outcome] = await Promise.all([
      secureClient(ours, { host, verify: "opportunistic" }),
      once(server, "secure"),
    ]);
    assertEquals("failed" in outcome, false);
    assertEquals(Reflect.get(server, "servername"), asked);
    server.destroy();
    await once(server, "close");
  });
}

Deno.test("secureClient() speaks TLS 1.2", async () => {
  const [ours, theirs] = memoryTransports();
  const server = new TLSSocket(
    duplexOver(theirs),
    {
      isServer: true,
      maxVersion: "TLSv1.2",
      ...MX,
    } as ConstructorParameters<typeof TLSSocket>[1],
  );
  const outcome = await secureClient(ours, OPPORTUNISTIC);
  const { protocol, cipher } = outcome as Exclude<typeof outcome, Failed>;
  assertEquals([protocol, cipher], [
    "TLSv1.2",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  ]);
  server.destroy();
  await once(server, "close");
});

Deno.test("secureClient() needs no permission but the network's", async () => {
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...MX });
  const { port } = listener.addr;
  const program = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-net=127.0.0.1:${port}`,
      new URL("tls_alone.ts", import.meta.url).href,
      String(port),
      AUTHORITY,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  for (let time = 0; time < 2; time++) {
    using server = await listener.accept();
    await server.handshake();
    assertEquals(await server.read(new Uint8Array(1)), null);
  }
  const { stdout, stderr } = await program;
  assertEquals(new TextDecoder().decode(stderr), "");
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), [
    {
      verified: false,
      why: "no authority we trust vouches for the certificate",
      ...TERMS,
    },
    { verified: true, ...TERMS },
  ]);
});

/** What comes of a handshake with a server that does as `act` says. */
async function fail(
  act: (server: MemoryTransport, client: MemoryTransport) => unknown,
): Promise<unknown> {
  const [ours, theirs] = memoryTransports();
  const [outcome] = await Promise.all([
    secureClient(ours, OPPORTUNISTIC),
    act(theirs, ours),
  ]);
  // Closed, both ways.
  assertEquals(await ours.write(new Uint8Array(1)), false);
  assertEquals(await ours.read(new Uint8Array(1)), null);
  return outcome;
}

const CLOSED = { failed: "the connection was closed" };
const hello = new Uint8Array(10_000);

Deno.test("secureClient() fails when the server closes at once", async () => {
  assertEquals(await fail((server) => server[Symbol.dispose]()), CLOSED);
});

Deno.test("secureClient() fails when the server closes after the hello", async () => {
  const outcome = await fail(async (server) => {
    await server.read(hello);
    server[Symbol.dispose]();
  });
  assertEquals(outcome, CLOSED);
});

Deno.test("secureClient() fails when the server closes within its hello", async () => {
  const outcome = await fail(async (server) => {
    await server.read(hello);
    await server.write(Uint8Array.of(22, 3, 3, 0, 122, 2));
    server[Symbol.dispose]();
  });
  assertEquals(outcome, CLOSED);
});

Deno.test("secureClient() fails when the caller closes while it waits", async () => {
  const outcome = await fail(async (server, client) => {
    await server.read(hello);
    client[Symbol.dispose]();
  });
  assertEquals(outcome, CLOSED);
});

Deno.test("secureClient() fails when the caller closes while it sends", async () => {
  const outcome = await fail(async (server, client) => {
    await server.read(new Uint8Array(1));
    client[Symbol.dispose]();
  });
  assertEquals(outcome, CLOSED);
});

for (
  const [what, octets] of [
    ["words", new TextEncoder().encode("454 TLS not available\r\n")],
    ["zeros", new Uint8Array(1000)],
    ["many sevens", new Uint8Array(1_000_000).fill(7)],
  ] as const
) {
  Deno.test(`secureClient() fails when ${what} come back`, async () => {
    const outcome = await fail((server) => {
      return Promise.all([server.read(hello), server.write(octets)]);
    });
    assertEquals(outcome, { failed: "what the server sent is not TLS" });
  });
}

Deno.test("secureClient() fails when the server is too old", async () => {
  const outcome = await fail(async (server) => {
    await server.read(hello);
    // A fatal alert, protocol_version (RFC 8446 §6.2).
    await server.write(Uint8Array.of(21, 3, 1, 0, 2, 2, 70));
  });
  assertEquals(outcome, {
    failed: "the server speaks neither TLS 1.2 nor TLS 1.3",
  });
});

Deno.test("secureClient() fails when the server refuses", async () => {
  const outcome = await fail(async (server) => {
    await server.read(hello);
    // A fatal alert, handshake_failure.
    await server.write(Uint8Array.of(21, 3, 3, 0, 2, 2, 40));
  });
  assertEquals(outcome, {
    failed: "the server refused: HandshakeFailure",
  });
});

/** `openssl s_server`, which Deno's own servers can't stand in for, on a port of its choice. */
async function withOpenSsl(
  flags: readonly string[],
  use: (port: number) => Promise<void>,
): Promise<void> {
  const server = new Deno.Command("openssl", {
    args: ["s_server", "-accept", "127.0.0.1:0", ...flags],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let said = "";
  const output = server.stdout.pipeThrough(new TextDecoderStream());
  for await (const words of output.values({ preventCancel: true })) {
    said += words;
    const port = /^ACCEPT .*:(\d+)$/m.exec(said)?.[1];
    if (port === undefined) continue;
    await use(Number(port));
    break;
  }
  server.kill();
  await output.cancel();
  await server.status;
}

function hasOpenSsl3(): boolean {
  try {
    const { stdout } = new Deno.Command("openssl", { args: ["version"] })
      .outputSync();
    return new TextDecoder().decode(stdout).startsWith("OpenSSL 3");
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}

for (
  const [what, flags, failed] of [
    [
      "a key that is too short",
      [],
      "the certificate's key is too short or of a kind that is out of use",
    ],
    [
      "only TLS 1.1",
      ["-tls1_1"],
      "the server speaks neither TLS 1.2 nor TLS 1.3",
    ],
    [
      "only ciphers without forward secrecy",
      ["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
      "the server refused: HandshakeFailure",
    ],
  ] as const
) {
  Deno.test({
    name: `secureClient() fails when OpenSSL has ${what}`,
    ignore: !hasOpenSsl3(),
    fn() {
      const { cert, key } = WEAK_FILES;
      const weak = ["-www", "-cipher", "DEFAULT@SECLEVEL=0", "-cert", cert];
      return withOpenSsl([...weak, "-key", key, ...flags], async (port) => {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port });
        assertEquals(
          await secureClient(tcpTransport(conn), OPPORTUNISTIC),
          { failed },
        );
      });
    },
  });
}
