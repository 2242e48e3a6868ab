import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { exposedPasswords } from "../../src/cli/exposure.ts";
import { run } from "../../src/cli/run.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { scriptedTerminal } from "./scripted_terminal.ts";

const PASSWORD = "tanstaaftanstaaf";
const UNIX = { ignore: Deno.build.os === "windows" };
const ROUTE = { domain: "*", host: "mail.test.ru", port: 587 };

/** A file with a mode of its own. */
async function put(path: string, text: string, mode: number): Promise<string> {
  await Deno.writeTextFile(path, text);
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode);
  return path;
}

Deno.test(
  "exposedPasswords() names each file that all may read, once",
  UNIX,
  async () => {
    await using folder = await temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    const open = await put(path("open"), PASSWORD, 0o644);
    const closed = await put(path("closed"), PASSWORD, 0o640);
    const config = await put(path("smtpd.json"), "{}", 0o604);
    const withFile = (file: string) => ({
      ...ROUTE,
      login: { user: "me", password: { file } },
    });
    const withPassword = {
      ...ROUTE,
      login: { user: "me", password: { reveal: () => PASSWORD } },
    };
    const says = (path: string) =>
      `${path} has a password, and every user of this machine may read it`;
    for (
      const [routes, warnings] of [
        [[ROUTE], []],
        [[withFile(closed), withFile(path("missing"))], []],
        [[withFile(open), withFile(open)], [says(open)]],
        [[withPassword, withFile(open)], [says(config), says(open)]],
      ] as const
    ) {
      assertEquals(await exposedPasswords({ routes }, config), warnings);
    }
  },
);

/** Runs `smtpd check` on a config file with a route. */
async function checkRoute(folder: string, route: object, mode = 0o600) {
  const config = await put(
    join(folder, "smtpd.json"),
    JSON.stringify({
      domain: "test.ru",
      host: "127.0.0.1",
      port: 0,
      "mail-dir": join(folder, "mail"),
      route: { ...ROUTE, ...route },
    }),
    mode,
  );
  const terminal = scriptedTerminal();
  const code = await run(["check", "--config", config], terminal);
  const { stdout, stderr } = terminal;
  assert(!(stdout + stderr).includes(PASSWORD));
  return { code, stdout, stderr, config };
}

Deno.test(
  "check() warns of a config file with a password that all may read",
  UNIX,
  async () => {
    await using folder = await temporaryFolder();
    const login = { user: "me", password: PASSWORD };
    const { code, stdout, stderr, config } = await checkRoute(
      folder.path,
      login,
      0o644,
    );
    assertEquals(code, 0);
    assertEquals(
      stderr,
      `smtpd: warning: ${config} has a password, and every user of this ` +
        "machine may read it\n",
    );
    assert(!stdout.includes("Everything is in order"));

    const closed = await checkRoute(folder.path, login);
    assertEquals(closed.stderr, "");
    assert(closed.stdout.startsWith("Everything is in order\n"));
  },
);

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
  await put(file, `${PASSWORD}\n`, 0o600);
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
