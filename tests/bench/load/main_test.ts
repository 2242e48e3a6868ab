import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import manifest from "../../../deno.json" with { type: "json" };
import { has } from "../../e2e/programs.ts";
import { temporaryFolder } from "../../queue/fakes.ts";
import type { Measure } from "./measures.ts";
import type { Results } from "./report.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Runs the task `bench:load` as `deno task` does. */
async function bench(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  const [, ...task] = manifest.tasks["bench:load"].command.split(" ");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...task, ...args],
    cwd: ROOT,
    stdin: "null",
    stderr: "inherit",
  }).output();
  return { code, out: new TextDecoder().decode(stdout) };
}

Deno.test({
  name: "bench:load measures our program, prints and saves what it found",
  ignore: Deno.build.os !== "linux" || !has("smtp-source") || !has("smtp-sink"),
  async fn() {
    await using folder = await temporaryFolder();
    const summary = join(folder.path, "summary.md");
    const workloads = ["delivered", "relayed", "tls", "recipients", "hour"];
    const { code, out } = await bench(
      ...["--rounds", "1", "--messages", "12", "--peers", "none"],
      ...["--only", workloads.join(","), "--save", summary],
    );
    assertEquals(code, 0, out);
    const text = await Deno.readTextFile(join(folder.path, "summary.json"));
    const { runs } = JSON.parse(text) as Results;
    assertEquals(runs.map(({ workload }) => workload), workloads);
    for (const { workload, figures, errors } of runs) {
      assertEquals(errors, []);
      const measured: readonly Measure[] = workload === "hour"
        ? ["residentEarly", "residentLate"]
        : ["accepted", "peak"];
      for (const measure of measured) assert(figures[measure]! > 0, measure);
    }
    assert(out.includes("\nPart 12 of 12: "), out);
    const markdown = await Deno.readTextFile(summary);
    for (const name of workloads) {
      assert(out.includes(`\n${name}: `), out);
      assert(markdown.includes(`\n## ${name}\n`), markdown);
    }
  },
});

Deno.test("bench:load says what is wrong with its flags", async () => {
  const { code, out } = await bench("--only", "everything");
  assertEquals(code, 2);
  assert(out.startsWith("bench:load: --only everything: unknown; "), out);
});
