import { HOST } from "./host.ts";
import { linesOf } from "./lines.ts";
import type { Outcome, Plan } from "./plan.ts";

/** Our generator as a process. Disposing of it ends what it still does, and waits for its end. */
export interface Generator extends AsyncDisposable {
  /** Has a plan carried out, after the one before. */
  carryOut(plan: Plan): Promise<Outcome>;
}

/** Starts a generator. It stays warm from one plan to the next. */
export function startGenerator(): Generator {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", `--allow-net=${HOST}`],
      "--unsafely-ignore-certificate-errors",
      new URL("generator.ts", import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const plans = process.stdin.getWriter();
  const outcomes = linesOf(process.stdout);
  return {
    async carryOut(plan) {
      await plans.write(new TextEncoder().encode(`${JSON.stringify(plan)}\n`));
      const { value, done } = await outcomes.next();
      if (done) throw new Error("The generator ended");
      return JSON.parse(value) as Outcome;
    },
    async [Symbol.asyncDispose]() {
      // Where it has ended already, so has its input.
      await plans.close().catch(() => {});
      await outcomes.return(undefined);
      await process.status;
    },
  };
}
