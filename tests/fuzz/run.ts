/**
 * Fuzzes for as long as is wanted: `deno task fuzz [TRIES] [SEED] [--target NAME]`, by default 10,000
 * tries of every target from a seed that the clock gives. A try that fails says how to make it again.
 */
import { parseArgs } from "@std/cli/parse-args";
import { TARGETS } from "./targets.ts";
import { tryOut } from "./target.ts";

const { _: [tries = 10_000, first = Date.now() % 2 ** 31], target } = parseArgs(
  Deno.args,
  { string: ["target"] },
) as { readonly _: readonly number[]; readonly target?: string };

const chosen = TARGETS.filter(({ name }) => (target ?? name) === name);
if (chosen.length === 0) {
  say(
    `There is no target ${target}, only ${
      TARGETS.map(({ name }) => name).join(", ")
    }\n`,
  );
  Deno.exit(2);
}
for (const each of chosen) {
  say(`${each.name}: ${tries} tries from seed ${first}: `);
  const begin = performance.now();
  await tryOut(each, { first, tries });
  const seconds = (performance.now() - begin) / 1000;
  say(`nothing found, ${Math.round(tries / seconds)} a second\n`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
