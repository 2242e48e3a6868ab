import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type ConnectionOptions } from "node:tls";
import type { Failed } from "../../src/net/dial.ts";
import { duplexOver } from "../../src/net/duplex.ts";
import type { ServerCertificate } from "../../src/net/server_certificate.ts";
import { secureClient } from "../../src/net/tls_client.ts";
import {
  type ChooseCertificate,
  secureServer,
} from "../../src/net/tls_server.ts";
import { tcpTransport, type Transport } from "../../src/net/transport.ts";
import { hasOpenSsl3, program } from "../e2e/programs.ts";
import { random } from "../fuzz/random.ts";
import {
  AUTHORITY,
  EXPIRED,
  type Identity,
  MX,
  NAMELESS,
} from "./certificates.ts";
import {
  extension,
  hello,
  modernHello,
  records,
  SSL_2_HELLO,
} from "./hellos.ts";
import { memoryTransports } from "./memory_transport.ts";
import { succeeded } from "./succeeded.ts";

const bytes = (words: string) => new TextEncoder().encode(words);

function certificate(identity: Identity): ServerCertificate {
  return { ...identity, names: [] };
}

const GOOD = certificate(MX);
const chooseGood: ChooseCertificate = () => GOOD;

/** All but the transport, which is closed, if there is one. */
function facts<Outcome extends object>(
  outcome: Outcome & { readonly transport?: Transport },
): object {
  const { transport, ...rest } = outcome;
  transport?.[Symbol.dispose]();
  return rest;
}

/** Reads a line, or what comes until the end. */
async function readLine(transport: Transport): Promise<string> {
  let line = "";
  const buffer = new Uint8Array(100);
  while (!line.endsWith("\n")) {
    const count = await transport.read(buffer);
    if (count === null) break;
    line += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return line;
}

/** Lets a client of Node's do its handshake over one end of a connection. */
async function nodeClient(
  transport: Transport,
  options: ConnectionOptions,
): Promise<void> {
  const socket = connect({
    socket: duplexOver(transport),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...options,
  });
  // What it thinks of a broken connection.
  socket.on("error", () => {});
  await new Promise<void>((resolve) => {
    socket.once("secureConnect", () => resolve());
    socket.once("close", () => resolve());
  });
}

Deno.test("secureServer() meets our client, and carries what both say", async () => {
  const [ours, theirs] = memoryTransports();
  const [atServer, atClient] = await Promise.all([
    secureServer(ours, chooseGood),
    secureClient(theirs, {
      host: "mx.test.ru",
      verify: "required",
      caCerts: [AUTHORITY],
    }),
  ]);
  const { transport: server, ...rest } = succeeded(atServer);
  const { transport: client } = succeeded(atClient);
  assertEquals(rest, {
    protocol: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    serverName: "mx.test.ru",
  });
  assertEquals([server.peer, server.local], [ours.peer, ours.local]);
  await server.write(bytes("220 ready\r\n"));
  assertEquals(await readLine(client), "220 ready\r\n");
  await client.write(bytes("QUIT\r\n"));
  assertEquals(await readLine(server), "QUIT\r\n");
  client[Symbol.dispose]();
  assertEquals(await readLine(server), "");
  server[Symbol.dispose]();
});

Deno.test("secureServer() meets the client of Deno", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const options = { hostname: "localhost", caCerts: [AUTHORITY] };
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const accepted = tcpTransport(await listener.accept());
  const asked: unknown[] = [];
  const serving = secureServer(accepted, (name) => {
    asked.push(name);
    return GOOD;
  });
  using client = await Deno.startTls(conn, {
    ...options,
    hostname: "MX.test.ru",
  });
  const [secured] = await Promise.all([serving, client.handshake()]);
  assertEquals(facts(succeeded(secured)), {
    protocol: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    serverName: "mx.test.ru",
  });
  assertEquals(asked, ["mx.test.ru"]);
  // Throws if the connection ends without a word.
  assertEquals(await client.read(new Uint8Array(9)), null);
});

for (
  const [client, options, expected] of [
    ["TLS 1.2", { maxVersion: "TLSv1.2", servername: "a.test.ru" }, {
      protocol: "TLSv1.2",
      cipher: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
      serverName: "a.test.ru",
    }],
    ["TLS 1.3", { minVersion: "TLSv1.3", servername: "a.test.ru" }, {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      serverName: "a.test.ru",
    }],
    ["no server name", {}, {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      serverName: undefined,
    }],
    ["a protocol on top that we don't know", { ALPNProtocols: ["http/1.1"] }, {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      serverName: undefined,
    }],
  ] as const
) {
  Deno.test(`secureServer() takes a client with ${client}`, async () => {
    const [ours, theirs] = memoryTransports();
    const [outcome] = await Promise.all([
      secureServer(ours, chooseGood),
      nodeClient(theirs, options as ConnectionOptions),
    ]);
    assertEquals(facts(outcome), expected);
  });
}

