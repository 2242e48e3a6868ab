/** Checks as somebody runs them, on real files, ports and DNS; the cases beside are in folders. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { run } from "../../src/cli/run.ts";
import { start } from "../e2e/program.ts";
import { connect } from "../e2e/smtp_client.ts";
import { startDnsServer, type Zone } from "../net/dns_server.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { scriptedTerminal } from "./scripted_terminal.ts";

const PASSWORD = "tanstaaftanstaaf";
const ROUTE = { domain: "*", host: "mail.test.ru", port: 587 };
const MEMBERS = ["--domain", "test.ru", "--accept", "domain"];

async function check(mailDir: string, ...flags: readonly string[]) {
  const terminal = scriptedTerminal();
  const args = ["check", ...MEMBERS, "--mail-dir", mailDir, ...flags];
  const code = await run(args, terminal);
  const { stdout, stderr } = terminal;
  return { code, stdout, stderr };
}

/** Runs it on a config file with a route. */
async function checkRoute(folder: string, route: object, mode = 0o600) {
  const config = join(folder, "smtpd.json");
  const settings = {
    host: "127.0.0.1",
    port: 0,
    route: { ...ROUTE, ...route },
  };
  await Deno.writeTextFile(config, JSON.stringify(settings));
  if (Deno.build.os !== "windows") await Deno.chmod(config, mode);
  const said = await check(join(folder, "mail"), "--config", config);
  assert(!(said.stdout + said.stderr).includes(PASSWORD));
  return { ...said, config };
}

Deno.test("check() tries the password files, and names the permission to read them", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "password");
  const login = { user: "me", "password-file": file };
  const missing = await checkRoute(folder.path, login);
  assertEquals(missing.code, 1);
  assertEquals(
    missing.stderr,
    `smtpd: Cannot read password file "${file}": there is no such file\n`,
  );
  await Deno.writeTextFile(file, `${PASSWORD}\n`, { mode: 0o600 });
  const there = await checkRoute(folder.path, login);
  assertEquals(there.code, 0);
  assert(there.stdout.includes(file));
});

Deno.test("check() shows no password that is in the wrong place", async () => {
  await using folder = await temporaryFolder();
  for (
    const route of [
      { user: "me", password: `${PASSWORD}\n` },
      { user: "me", password: [PASSWORD] },
      { user: { password: PASSWORD }, password: PASSWORD },
      { password: PASSWORD },
      { user: "me", passwort: PASSWORD },
      { user: "me", password: PASSWORD, tls: { password: PASSWORD } },
    ]
  ) {
    const { code, stderr } = await checkRoute(folder.path, route);
    assertEquals(code, 2);
    assert(stderr.startsWith("smtpd: "));
  }
});

Deno.test({
  name: "check() warns of a password in a file that everybody may read",
  // Elsewhere the folder of temporary files may be closed to others.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    await Deno.chmod(folder.path, 0o755);
    const login = { user: "me", password: PASSWORD };
    const open = await checkRoute(folder.path, login, 0o644);
    assertEquals(open.code, 0);
    assertEquals(
      open.stderr,
      `smtpd: warning: "${open.config}" has a password, and every user of this ` +
        "machine may read it; chmod o= keeps them out\n",
    );
    assert(!open.stdout.includes("Everything is in order"));

    await Deno.chmod(folder.path, 0o700);
    const closed = await checkRoute(folder.path, login, 0o644);
    assertEquals(closed.stderr, "");
    assert(closed.stdout.startsWith("Everything is in order\n"));
  },
});

/** What is said of a server that the internet reaches by way of a proxy, and DNS so. */
async function checkWithDns(zone: Zone): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  await using dns = await startDnsServer(zone);
  const { stderr } = await check(
    folder.path,
    ...["--host", "127.0.0.1", "--port", "0", "--proxy-from", "127.0.0.9"],
    ...["--hostname", "mx.test.ru", "--dnsbl", "bl.test"],
    ...["--dns", `${dns.address}:${dns.port}`],
  );
  return stderr.trimEnd().split("\n").map((line) =>
    line.replace(/^smtpd: warning: /, "")
  ).filter((line) => !line.startsWith("No --tls-cert"));
}

Deno.test("check() asks the DNS server of the settings", async () => {
  const zone: Zone = {
    "mx.test.ru": { A: ["198.51.100.7"] },
    "test.ru": { MX: [[10, "mx.test.ru"]] },
    "2.0.0.127.bl.test": { A: ["127.0.0.2"] },
  };
  assertEquals(await checkWithDns(zone), []);
  assertEquals(
    (await checkWithDns({ ...zone, "mx.test.ru": "NXDOMAIN" })).length,
    1,
  );
});

Deno.test("check() goes on without DNS, and says so", async () => {
  const [host, list, ...more] = await checkWithDns({
    "mx.test.ru": "REFUSED",
    "test.ru": "SERVFAIL",
    "2.0.0.127.bl.test": "REFUSED",
    "1.0.0.127.bl.test": "REFUSED",
  });
  assertMatch(host!, /^Cannot ask DNS about mx\.test\.ru, test\.ru: /);
  assertMatch(list!, /^--dnsbl bl\.test: it can't be asked: /);
  assertEquals(more, []);
});

Deno.test({
  name: "check() leaves a server that runs in peace",
  async fn() {
    await using folder = await temporaryFolder();
    const mailDir = join(folder.path, "mail");
    await using server = await start(mailDir, ...MEMBERS);
    const { port } = server;
    const flags = ["--host", "127.0.0.1", "--port", `${port}`];
    const { code, stdout, stderr } = await check(mailDir, ...flags);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(stdout.split("\n").slice(0, 2), [
      `Port ${port} was not tried: a server is using the mail folder`,
      "Everything is in order",
    ]);
    using client = await connect(port);
    assertMatch(await client.say("NOOP"), /^250 /);
    // In another folder's settings the port is a fault.
    const other = await check(join(folder.path, "other"), ...flags);
    assertEquals(other.code, 1);
    assertMatch(other.stderr, /another program uses the port/);
  },
});
