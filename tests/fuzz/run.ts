/**
 * Fuzzes for as long as is wanted: `deno task fuzz [TRIES] [SEED]`, by default 100,000 tries from a
 * seed that the clock gives. A try that fails says its seed; `deno task fuzz 1 SEED` makes it again.
 */
import { clientSides } from "./dialogues.ts";
import { fuzzer } from "./fuzz.ts";

const [tries = 100_000, first = Date.now() % 2 ** 31] = Deno.args.map(Number);
const fuzz = fuzzer(clientSides());
say(`${tries} tries from seed ${first}\n`);
for (let seed = first; seed < first + tries; seed++) fuzz(seed);
say("Nothing found\n");

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
