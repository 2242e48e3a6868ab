/**
 * Golden cases: a folder each, with `cmd` (a command per line, run one after another), what all of
 * them print in `stdout` and `stderr`, the last exit code in `code`, and in `stdin` what each of
 * them hears. A file that isn't there is empty. `MAIL` stands for a mail folder of its own, which
 * starts with what the case has in `mail`, and `CASE` for the folder of the case.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../src/cli/run.ts";
import { scriptedTerminal } from "./scripted_terminal.ts";

const CASES = new URL("./", import.meta.url);

for (const { name, isDirectory } of Deno.readDirSync(CASES)) {
  if (!isDirectory || name.startsWith("__")) continue;
  Deno.test(`run() plays ${name}`, async () => {
    const folder = new URL(`${name}/`, CASES);
    const here = join(fileURLToPath(CASES), name);
    const mail = await Deno.makeTempDir();
    try {
      if (existsSync(join(here, "mail"))) copyFolder(join(here, "mail"), mail);
      const terminal = scriptedTerminal({ stdin: textOf(folder, "stdin") });
      let code = 0;
      for (const line of textOf(folder, "cmd").trimEnd().split("\n")) {
        const real = line.replaceAll("MAIL", mail).replaceAll("CASE", here);
        code = await run(words(real), terminal);
      }
      const masked = (text: string) =>
        text.replaceAll(mail, "MAIL").replaceAll(here, "CASE");
      assertEquals(masked(terminal.stdout), textOf(folder, "stdout"));
      assertEquals(masked(terminal.stderr), textOf(folder, "stderr"));
      assertEquals(`${code}\n`, textOf(folder, "code"));
    } finally {
      await Deno.remove(mail, { recursive: true });
    }
  });
}

Deno.test("run() prints the help", async (t) => {
  const terminal = scriptedTerminal();
  assertEquals(await run(["--help"], terminal), 0);
  await t.assertSnapshot(terminal.stdout);
});

Deno.test("run() prints the help wherever it is asked for", async () => {
  const [plain, other] = [scriptedTerminal(), scriptedTerminal()];
  await run(["--help"], plain);
  assertEquals(await run(["user", "add", "-h", "--prot"], other), 0);
  assertEquals(other.stdout, plain.stdout);
});

Deno.test("run() prints the version", async () => {
  const terminal = scriptedTerminal();
  assertEquals(await run(["--version"], terminal), 0);
  assertMatch(terminal.stdout, /^smtpd \d+\.\d+\.\d+\n$/);
});

Deno.test("run() says of a failure where it came from only when asked", async () => {
  const path = await Deno.makeTempFile();
  try {
    // A file where the mail folder should be.
    const args = ["alias", "add", "a@test.ru", "b@test.ru", "--mail-dir", path];
    const plain = scriptedTerminal();
    assertEquals(await run(args, plain), 1);
    assertEquals(plain.stderr.split("\n").length, 2, plain.stderr);
    const debug = scriptedTerminal();
    assertEquals(await run([...args, "--log-level", "debug"], debug), 1);
    assert(debug.stderr.includes("\n    at "), debug.stderr);
  } finally {
    await Deno.remove(path);
  }
});

function textOf(folder: URL, name: string): string {
  try {
    return Deno.readTextFileSync(new URL(name, folder));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "";
    throw cause;
  }
}

/** Copies what is in a folder, with rights of its own: those in the checkout are anybody's. */
function copyFolder(from: string, to: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) {
      Deno.mkdirSync(target, { mode: 0o700 });
      copyFolder(source, target);
    } else {
      const text = Deno.readTextFileSync(source);
      Deno.writeTextFileSync(target, text, { mode: 0o600 });
    }
  }
}

/** A line as a shell would take it apart, with double quotes only. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)]
    .map(([word, quoted]) => quoted ?? word)
    .filter((word, index) => index > 0 || word !== "smtpd");
}
