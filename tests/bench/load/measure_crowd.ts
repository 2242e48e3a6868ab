import { startGenerator } from "./generator_process.ts";
import type { Running, Site } from "./peer.ts";
import { usage } from "./processes.ts";
import type { Result } from "./run.ts";

/** Sessions that come and go before those that are counted. */
const WARM_UP = 200;

/** Milliseconds that a server is given to come to rest before its memory is read. */
const REST = 2_000;

/** Measures the memory of as many idle sessions as the site is made for. */
export async function measureCrowd(
  { pid }: Running,
  { port, sessions }: Site,
): Promise<Result> {
  await using generator = startGenerator();
  await generator.carryOut({ kind: "crowd", port, sessions: WARM_UP });
  await generator.carryOut({ kind: "crowd", port, sessions: 0 });
  await rest();
  const before = usage(pid);
  const { errors } = await generator.carryOut({
    kind: "crowd",
    port,
    sessions,
  });
  await rest();
  const after = usage(pid);
  return {
    figures: {
      session: (after.resident - before.resident) / 1024 / sessions,
      peak: after.peak / 1024 / 1024,
    },
    errors,
  };
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}
