import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { WrongUse } from "../../src/cli/terminal.ts";
import { tls } from "../../src/cli/tls.ts";
import {
  readCertificateFiles,
  usableCertificate,
} from "../../src/net/certificate_files.ts";
import { disk } from "../../src/system/disk.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { scriptedTerminal } from "./scripted_terminal.ts";

/** Where a certificate is made. */
function filesIn(mailDir: string) {
  const folder = join(mailDir, ".smtpd", "tls");
  return { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
}

/** The names of the certificate there, if a server can use it. */
async function namesIn(mailDir: string): Promise<readonly string[]> {
  const files = await readCertificateFiles(filesIn(mailDir), disk);
  return (await usableCertificate(files, Date.now())).names;
}

Deno.test("tls() makes a certificate that a server can use, and says how", async () => {
  await using folder = await temporaryFolder();
  const mailDir = join(folder.path, "mail");
  const terminal = scriptedTerminal();
  const args = [
    "self-signed",
    "--hostname",
    "MX.test.ru",
    "--domain",
    "test.ru",
  ];
  assertEquals(
    await tls(
      [...args, "--domain", "почта.рф", "--mail-dir", mailDir],
      terminal,
    ),
    0,
  );
  const names = ["mx.test.ru", "test.ru", "xn--80a1acny.xn--p1ai", "localhost"];
  assertEquals(await namesIn(mailDir), names);
  const { cert, key } = filesIn(mailDir);
  const [made, flags, ...more] = terminal.stdout.trimEnd().split("\n");
  assertMatch(
    made!,
    /^Made a certificate for mx\.test\.ru, .*, localhost, until \d{4}-\d\d-\d\d$/,
  );
  assertEquals(
    flags,
    `Flags to use it: --tls-cert "${cert}" --tls-key "${key}"`,
  );
  assertEquals(more, [
    "It is good for tests: no client trusts it before it is told to trust cert.pem.",
    "For the internet, get one that clients trust already, such as Let's Encrypt's.",
  ]);
});

Deno.test("tls() names each name once", async () => {
  await using folder = await temporaryFolder();
  const args = ["self-signed", "--mail-dir", folder.path];
  const names = ["--hostname", "localhost", "--domain", "localhost"];
  await tls([...args, ...names], scriptedTerminal());
  assertEquals(await namesIn(folder.path), ["localhost"]);
});

Deno.test({
  name: "tls() lets nobody else read the key",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await tls(["self-signed", "--mail-dir", folder.path], scriptedTerminal());
    const { mode } = await Deno.stat(filesIn(folder.path).key);
    assertEquals(mode! & 0o777, 0o600);
  },
});

Deno.test("tls() replaces no certificate and no key, unless it must", async () => {
  await using folder = await temporaryFolder();
  const args = ["self-signed", "--mail-dir", folder.path];
  await tls(args, scriptedTerminal());
  const { cert, key } = filesIn(folder.path);
  const texts = () =>
    Promise.all([cert, key].map((path) => Deno.readTextFile(path)));
  const before = await texts();
  const again = () => tls(args, scriptedTerminal());
  await assertRejects(again, Error, `"${cert}" is there already`);
  assertEquals(await texts(), before);
  await Deno.remove(cert);
  await assertRejects(again, Error, `"${key}" is there already`);

  await tls([...args, "--force"], scriptedTerminal());
  const after = await texts();
  assert(after.every((text, index) => text !== before[index]));
  assertEquals(await namesIn(folder.path), ["localhost"]);
});

Deno.test("tls() needs no more than the mail folder", async () => {
  await using folder = await temporaryFolder();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check"],
      ...[`--allow-read=${folder.path}`, `--allow-write=${folder.path}`],
      ...["main.ts", "tls", "self-signed", "--mail-dir", folder.path],
    ],
    cwd: new URL("../../", import.meta.url),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  assertEquals(await namesIn(folder.path), ["localhost"]);
});

Deno.test("tls() says what it takes", async () => {
  for (
    const [args, line] of [
      [[], "no action given, needs one of self-signed"],
      [
        ["selfsigned"],
        '"selfsigned": unknown action; did you mean self-signed?',
      ],
      [
        ["self-signed", "x"],
        "usage: smtpd tls self-signed [--hostname NAME] [--domain NAME]… [--force]",
      ],
      [["self-signed", "--domain", "a b"], "--domain: "],
    ] as const
  ) {
    const { problems } = await assertRejects(
      () => tls(args, scriptedTerminal()),
      WrongUse,
    );
    assertEquals(problems.length, 1);
    assert(problems[0]!.startsWith(line), problems[0]);
  }
});
