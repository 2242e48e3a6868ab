/** Whom the password of an account at another server is told: that server. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { eventually } from "../e2e/patience.ts";
import {
  command,
  exitOf,
  HOST,
  mailFolder,
  runCommand,
  smtpd,
} from "../e2e/program.ts";
import { freePort, startRemote } from "../e2e/remote_server.ts";
import { queuedId, sendMail } from "../e2e/smtp_client.ts";
import { filesUnder } from "../e2e/stored_mail.ts";
import { listening } from "./listening.ts";
import { offering } from "../smtp/client_play.ts";

const PASSWORD = 'sEcReT "pAsSwOrD"';
const SECRETS = [
  PASSWORD,
  btoa(PASSWORD),
  btoa(`\0petya\0${PASSWORD}`),
  JSON.stringify(PASSWORD).slice(1, -1),
];

function assertNoSecrets(text: string, where: string): void {
  for (const secret of SECRETS) assert(!text.includes(secret), where);
}

Deno.test({
  name: "smtpd tells a route's password to its server, and nobody else",
  // There it can't be asked to stop.
  ignore: Deno.build.os === "windows",
  fn: tellsItsServer,
});

async function tellsItsServer(): Promise<void> {
  await using folder = await mailFolder();
  const { mailDir, parent } = folder;
  await using remote = startRemote({
    EHLO: offering("AUTH PLAIN"),
    AUTH: "535 5.7.8 No",
  });
  const config = join(parent, "smtpd.json");
  const route = {
    ...{ domain: "*", host: HOST, port: remote.port, tls: "never" },
    ...{ user: "petya", password: PASSWORD },
  };
  await Deno.writeTextFile(config, JSON.stringify({ route: [route] }));
  const port = freePort();
  const args = [
    ...["--host", HOST, "--port", `${port}`, "--mail-dir", mailDir],
    ...["--domain", "test.ru", "--config", config, "--log-level", "debug"],
  ];
  const permissions = [
    ...["--allow-net", `--allow-read=${parent}`, `--allow-write=${mailDir}`],
    "--allow-sys",
  ];

  const checked = await runCommand(
    command(permissions, ["check", ...args]),
    "",
  );
  assertNoSecrets(checked.out + checked.error, "check");

  await using server = command(permissions, args, { stdin: "null" }).spawn();
  await listening(port);
  const id = queuedId(await sendMail(port, { to: ["ivan@elsewhere.test"] }));
  await eventually(
    () => remote.connections.some(({ closed }) => closed),
    "a login that fails",
  );
  const heard = remote.connections.flatMap(({ heard }) => heard).join("\n");
  assertMatch(heard, /^AUTH PLAIN /m);
  assert(heard.includes(SECRETS[2]!), "the server wasn't told");
  await eventually(
    async () =>
      (await smtpd(mailDir, ["queue", "show", id])).out.includes("535 5.7.8"),
    "the try to be remembered",
  );
  for (const tool of [["queue", "show", id, "--json"], ["transcript"]]) {
    const { out, error } = await smtpd(mailDir, tool);
    assertNoSecrets(out + error, tool.join(" "));
  }
  server.kill("SIGTERM");
  const { code, error: log } = await exitOf(server);
  assertEquals(code, 0);
  assertNoSecrets(log, "the log");
  for (const path of filesUnder(mailDir)) {
    const octets = Deno.readFileSync(join(mailDir, path));
    assertNoSecrets(new TextDecoder("latin1").decode(octets), path);
  }
}

Deno.test("smtpd writes no password down but as what it can be checked by", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const user = (...args: readonly string[]) =>
    smtpd(mailDir, ["user", ...args, "--password-stdin"], { input: PASSWORD });
  for (
    const { out, error } of [
      await user("add", "petya@test.ru"),
      await user("add", "petya@test.ru"),
      await user("passwd", "petya@test.ru"),
      await user("passwd", "nobody@test.ru"),
      await user("add", "not an address"),
    ]
  ) assertNoSecrets(out + error, "what it says");
  for (const path of filesUnder(mailDir)) {
    assertNoSecrets(Deno.readTextFileSync(join(mailDir, path)), path);
  }
  const users = Deno.readTextFileSync(join(mailDir, ".smtpd", "users"));
  assertMatch(users, /^petya@test\.ru scrypt\$\S+ scram-sha-256\$\S+\n$/);
});