Deno.test("secureServer() keeps what comes right behind the handshake", async () => {
  const [ours, theirs] = memoryTransports();
  const held: Uint8Array[] = [];
  let greeted = false;
  const holding: Transport = {
    peer: theirs.peer,
    local: theirs.local,
    read: (into) => theirs.read(into),
    write(octets) {
      if (greeted) held.push(octets.slice());
      const sent = greeted ? Promise.resolve(true) : theirs.write(octets);
      greeted = true;
      return sent;
    },
    [Symbol.dispose]: () => theirs[Symbol.dispose](),
  };
  const serving = secureServer(ours, chooseGood);
  const { transport: client } = succeeded(
    await secureClient(holding, { host: "a.test", verify: "opportunistic" }),
  );
  await client.write(bytes("EHLO a.test\r\n"));
  const sent = theirs.write(
    Uint8Array.from(held.flatMap((piece) => [...piece])),
  );
  const { transport: server } = succeeded(await serving);
  assertEquals(await readLine(server), "EHLO a.test\r\n");
  assertEquals(await sent, true);
  client[Symbol.dispose]();
  server[Symbol.dispose]();
});

Deno.test("secureServer() completes 500 handshakes at once", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 500 }, async (_, number) => {
      const [ours, theirs] = memoryTransports();
      const host = `mx${number}.wild.test.ru`;
      const [atServer, atClient] = await Promise.all([
        secureServer(ours, chooseGood),
        secureClient(theirs, {
          host,
          verify: "required",
          caCerts: [AUTHORITY],
        }),
      ]);
      succeeded(atClient).transport[Symbol.dispose]();
      const { serverName, transport } = succeeded(atServer);
      assertEquals(await readLine(transport), "");
      transport[Symbol.dispose]();
      return serverName === host;
    }),
  );
  assertEquals(outcomes.filter((right) => right).length, 500);
});

/** What comes of a handshake with a client that does as `act` says. */
async function fail(
  act: (client: Transport, server: Transport) => unknown,
  choose = chooseGood,
): Promise<unknown> {
  const [ours, theirs] = memoryTransports();
  const [outcome] = await Promise.all([
    secureServer(ours, choose),
    act(theirs, ours),
  ]);
  // Closed, both ways.
  assertEquals(await ours.write(new Uint8Array(1)), false);
  assertEquals(await ours.read(new Uint8Array(1)), null);
  return outcome;
}

const CLOSED = { failed: "the connection was closed" };
const NOT_TLS = { failed: "what the client sent is not TLS" };
const TOO_OLD = { failed: "the client speaks neither TLS 1.2 nor TLS 1.3" };

const REAL = await modernHello("mx.test.ru");

for (
  const [what, octets, expected] of [
    ["a command", bytes("EHLO x\r\n"), NOT_TLS],
    ["a request", bytes("GET / HTTP/1.0\r\n\r\n"), NOT_TLS],
    ["zeros", new Uint8Array(1000), NOT_TLS],
    ["many sevens", new Uint8Array(1_000_000).fill(7), NOT_TLS],
    ["the hello of SSL 2", SSL_2_HELLO, NOT_TLS],
    [
      "words after the hello",
      Uint8Array.from([...REAL, ...bytes("EHLO x\r\n")]),
      NOT_TLS,
    ],
    ["an alert at once", Uint8Array.of(21, 3, 1, 0, 2, 2, 40), NOT_TLS],
    [
      "an alert after the hello",
      Uint8Array.from([...REAL, 21, 3, 1, 0, 2, 2, 48]),
      { failed: "the client refused: UnknownCA" },
    ],
    [
      "a hello without key exchange",
      hello({ extensions: [extension(13, [0, 2, 4, 3])] }),
      {
        failed: "the client offers nothing we can use: NoKxGroupsInCommon",
      },
    ],
    [
      "a hello longer than any",
      records(
        Uint8Array.from([1, 0, 200, 0, ...new Uint8Array(200 * 256)]),
        1000,
      ),
      { failed: "the client's hello is too long" },
    ],
  ] as const
) {
  Deno.test(`secureServer() fails when ${what} came`, async () => {
    const outcome = await fail(async (client) => {
      await Promise.all([
        client.write(Uint8Array.from(octets)),
        client.read(new Uint8Array(10_000)),
      ]);
    });
    assertEquals(outcome, expected);
  });
}

