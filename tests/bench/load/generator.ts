/**
 * The project's own load generator, a process of its own: reads plans, a line of JSON each, does
 * what they say, and prints the outcome of each. A crowd stands until the next plan or the end.
 */
import { type Crowd, gather } from "./crowd.ts";
import { linesOf } from "./lines.ts";
import type { Outcome, Plan } from "./plan.ts";
import { send } from "./sender.ts";

let crowd: Crowd | undefined;
for await (const line of linesOf(Deno.stdin.readable)) {
  crowd?.[Symbol.dispose]();
  crowd = undefined;
  tell(await carryOut(JSON.parse(line) as Plan));
}
crowd?.[Symbol.dispose]();

async function carryOut(plan: Plan): Promise<Outcome> {
  switch (plan.kind) {
    case "send":
      return await send(plan);
    case "crowd":
      crowd = await gather(plan);
      return crowd.outcome;
    default:
      return plan satisfies never;
  }
}

function tell(outcome: Outcome): void {
  const line = new TextEncoder().encode(`${JSON.stringify(outcome)}\n`);
  for (let told = 0; told < line.length;) {
    told += Deno.stdout.writeSync(line.subarray(told));
  }
}
