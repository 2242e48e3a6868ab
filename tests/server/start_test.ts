import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { fakeLog, temporaryFolder } from "../queue/fakes.ts";
import { AUTHORITY } from "../net/certificates.ts";
import { lines } from "./fakes.ts";

function settings(mailDir: string, ...more: readonly string[]): Settings {
  const loaded = loadSettings(
    readFlags([
      ...["--host", "127.0.0.1", "--port", "0", "--mail-dir", mailDir],
      ...["--domain", "test.ru", "--accept", "domain", ...more],
    ], SERVER_FLAGS),
  );
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** Says all at once; gives what is answered until the server closes. */
async function converse(
  { doors }: RunningServer,
  text: string,
): Promise<string> {
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: doors[0]!.addresses[0]!.port,
  });
  await conn.write(new TextEncoder().encode(text));
  return (await Array.fromAsync(
    conn.readable.pipeThrough(new TextDecoderStream()),
  )).join("");
}

const MESSAGE = lines(
  "HELO client.test",
  "MAIL FROM:<vasya@other.test>",
  "RCPT TO:<petya@test.ru>",
  "DATA",
  "hello",
  ".",
  "QUIT",
);

function names(...path: readonly string[]): readonly string[] {
  return [...Deno.readDirSync(join(...path))].map(({ name }) => name).sort();
}

Deno.test("startServer() keeps mail until it is stopped", async () => {
  await using folder = await temporaryFolder();
  const log = fakeLog();
  const server = await startServer(settings(folder.path), { log });
  const { port, address: hostname } = server.doors[0]!.addresses[0]!;
  assertEquals(hostname, "127.0.0.1");
  const heard = await converse(server, MESSAGE);
  const id = /queued as (\w+)\r\n221 /.exec(heard)?.[1];

  const stopped = server.stop();
  await Promise.all([stopped, server.stop(), server.finished]);
  await assertRejects(() => Deno.connect({ hostname, port }));
  const [file] = names(folder.path, "test.ru", "petya", "new");
  const mail = Deno.readTextFileSync(
    join(folder.path, "test.ru", "petya", "new", file!),
  );
  assert(mail.startsWith("Return-Path: <vasya@other.test>\r\nReceived: "));
  assert(mail.endsWith("\r\nhello\r\n"));
  assertEquals(log.of("message delivered").map((fields) => fields.id), [id]);
  assertEquals(names(folder.path, ".smtpd", "spool"), []);
});

Deno.test("startServer() gives up what it began when the port is taken", async () => {
  await using folder = await temporaryFolder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const wanted = settings(folder.path);
  const log = fakeLog();
  await assertRejects(
    () => startServer({ ...wanted, port: taken.addr.port }, { log }),
    Error,
    "Cannot listen on 127.0.0.1:",
  );
  const server = await startServer(wanted, { log });
  await server.stop();
});

Deno.test("startServer() says which file is damaged", async () => {
  await using folder = await temporaryFolder();
  const state = join(folder.path, ".smtpd");
  await Deno.mkdir(state);
  await Deno.writeTextFile(join(state, "aliases"), "not an alias\n");
  const log = fakeLog();
  await assertRejects(
    () => startServer(settings(folder.path), { log }),
    Error,
    "aliases",
  );
  await Deno.remove(join(state, "aliases"));
  await (await startServer(settings(folder.path), { log })).stop();
});

Deno.test("startServer() puts aside a queue that can't be read", async () => {
  await using folder = await temporaryFolder();
  const state = join(folder.path, ".smtpd");
  await Deno.mkdir(state);
  const path = join(state, "queue.db");
  await Deno.writeTextFile(path, "not a database".repeat(99));
  const log = fakeLog();
  await (await startServer(settings(folder.path), { log })).stop();
  assertEquals(log.of("queue damaged").length, 1);
  const aside = names(state).find((name) => name.startsWith("damaged-"));
  assertEquals(names(state, aside!), ["queue.db"]);
  await (await startServer(settings(folder.path), { log })).stop();
  assertEquals(log.of("queue damaged").length, 1);
});

Deno.test("startServer() removes what a crash left in the spool", async () => {
  await using folder = await temporaryFolder();
  const spool = join(folder.path, ".smtpd", "spool");
  const log = fakeLog();
  await (await startServer(settings(folder.path), { log })).stop();
  await Deno.writeTextFile(join(spool, "00000000ABC"), "half a mess");
  const server = await startServer(settings(folder.path), { log });
  assertEquals(names(spool), []);
  await server.stop();
});

