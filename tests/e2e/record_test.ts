/** What the program tells of its work. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "./patience.ts";
import {
  command,
  exitOf,
  HOST,
  mailFolder,
  runCommand,
  serve,
  SERVER,
  smtpd,
  start,
  unquoted,
} from "./program.ts";
import { has, note, program } from "./programs.ts";
import { connect, queuedId, sendMail } from "./smtp_client.ts";

Deno.test("smtpd finds the dialogue of a message by its queue ID", async () => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  const ids: string[] = [];
  for (const from of ["first@other.test", "second@other.test"]) {
    ids.push(queuedId(await sendMail(server.port, { from })));
  }
  await server.stop();
  const { code, out } = await smtpd(folder.mailDir, ["transcript", ids[1]!]);
  assertEquals(code, 0);
  const said = out.split("\n").slice(1, -1)
    .map((line) => line.replace(/^\S+ \S+ {2}/, ""));
  assertMatch(said[0]!, /^-- connected from 127\.0\.0\.1:\d+$/);
  assertEquals(said.filter((line) => !line.startsWith("-> 250-")).slice(1), [
    "-> 220 test.ru ESMTP smtpd",
    "<- EHLO client.test",
    said.find((line) => /^-> 250 [A-Z]/.test(line)),
    "<- MAIL FROM:<second@other.test>",
    "-> 250 2.1.0 Sender OK",
    "<- RCPT TO:<petya@test.ru>",
    "-> 250 2.1.5 Recipient OK",
    "<- DATA",
    "-> 354 Start mail input; end with <CRLF>.<CRLF>",
    "<- (7 octets of message)",
    `-> 250 2.0.0 OK: queued as ${ids[1]}`,
    "<- QUIT",
    "-> 221 2.0.0 test.ru closing connection",
    "-- closed",
  ]);
  const unknown = await smtpd(folder.mailDir, ["transcript", "00000000000"]);
  assertEquals([unknown.code, unknown.out], [1, ""]);
});

Deno.test("smtpd logs what it accepts, delivers and refuses", async () => {
  await using folder = await mailFolder();
  await using server = await start(
    folder.mailDir,
    ...["--domain", "test.ru", "--relay-from", "none", "--max-size", "1K"],
  );
  const to = ["postmaster@test.ru"];
  const id = queuedId(await sendMail(server.port, { to }));
  await sendMail(server.port, { to: ["nobody@test.ru"] });
  await sendMail(server.port, { to, text: "text\r\n".repeat(1000) });
  const { error } = await server.stop();
  const lines = error.trimEnd().split("\n");
  for (const line of lines) {
    assertMatch(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z]+ /);
  }
  const line = (event: string) => lines.find((line) => line.includes(event))!;
  const accepted = line("INFO message accepted");
  assertMatch(accepted, new RegExp(` id=${id} session=\\w{11} peer=127.0.0.1`));
  assertMatch(
    accepted,
    / from=vasya@other\.test to=postmaster@test\.ru size=\d+$/,
  );
  assertMatch(
    line("INFO message delivered"),
    new RegExp(` id=${id} .* to=postmaster@test\\.ru host=local `),
  );
  assertMatch(
    line("INFO recipient refused"),
    / to=nobody@test\.ru reply="550 5\.1\.1 No such user here"$/,
  );
  assertMatch(line("INFO message refused"), / reply="552 5\.3\.4 [^"]+"$/);
});

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: HOST, port })).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test({
  name: "smtpd writes its log as JSON, and nothing else",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    const port = freePort();
    const args = ["--port", `${port}`, ...SERVER, "--log-format", "json"];
    await using server = serve(mailDir, args).spawn();
    await eventually(() => isListening(port), "smtpd to listen");
    const id = queuedId(await sendMail(port));
    await sendMail(port, { to: ['"x\\"y"@elsewhere.test'] });
    server.kill("SIGTERM");
    const { code, out, error } = await exitOf(server);
    assertEquals([code, out], [0, ""]);
    const events = error.trimEnd().split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { time, level, event } of events) {
      assertMatch(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert(level === "info" && typeof event === "string");
    }
    const of = (name: string) => events.find(({ event }) => event === name);
    assertEquals(of("message accepted")?.id, id);
    assertEquals(of("message delivered")?.id, id);
    assertEquals(of("recipient refused")?.to, '"x\\"y"@elsewhere.test');
  },
});

Deno.test("smtpd runs under the very flags that check prints", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const port = freePort();
  const args = [
    ...["--host", HOST, "--port", `${port}`, "--mail-dir", mailDir],
    ...SERVER,
  ];
  const net = `--allow-net=${HOST}:${port}`;
  const read = `--allow-read=${mailDir}`;
  const checked = await runCommand(
    command([net, read, `--allow-write=${mailDir}`], ["check", ...args]),
    "",
  );
  assertEquals([checked.code, checked.error], [0, ""]);
  const flags = /^Permissions for deno run: (.*)$/m.exec(checked.out)![1]!;
  await using process = command(unquoted(flags.split(" ")), args, {
    stdin: "null",
  }).spawn();
  await eventually(() => isListening(port), "smtpd to listen");
  queuedId(await sendMail(port));
  process.kill();
  await exitOf(process);
});

Deno.test({
  name: "smtpd tells how much memory idle sessions take",
  ignore: Deno.build.os !== "linux" || !has("ps"),
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(
      folder.mailDir,
      ...SERVER,
      ...["--max-connections-per-ip", "500"],
    );
    using clients = new DisposableStack();
    /** Resident memory, in KiB, after so many more clients have said EHLO. */
    const residentAfter = async (more: number) => {
      for (let count = 0; count < more; count++) {
        const client = clients.use(await connect(server.port));
        assertMatch(await client.say("EHLO client.test"), /^250-/);
      }
      const pid = `${server.pid}`;
      const ps = program("ps", "-o", "rss=", "-p", pid);
      return Number((await runCommand(ps, "")).out);
    };
    // The first ones pay for what all share.
    const before = await residentAfter(100);
    const each = (await residentAfter(400) - before) / 400;
    assert(Number.isFinite(each));
    note(`an idle session takes ${each.toFixed(1)} KiB`);
  },
});
