/** Whether every test that SECURITY.md names is there. */
import { assert } from "@std/assert";
import { TARGETS } from "../fuzz/targets.ts";

const ROOT = new URL("../../", import.meta.url);

/** The last cell of each row of claims. */
function heldBy(page: string): readonly string[] {
  return page.split("\n")
    .filter((line) =>
      line.startsWith("| ") && !/^\| (?:Claim|Input|-)/.test(line)
    )
    .map((line) => line.split(" | ").at(-1)!.replace(/ *\|$/, ""));
}

/** Names of the dialogues that a pattern stands for. */
function dialogues(pattern: string): readonly string[] {
  const known = new RegExp(
    `^${RegExp.escape(pattern).replaceAll("\\*", ".*")}\\.smtp$`,
  );
  return [...Deno.readDirSync(new URL("tests/transcripts/", ROOT))]
    .map(({ name }) => name).filter((name) => known.test(name));
}

function isThere(test: string): boolean {
  const [, place = "", words = ""] = /^`(.+?)`(?: (.+))?$/.exec(test) ?? [];
  const [kind, name = ""] = place.split(/[ /](.*)/s);
  if (place.startsWith("fuzz ")) {
    return TARGETS.some((target) => target.name === name);
  }
  if (kind === "transcripts") return dialogues(name).length > 0;
  const source = Deno.readTextFileSync(new URL(`tests/${place}.ts`, ROOT));
  return words !== "" && testNames(source).some((name) => name.includes(words));
}

/** The names of a file's tests, what is put into them while they are made left as it stands. */
function testNames(source: string): readonly string[] {
  return [...source.matchAll(/(?:\btest\(|\bname:)\s*(["`])(.*?)\1/gs)]
    .map(([, , name]) => name!.replace(/\s+/g, " "));
}

Deno.test("every claim in SECURITY.md names tests, and these are there", () => {
  const rows = heldBy(Deno.readTextFileSync(new URL("SECURITY.md", ROOT)));
  assert(rows.length > 35, `${rows.length} claims`);
  for (const row of rows) {
    for (const test of row.split("; ")) assert(isThere(test.trim()), test);
  }
});

Deno.test("every kind of input that is fuzzed is named in SECURITY.md or is part of another", () => {
  const page = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));
  const parts = ["address", "networks", "tables", "rows"];
  for (const { name } of TARGETS) {
    assert(parts.includes(name) || page.includes(`\`fuzz ${name}\``), name);
  }
});
