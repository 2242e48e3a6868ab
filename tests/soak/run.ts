/**
 * Soaks a server: `deno task soak [MINUTES] [RATE]`, by default for 30 minutes with 50 clients a
 * second. Prints a table, and what it comes to; the exit code is 1 if anything isn't as it should be.
 */
import type { Footprint } from "./process.ts";
import { faultsOf, trendsOf } from "./judge.ts";
import { type Sample, soak } from "./soak.ts";

const [minutes = 30, rate = 50] = Deno.args.map(Number);
const seconds = minutes * 60;
say(
  row([
    "second",
    "files",
    "sockets",
    "threads",
    "RSS",
    "heap",
    "acknow.",
    "pending",
  ]),
);
const soaked = await soak({
  seconds,
  rate,
  every: Math.max(1, seconds / 60),
  seed: Date.now() % 2 ** 31,
  report: (sample) => say(row(cells(sample))),
});

say(
  "\nDone: " +
    [...soaked.done].map(([name, count]) => `${name} ${count}`).join(", "),
);
say(`Acknowledged: ${soaked.acknowledged}, lost: ${soaked.lost.length}`);
say(
  "Warnings: " +
    ([...soaked.warnings].map(([event, count]) => `${event} ${count}`).join(
      ", ",
    ) || "none"),
);
say(`Before the load:     ${shown(soaked.before)}`);
say(`When all was quiet:  ${shown(soaked.after)}\n`);

say(
  "Means of the first and the last third, after a tenth of the time to warm up:",
);
const trends = trendsOf(soaked.samples);
for (const { name, first, last, isFlat } of trends) {
  say(
    `  ${name.padEnd(10)}${first.toFixed(1).padStart(8)}${
      last.toFixed(1).padStart(8)
    }  ${isFlat ? "flat" : "RISING"}`,
  );
}
const faults = faultsOf(soaked);
faults.slice(0, 50).forEach((fault) => say(fault));
const fine = faults.length === 0 && trends.every(({ isFlat }) => isFlat);
say(fine ? "All is as it was" : "Something is not as it was");
Deno.exit(fine ? 0 : 1);

function cells(
  { second, files, sockets, threads, resident, heap, ...mail }: Sample,
): readonly string[] {
  return [
    ...[second, files, sockets, threads].map(String),
    ...[resident.toFixed(1), heap?.toFixed(1) ?? ""],
    ...[mail.acknowledged, mail.pending].map(String),
  ];
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(9)).join("");
}

function shown({ files, sockets, threads, resident, heap }: Footprint): string {
  return `${files} files, ${sockets} sockets, ${threads} threads, ${
    resident.toFixed(1)
  } MiB resident, ${heap?.toFixed(1) ?? "?"} MiB of heap`;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
