import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { type RunningServer, startServer } from "../../src/server/start.ts";
import { fakeLog, temporaryFolder } from "../queue/fakes.ts";
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
  await Deno.writeTextFile(
    join(state, "queue.db"),
    "not a database".repeat(99),
  );
  await assertRejects(
    () => startServer(settings(folder.path), { log }),
    Error,
    `Cannot open queue "${join(state, "queue.db")}": `,
  );
  await Deno.remove(join(state, "queue.db"));
  await (await startServer(settings(folder.path), { log })).stop();
});

Deno.test("startServer() removes what a crash left in the spool", async () => {
  await using folder = await temporaryFolder();
  const spool = join(folder.path, ".smtpd", "spool");
  await Deno.mkdir(spool, { recursive: true });
  await Deno.writeTextFile(join(spool, "00000000ABC"), "half a mess");
  const log = fakeLog();
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
