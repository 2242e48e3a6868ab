/** What the executables are made of. */

import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

const TARGETS: Readonly<Record<string, string>> = {
  "x86_64-pc-windows-msvc": "dist/smtpd-windows-x64",
  "aarch64-pc-windows-msvc": "dist/smtpd-windows-arm64",
  "x86_64-unknown-linux-gnu": "dist/smtpd-linux-x64",
  "aarch64-unknown-linux-gnu": "dist/smtpd-linux-arm64",
  "x86_64-apple-darwin": "dist/smtpd-macos-x64",
  "aarch64-apple-darwin": "dist/smtpd-macos-arm64",
};

const { compile, "compile:all": compileAll } = manifest.tasks;

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** What lets a server see which DNS servers Windows has, and `smtpd check` how full the disk is. */
const SYSTEM = "--allow-sys=networkInterfaces,statfs";

Deno.test("executables may use the network and files, and see little else", () => {
  for (const { command } of [compile, compileAll]) {
    const granted = [...command.matchAll(/(?:^|')deno compile ([^'&]*)/g)]
      .map(([, flags]) => flags!.match(/--(?:allow|no-prompt)\S*|-[A-Z]\b/g));
    assertEquals(granted, [
      ["--no-prompt", "--allow-net", "--allow-read", "--allow-write", SYSTEM],
    ]);
  }
});

Deno.test("each system has an executable", () => {
  const made = compileAll.command
    .matchAll(/--target (\S+) --output (\S+) main\.ts/g)
    .map(([, target, output]) => [target, output]);
  assertEquals(Object.fromEntries(made), TARGETS);
});

Deno.test("README names every executable", () => {
  const readme = read("README.md");
  for (const output of Object.values(TARGETS)) {
    const name = output.replace("dist/", "");
    const file = name.includes("windows") ? `${name}.exe` : name;
    assert(readme.includes(`\`${file}\``), file);
  }
});

Deno.test("a release is checked and tested on every kind of system", () => {
  const workflow = read(".github/workflows/release.yml");
  assert(workflow.includes("[ubuntu-latest, windows-latest, macos-latest]"));
  const tasks = workflow.matchAll(/npx -y deno@\S+ task (\S+)/g)
    .map(([, task]) => task);
  assertEquals([...tasks], ["check", "test", "compile:all"]);
});
