/** What others have written of the program: little, and just what was looked at. */
import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

const lock = JSON.parse(Deno.readTextFileSync(new URL("deno.lock", ROOT)));

/** The packages, with their exact versions. */
const PACKAGES = ["@logtape/logtape@2.4.2", "deno-std@1.3.1"];

Deno.test("everything from elsewhere is pinned to a version and to its contents", () => {
  const wanted = Object.values(manifest.imports).map((specifier) => {
    const [, name] = /^npm:((?:@[^/]+\/)?[^/@]+@\d+\.\d+\.\d+)(?:\/|$)/
      .exec(specifier) ?? [];
    assert(name !== undefined, `${specifier} has no exact version`);
    return name!;
  });
  assertEquals([...new Set(wanted)].sort(), PACKAGES);
  const locked: Readonly<Record<string, { readonly integrity: string }>> =
    lock.npm;
  assertEquals(Object.keys(locked).sort(), PACKAGES);
  for (const [name, { integrity }] of Object.entries(locked)) {
    const [algorithm, digest = ""] = integrity.split(/-(.*)/s);
    assertEquals(algorithm, "sha512", name);
    assertEquals(Uint8Array.fromBase64(digest).length, 64, name);
  }
  // Nothing else, from anywhere.
  assertEquals(Object.keys(lock).sort(), [
    "npm",
    "specifiers",
    "version",
    "workspace",
  ]);
});

Deno.test("what is released and what CI runs is held to the lock file", () => {
  const { tasks } = manifest;
  for (const task of ["test", "check", "compile", "compile:all"] as const) {
    assert(tasks[task].command.includes("--frozen"), task);
  }
});

Deno.test("the program imports nothing by address, and no package but by its name in deno.json", async () => {
  const known = Object.keys(manifest.imports);
  const wrong: string[] = [];
  for await (const path of sources("src")) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    // What is imported while it runs can't be told here: there is none.
    if (/^(?! \*).*\bimport\(/m.test(text)) wrong.push(`${path}: import()`);
    const imports = /^(?:import|export)\s+(?:[^;"]*?\s+from\s+)?"([^"]+)"/gm;
    for (const [, name] of text.matchAll(imports)) {
      const ours = /^\.{1,2}\//.test(name!) || name!.startsWith("node:");
      if (!ours && !known.includes(name!)) wrong.push(`${path}: ${name}`);
    }
  }
  assertEquals(wrong, []);
});

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts")) yield path;
  }
}