for (const version of [0x0300, 0x0301, 0x0302]) {
  const name = ["SSL 3", "TLS 1.0", "TLS 1.1"][version - 0x0300];
  Deno.test(`secureServer() tells a client of ${name} that it is too old`, async () => {
    const buffer = new Uint8Array(100);
    let count: number | null = 0;
    const outcome = await fail(async (client) => {
      await client.write(hello({ version }));
      count = await client.read(buffer);
    });
    assertEquals(outcome, TOO_OLD);
    // A fatal alert, protocol_version (RFC 8446 §6.2).
    assertEquals([...buffer.subarray(0, count)], [21, 3, 1, 0, 2, 2, 70]);
  });
}

Deno.test("secureServer() takes a hello in many small records and pieces", async () => {
  for (const size of [1, 5, 100]) {
    const [ours, theirs] = memoryTransports();
    const serving = secureServer(ours, chooseGood);
    const cut = records(REAL.subarray(5), size);
    for (let at = 0; at < cut.length; at += 3) {
      await theirs.write(cut.slice(at, at + 3));
    }
    const buffer = new Uint8Array(5);
    await theirs.read(buffer);
    // The server's hello is there.
    assertEquals([...buffer.subarray(0, 2)], [22, 3]);
    theirs[Symbol.dispose]();
    assertEquals(await serving, CLOSED);
  }
});

Deno.test("secureServer() takes a hello of 12 KiB", async () => {
  // RFC 7685: padding.
  const fill = extension(21, Array(12_000).fill(0));
  const octets = hello({
    extensions: [
      extension(10, [0, 2, 0, 23]),
      extension(13, [0, 2, 4, 3]),
      fill,
    ],
  });
  const outcome = await fail(async (client) => {
    await client.write(octets);
    const buffer = new Uint8Array(5);
    await client.read(buffer);
    assertEquals([...buffer.subarray(0, 2)], [22, 3]);
    client[Symbol.dispose]();
  });
  assertEquals(outcome, CLOSED);
});

Deno.test("secureServer() fails when the client closes at once", async () => {
  assertEquals(await fail((client) => client[Symbol.dispose]()), CLOSED);
});

Deno.test("secureServer() fails when the caller closes while it waits for a hello", async () => {
  assertEquals(await fail((_, server) => server[Symbol.dispose]()), CLOSED);
});

Deno.test("secureServer() fails when the caller closes while it waits for the end", async () => {
  const outcome = await fail(async (client, server) => {
    await client.write(REAL.slice());
    await client.read(new Uint8Array(10_000));
    server[Symbol.dispose]();
  });
  assertEquals(outcome, CLOSED);
});

for (
  const [what, broken] of [
    ["isn't the key's", { cert: MX.cert, key: EXPIRED.key }],
    ["is none", { cert: "none", key: "none" }],
    ["is empty", { cert: "", key: "" }],
  ] as const
) {
  Deno.test(`secureServer() fails when the certificate ${what}`, async () => {
    const outcome = await fail(
      (client) => client.write(REAL.slice()),
      () => certificate(broken),
    );
    assertEquals(outcome, {
      failed: "the certificate and its key can't be used",
    });
  });
}

/** A transport that breaks when so many octets were written to it. */
function breaking(transport: Transport, limit: number): Transport {
  let left = limit;
  return {
    peer: transport.peer,
    local: transport.local,
    read: (into) => transport.read(into),
    async write(octets) {
      const piece = octets.slice(0, left);
      left -= piece.length;
      if (piece.length > 0) await transport.write(piece);
      if (left === 0) transport[Symbol.dispose]();
      return left > 0;
    },
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const leaver of ["client", "server"] as const) {
    Deno.test(`secureServer() never throws when a ${version} connection breaks while the ${leaver} sends`, async () => {
      let secured = 0;
      let failed = 0;
      for (let limit = 1; limit < 1500; limit += 13) {
        const [ours, theirs] = memoryTransports();
        const [outcome] = await Promise.all([
          secureServer(
            leaver === "server" ? breaking(ours, limit) : ours,
            chooseGood,
          ),
          nodeClient(leaver === "client" ? breaking(theirs, limit) : theirs, {
            minVersion: version,
            maxVersion: version,
          }),
        ]);
        if ("failed" in outcome) {
          failed++;
          assertEquals(outcome, CLOSED);
        } else {
          secured++;
          outcome.transport[Symbol.dispose]();
        }
        theirs[Symbol.dispose]();
      }
      assert(secured > 0 && failed > 0, `${secured} and ${failed}`);
    });
  }
}

