/** What a terminal is shown of names that strangers chose: nothing that it would obey. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import {
  command,
  mailFolder,
  runCommand,
  SERVER,
  smtpd,
  start,
} from "../e2e/program.ts";
import { freePort } from "../e2e/remote_server.ts";
import { connect, queuedId } from "../e2e/smtp_client.ts";

/** ESC, CSI, line ends of every kind, and marks that turn the direction of text. */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;

/** What of that an address can have. */
const NAME = "a\u202egpj.exe\u2066b";

function assertHarmless(text: string, what: string): void {
  for (const line of text.split("\n")) {
    assert(!OBEYED.test(line), `${what}: ${JSON.stringify(line)}`);
  }
}

Deno.test("no name that a client chose turns a terminal's head, in the log or the tools", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await using server = await start(
    mailDir,
    ...SERVER.filter((flag) => flag !== "none").flatMap((flag) =>
      flag === "--relay-from" ? [flag, "127.0.0.0/8"] : [flag]
    ),
    ...["--route", `elsewhere.test=127.0.0.1:${freePort()}`],
  );
  using client = await connect(server.port);
  await client.say(`EHLO ${NAME}\u009b2J`);
  await client.say(`NOOP \u009b2J${NAME}`, `XYZ ${NAME}\u0085`);
  await client.say(
    `MAIL FROM:<${NAME}@test.ru> SMTPUTF8`,
    `RCPT TO:<${NAME}@elsewhere.test> ORCPT=utf-8;a\\x{202E}b`,
    `RCPT TO:<nobody${NAME}@refused.test>`,
    "DATA",
  );
  const id = queuedId(await client.say("Subject: \x1b[2J\r\n\r\nhello\r\n."));
  await server.logged("message deferred");
  for (
    const tool of [
      ["queue", "list"],
      ["queue", "list", "--json"],
      ["queue", "show", id],
      ["queue", "show", id, "--json"],
      ["transcript"],
      ["transcript", id],
      ["queue", "hold", id],
    ]
  ) {
    const { code, out, error } = await smtpd(mailDir, tool);
    assertEquals([code, error], [0, ""]);
    assertHarmless(out, tool.join(" "));
    assert(out !== "" || tool.includes("hold"), tool.join(" "));
  }
  const { error: log } = await server.stop();
  assertHarmless(log, "the log");
});

Deno.test("no name in a file turns a terminal's head, be the file damaged or not", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const state = join(mailDir, ".smtpd");
  await Deno.mkdir(state, { recursive: true });
  const write = (name: string, text: string) =>
    Deno.writeTextFile(join(state, name), text);
  const show = async (...args: readonly string[]) => {
    const { out, error } = await smtpd(mailDir, args);
    assertHarmless(out + error, args.join(" "));
    assert(out + error !== "", args.join(" "));
  };
  await write("users", `${NAME}@test.ru\n`);
  await write("aliases", `${NAME}x@test.ru: ${NAME}@test.ru\n`);
  await show("user", "list");
  await show("alias", "list");
  await show("alias", "add", `${NAME}y@test.ru`, `${NAME}@test.ru`);
  await show("alias", "remove", `${NAME}y@test.ru`);
  await show("alias", "remove", `${NAME}z@test.ru`);
  await show("user", "remove", `${NAME}@test.ru`);
  await show("queue", "show", `\x1b[2J${NAME}`);
  await show("transcript", `\x1b[2J${NAME}`);
  await show(`\x1b[2J${NAME}`);
  await show("check", `--\x1b[2J${NAME}`, `--domain=\x1b[2J${NAME}`);
  await write("aliases", `a\x1b[2J\u202e: x\n`);
  await show("alias", "list");
  await write("users", `a\x1b[2J\u202e\n`);
  await show("user", "list");
});

Deno.test("no setting in a config file turns a terminal's head", async () => {
  await using folder = await mailFolder();
  const { parent } = folder;
  const config = join(parent, "smtpd.json");
  const key = `\x1b[2J${NAME}\nport`;
  await Deno.writeTextFile(config, JSON.stringify({ [key]: 1, host: key }));
  const { code, out, error } = await runCommand(
    command([`--allow-read=${parent}`], ["check", "--config", config]),
    "",
  );
  assertEquals([code, out], [2, ""]);
  assertHarmless(error, "check");
});
