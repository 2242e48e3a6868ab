/**
 * Kills the server for as long as is wanted: `deno task crash [ROUNDS] [SEED]`, by default 300 times from
 * a seed that the clock gives. A failure says the seed of its 20 rounds: `deno task crash 20 SEED`
 * makes the same ones, though not at the very same moments.
 */
import type { Counts } from "./audit.ts";
import { season } from "./season.ts";

const [rounds = 300, first = Date.now() % 2 ** 31] = Deno.args.map(Number);
const SEASON = 20;
const WORDS: Readonly<Record<string, string>> = {
  acknowledged: "messages acknowledged",
  local: "copies in mailboxes here",
  remote: "copies at another server",
  reports: "reports of failure",
  repeated: "copies sent again after a kill",
} satisfies Record<keyof Counts, string>;
const totals = new Map<string, number>();

say(`${rounds} kills from seed ${first}\n`);
for (let done = 0; done < rounds; done += SEASON) {
  const seed = first + done / SEASON;
  const store = seed % 4 === 0 ? "mbox" : "maildir";
  try {
    const counts = await season({
      ...{ seed, store },
      rounds: Math.min(SEASON, rounds - done),
    });
    for (const [name, count] of Object.entries(counts)) {
      totals.set(name, (totals.get(name) ?? 0) + count);
    }
  } catch (cause) {
    say(`\nSeed ${seed} (${store}): ${cause}\n`);
    Deno.exit(1);
  }
  say(".");
}
say("\nEvery promise was kept:\n");
for (const [name, count] of totals) {
  say(`${count.toLocaleString("en-US").padStart(9)} ${WORDS[name] ?? name}\n`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