Deno.test("startServer() keeps no dialogue with --transcript off", async () => {
  await using folder = await temporaryFolder();
  const log = fakeLog();
  const server = await startServer(
    settings(folder.path, "--transcript", "off"),
    { log },
  );
  await converse(server, MESSAGE);
  await server.stop();
  assert(!names(folder.path, ".smtpd").includes("transcripts"));
});

Deno.test("stop() ends idle clients with 421", async () => {
  await using folder = await temporaryFolder();
  const log = fakeLog();
  const server = await startServer(settings(folder.path), { log });
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.doors[0]!.addresses[0]!.port,
  });
  const buffer = new Uint8Array(1000);
  const read = async () => {
    const count = await conn.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  };
  assertEquals(await read(), "220 test.ru ESMTP smtpd\r\n");
  const stopped = server.stop();
  assertEquals(
    await read(),
    "421 4.3.2 test.ru shutting down, try again later\r\n",
  );
  assertEquals(await read(), "");
  await stopped;
});

function pem(name: string): string {
  return join(import.meta.dirname!, "..", "net", "certificates", name);
}

const CERTIFICATE = ["--tls-cert", pem("mx.pem"), "--tls-key", pem("mx.key")];
const DOORS = ["--submission-port", "0", "--submissions-port", "0"];

/** What is said to EHLO, behind the greeting. */
async function offer(conn: Deno.Conn): Promise<readonly string[]> {
  const buffer = new Uint8Array(4096);
  const hear = async (): Promise<string> => {
    let heard = "";
    while (!/^\d{3} .*\r\n$/m.test(heard)) {
      const count = await conn.read(buffer);
      if (count === null) break;
      heard += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return heard;
  };
  assertMatch(await hear(), /^220 /);
  await conn.write(new TextEncoder().encode(lines("EHLO client.test")));
  return (await hear()).trimEnd().split("\r\n").map((line) => line.slice(4));
}

Deno.test("startServer() opens three doors, and offers at each what it is for", async () => {
  await using folder = await temporaryFolder();
  const log = fakeLog();
  const flags = [...CERTIFICATE, ...DOORS];
  const server = await startServer(settings(folder.path, ...flags), { log });
  const offers = [];
  for (const { setting, addresses, implicitTls } of server.doors) {
    const hostname = "127.0.0.1";
    const { port } = addresses[0]!;
    using conn = implicitTls
      ? await Deno.connectTls({ hostname, port, caCerts: [AUTHORITY] })
      : await Deno.connect({ hostname, port });
    const keywords = (await offer(conn)).filter((keyword) =>
      /^(?:STARTTLS|AUTH)/.test(keyword)
    );
    offers.push([setting, keywords]);
  }
  await server.stop();
  assertEquals(offers, [
    ["port", ["STARTTLS"]],
    ["submission-port", ["STARTTLS"]],
    ["submissions-port", ["AUTH SCRAM-SHA-256 PLAIN LOGIN"]],
  ]);
});

Deno.test("startServer() lets people log in at its port when it is the only one", async () => {
  await using folder = await temporaryFolder();
  const log = fakeLog();
  const server = await startServer(
    settings(folder.path, "--insecure-auth"),
    { log },
  );
  const { address: hostname, port } = server.doors[0]!.addresses[0]!;
  using conn = await Deno.connect({ hostname, port });
  const keywords = await offer(conn);
  await server.stop();
  assert(keywords.includes("AUTH SCRAM-SHA-256 PLAIN LOGIN"));
  assert(!keywords.includes("STARTTLS"));
});

Deno.test("startServer() gives up what it began when a certificate can't be used", async () => {
  await using folder = await temporaryFolder();
  const log = fakeLog();
  const wanted = settings(folder.path, ...CERTIFICATE, ...DOORS);
  const bad = { cert: pem("expired.pem"), key: pem("expired.key") };
  await assertRejects(
    () => startServer({ ...wanted, tlsFiles: [bad] }, { log }),
    Error,
    `Cannot use certificate "${bad.cert}": it expired at 2021-`,
  );
  await (await startServer(wanted, { log })).stop();
});
