import { output } from "./programs.ts";
import type { Results } from "./report.ts";

/** Writes a summary to a file, `.md`, and all results beside it, `.json`, formatted as the house does. */
export async function save(
  path: string,
  results: Results,
  summary: string,
): Promise<void> {
  const data = path.replace(/(?:\.md)?$/, ".json");
  await Deno.writeTextFile(path, summary);
  await Deno.writeTextFile(data, `${JSON.stringify(results, null, 2)}\n`);
  await output(Deno.execPath(), "fmt", "--quiet", path, data);
}
