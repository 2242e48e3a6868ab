/**
 * Plays stories: `deno task simulate [--seeds N] [--from S] [--seed S]`. With `--seed` one story is
 * played and told line by line.
 */
import { parseArgs } from "@std/cli/parse-args";
import { Counts } from "./counts.ts";
import { simulate } from "./simulation.ts";

const flags = parseArgs(Deno.args, { string: ["seeds", "from", "seed"] });
if (flags.seed !== undefined) await tell(Number(flags.seed));
else await playMany(Number(flags.from ?? 1), Number(flags.seeds ?? 1000));

async function tell(seed: number): Promise<void> {
  const { hash, counts, faults } = await simulate(seed, {
    listener: (line) => say(`${line}\n`),
  });
  say(`\n${counts}${faults.join("\n")}\nstory ${hash}\n`);
  if (faults.length > 0) Deno.exitCode = 1;
}

async function playMany(from: number, seeds: number): Promise<void> {
  const all = new Counts();
  for (let seed = from; seed < from + seeds; seed++) {
    const { counts, faults } = await simulate(seed);
    all.addAll(counts);
    all.add("seeds");
    if (faults.length === 0) continue;
    all.add("seeds that failed");
    say(`deno task simulate --seed ${seed}\n`);
    for (const fault of faults) say(`  ${fault}\n`);
    Deno.exitCode = 1;
  }
  say(`${all}`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