Deno.test("secureServer() makes something of any octets", async () => {
  const { below, pick } = random(3207);
  const reasons = new Set<string>();
  for (let time = 0; time < 500; time++) {
    const octets = Uint8Array.from(
      pick([REAL, hello(), [...REAL, 20, 3, 3, 0, 1, 1, ...REAL]]),
    );
    for (let change = below(3); change > 0; change--) {
      octets[below(octets.length)] = below(256);
    }
    const cut = octets.slice(0, pick([octets.length, below(octets.length)]));
    const outcome = await fail(async (client) => {
      const answer = client.read(new Uint8Array(10_000));
      const sent = client.write(cut);
      await Promise.race([answer, sent]);
      client[Symbol.dispose]();
      await Promise.all([answer, sent]);
    });
    reasons.add((outcome as Failed).failed);
  }
  assert(reasons.size > 3, [...reasons].join());
});

/** `openssl s_client` against our server, and what each says of it. */
async function openSsl(
  flags: readonly string[],
  choose: ChooseCertificate,
): Promise<{ readonly outcome: object; readonly said: string }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const where = ["-connect", `127.0.0.1:${port}`];
  const client = program("openssl", "s_client", ...where, ...flags).spawn();
  const said = Promise.all([
    new Response(client.stdout).text(),
    new Response(client.stderr).text(),
  ]);
  using transport = tcpTransport(await listener.accept());
  const outcome = await secureServer(transport, choose);
  if (!("failed" in outcome)) {
    await outcome.transport.write(bytes("220 ready\r\n"));
  }
  const rest = facts(outcome);
  // Its end would have made the client leave.
  await Promise.all([said, client.status]);
  await client.stdin.close();
  return { outcome: rest, said: (await said).join("") };
}

/** A certificate whose key is RSA, as many still are. */
async function rsaCertificate(): Promise<ServerCertificate> {
  const made = program(
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"] as const,
    ...["-subj", "/CN=rsa.test.ru", "-keyout", "-"],
  ).spawn();
  await made.stdin.close();
  const { stdout } = await made.output();
  const pem = new TextDecoder().decode(stdout);
  const [key = "", cert = ""] = pem.match(/^-+BEGIN[^]+?-+END.+\n/gm) ?? [];
  return certificate({ cert, key });
}

Deno.test({
  name: "secureServer() meets OpenSSL",
  ignore: !hasOpenSsl3(),
  fn: meetOpenSsl,
});

async function meetOpenSsl(t: Deno.TestContext): Promise<void> {
  const rsa = await rsaCertificate();
  const nameless = certificate(NAMELESS);
  const choose: ChooseCertificate = (name) =>
    name === "rsa.test.ru" ? rsa : name === "mx.test.ru" ? GOOD : nameless;

  for (
    const [flags, expected, subject] of [
      [["-tls1_2", "-servername", "mx.test.ru"], {
        protocol: "TLSv1.2",
        cipher: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        serverName: "mx.test.ru",
      }, GOOD],
      [["-tls1_2", "-servername", "rsa.test.ru"], {
        protocol: "TLSv1.2",
        cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        serverName: "rsa.test.ru",
      }, rsa],
      [["-tls1_3", "-servername", "RSA.test.ru"], {
        protocol: "TLSv1.3",
        cipher: "TLS_AES_256_GCM_SHA384",
        serverName: "rsa.test.ru",
      }, rsa],
      [["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], {
        protocol: "TLSv1.3",
        cipher: "TLS_CHACHA20_POLY1305_SHA256",
        serverName: undefined,
      }, nameless],
    ] as const
  ) {
    await t.step(flags.join(" "), async () => {
      const { outcome, said } = await openSsl(flags, choose);
      assertEquals(outcome, expected);
      assert(
        said.includes(subject.cert.trim().split("\n").slice(0, 3).join("\n")),
        said,
      );
      assertMatch(said, /^220 ready\r?$/m);
    });
  }

  const weak = ["-cipher", "ALL:@SECLEVEL=0"];
  for (
    const [flags, expected, alert] of [
      [["-tls1_1", ...weak], TOO_OLD, /alert protocol version/],
      [["-tls1", ...weak], TOO_OLD, /alert protocol version/],
      [["-tls1_2", "-cipher", "AES128-GCM-SHA256"], {
        failed: "the client offers nothing we can use: NoKxGroupsInCommon",
      }, /unexpected eof|Connection reset|errno/],
    ] as const
  ) {
    await t.step(flags.join(" "), async () => {
      const { outcome, said } = await openSsl(flags, choose);
      assertEquals(outcome, expected);
      assertMatch(said, alert);
    });
  }
}
