import { output } from "./programs.ts";
import type { Result } from "./run.ts";

/** Octets that each turn of the benchmark below takes through the framer. */
const OCTETS = 64 * 1024;

const BENCHMARK = "prose, lines of 78";

/** The part of what `deno bench --json` prints that is looked at. */
interface BenchReport {
  readonly benches: readonly {
    readonly results: readonly {
      /** Nanoseconds. */
      readonly ok?: { readonly avg: number };
    }[];
  }[];
}

/** Has `deno bench` time the framer in a process of its own. */
export async function measureFramer(): Promise<Result> {
  const { pathname } = new URL("../core_bench.ts", import.meta.url);
  const text = await output(
    Deno.execPath(),
    ...["bench", "--json", "--no-prompt", "--allow-read"],
    ...["--filter", BENCHMARK, pathname],
  );
  const { benches } = JSON.parse(text) as BenchReport;
  const nanoseconds = benches[0]?.results[0]?.ok?.avg;
  if (nanoseconds === undefined) throw new Error(`No result: ${text}`);
  return { figures: { framed: OCTETS / nanoseconds * 1_000 }, errors: [] };
}
