import { assert, assertMatch } from "@std/assert";
import { helpText, VERSION } from "../../src/config/help.ts";

Deno.test("helpText() fits 80 columns and leaves no space at the end of a line", () => {
  const usage = {
    synopsis: "user add ADDRESS",
    help: "word ".repeat(40).trim(),
  };
  for (const line of helpText([usage]).split("\n")) {
    assert(line.length <= 80, line);
    assert(line === line.trimEnd(), line);
  }
});

Deno.test("VERSION is that of the manifest", () => {
  assertMatch(VERSION, /^\d+\.\d+\.\d+$/);
});
