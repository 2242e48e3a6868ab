/** What the permissions that `smtpd check` names leave to somebody who has got hold of the program. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { permissionFlags } from "../../src/config/permissions.ts";
import {
  command,
  HOST,
  mailFolder,
  runCommand,
  settingsOf,
  unquoted,
} from "../e2e/program.ts";
import { walk } from "../e2e/stored_mail.ts";

/** The flags of a server with everything, and its mail folder. */
function flagsFor(mailDir: string): readonly string[] {
  return unquoted(permissionFlags(settingsOf([
    ...["--host", HOST, "--port", "0", "--mail-dir", mailDir],
    ...["--domain", "test.ru"],
  ])));
}

Deno.test("no settings permit the program to run others, or to load code or libraries", () => {
  const flags = permissionFlags({
    ...settingsOf([
      ...["--domain", "test.ru", "--submission-port", "587"],
      ...["--submissions-port", "465", "--tls-cert", "a.pem"],
      ...["--dnsbl", "bl.test", "--greylist", "1m", "--route", "*=a.test"],
    ]),
  });
  const kinds = flags.map((flag) => flag.replace(/=.*$/s, ""));
  const allowed = [
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-sys",
  ];
  assertEquals(kinds.filter((kind) => !allowed.includes(kind)), []);
  const [sys = "--allow-sys="] = flags.filter((flag) =>
    flag.startsWith("--allow-sys")
  );
  assertMatch(sys, /^--allow-sys=(?:networkInterfaces|statfs|,)*$/);
  for (
    const flag of flags.filter((each) => /^--allow-(?:read|write)/.test(each))
  ) {
    assertMatch(flag, /=./, "every file");
  }
});

Deno.test("the program touches nothing outside of its mail folder", async () => {
  await using folder = await mailFolder();
  const { mailDir, parent } = folder;
  const flags = flagsFor(mailDir);
  const outside = join(parent, "outside");
  await Deno.mkdir(join(outside, ".smtpd"), { recursive: true });
  await Deno.writeTextFile(
    join(outside, ".smtpd", "users"),
    "secret@test.ru\n",
  );
  const before = [...walk(outside)];
  const passwd = Deno.build.os === "windows"
    ? "C:\\Windows\\win.ini"
    : "/etc/passwd";
  for (
    const args of [
      ["user", "list", "--mail-dir", outside],
      ["user", "list", "--mail-dir", join(mailDir, "..", "outside")],
      ["alias", "add", "a@test.ru", "b@test.ru", "--mail-dir", outside],
      ["queue", "list", "--mail-dir", outside],
      ["tls", "self-signed", "--domain", "test.ru", "--mail-dir", outside],
      ["check", "--config", passwd],
      ["check", "--domain", "test.ru", "--tls-cert", passwd],
      ["--domain", "test.ru", "--port", "0", "--mail-dir", outside],
      ["--domain", "test.ru", "--port", "0", "--config", passwd],
    ]
  ) {
    const dir = args.includes("--mail-dir") ? [] : ["--mail-dir", mailDir];
    const { code, out, error } = await runCommand(
      command(flags, [...args, ...dir]),
      "",
    );
    const line = args.join(" ");
    assert(code !== 0, line);
    assert(!/secret|root:/.test(out + error), line);
    assertMatch(out + error, /Requires (?:read|write) access|[Cc]annot/, line);
  }
  assertEquals([...walk(outside)], before);
});
